"""Small JPEGs of one colour, written by hand: valid, distinct, and made in microseconds.

One colour means that every 8 × 8 block after the first differs from the one before by nothing. With the Huffman tables
below "nothing" is coded as nine zero bits for the three components, so a scan is one short number and zero bytes.
"""

from __future__ import annotations

import struct
from functools import lru_cache

_LONGEST_SIDE_PX = 96
_QUANTUM = 8
_COMMENT_MAX_BYTES = 65_533
_SEGMENT_HEAD_BYTES = 4
_BLOCK_PX = 8
_BITS_PER_EQUAL_BLOCKS = 9
# Lengths of codes 1 to 16, then the symbols: the standard's table for luminance DC, and an AC table that can only say "end".
_DC_LENGTHS = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
_DC_SYMBOLS = bytes(range(12))
_DC_CODES = (
    "00",
    "010",
    "011",
    "100",
    "101",
    "110",
    "1110",
    "11110",
    "111110",
    "1111110",
    "11111110",
    "111111110",
)
_AC_LENGTHS = bytes([1] + [0] * 15)
_AC_SYMBOLS = bytes([0])
_END_OF_BLOCK = "0"


def shrink(width_px: int, height_px: int) -> tuple[int, int]:
    """A small size in the same shape, within half a pixel."""
    scale = _LONGEST_SIDE_PX / max(width_px, height_px)
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def encode_flat_jpeg(
    width_px: int, height_px: int, color: tuple[int, int, int], comment: bytes, fill_bytes: int = 0
) -> bytes:
    """A JPEG of one colour.

    Args:
        width_px: at most 65,535.
        height_px: at most 65,535.
        color: Y, Cb and Cr, 0 to 255 each.
        comment: at most 65,533 bytes that make it a file of its own.
        fill_bytes: further comments make it about this large.
    """
    parts = [b"\xff\xd8", _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")]
    parts.append(_segment(0xFE, comment))
    frame = struct.pack(">BHHB", 8, height_px, width_px, 3) + b"".join(
        bytes([component, 0x11, 0]) for component in (1, 2, 3)
    )
    scan = b"\x03" + b"".join(bytes([component, 0x00]) for component in (1, 2, 3)) + b"\x00\x3f\x00"
    parts += [
        _segment(0xDB, b"\x00" + bytes([_QUANTUM] * 64)),
        _segment(0xC0, frame),
        _segment(0xC4, b"\x00" + _DC_LENGTHS + _DC_SYMBOLS),
        _segment(0xC4, b"\x10" + _AC_LENGTHS + _AC_SYMBOLS),
        _segment(0xDA, scan),
        _encode_scan(width_px, height_px, color),
        b"\xff\xd9",
    ]
    parts.insert(2, _build_filling(fill_bytes - sum(map(len, parts))))
    return b"".join(parts)


@lru_cache(maxsize=16)
def _build_filling(size_bytes: int) -> bytes:
    """Comments of zeros that are `size_bytes` long together, or nothing if that is too short for one."""
    parts = []
    while size_bytes > _SEGMENT_HEAD_BYTES:
        length = min(size_bytes - _SEGMENT_HEAD_BYTES, _COMMENT_MAX_BYTES)
        parts.append(_segment(0xFE, bytes(length)))
        size_bytes -= _SEGMENT_HEAD_BYTES + length
    return b"".join(parts)


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _encode_scan(width_px: int, height_px: int, color: tuple[int, int, int]) -> bytes:
    columns, rows = -(-width_px // _BLOCK_PX), -(-height_px // _BLOCK_PX)
    first = "".join(_encode_level(level - 128) + _END_OF_BLOCK for level in color)
    length = len(first) + _BITS_PER_EQUAL_BLOCKS * (columns * rows - 1)
    padding = -length % 8
    number = (int(first, 2) << (length - len(first) + padding)) | ((1 << padding) - 1)
    return number.to_bytes((length + padding) // 8, "big").replace(b"\xff", b"\xff\x00")


def _encode_level(level: int) -> str:
    """A first coefficient: its size in bits as a code, then its bits, negative ones as the complement."""
    size = abs(level).bit_length()
    if size == 0:
        return _DC_CODES[0]
    return _DC_CODES[size] + format(level if level > 0 else level + (1 << size) - 1, f"0{size}b")
