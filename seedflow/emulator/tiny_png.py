"""Small PNGs of one colour, written by hand: valid, distinct, and made in microseconds."""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE_OF_ONE_BIT = (1, 3, 0, 0, 0)
"""Bit depth, colour type, compression, filter, interlace."""
_CHUNK_BYTES = 12
"""Length, type and checksum of a chunk."""
_KEYWORD = b"Comment\x00"
_FILLING = b"fiLl"
"""A private chunk: readers pass over it."""


def encode_flat_png(
    width_px: int, height_px: int, color: tuple[int, int, int], comment: bytes, fill_bytes: int = 0
) -> bytes:
    """A PNG of one colour.

    Args:
        width_px: at least 1.
        height_px: at least 1.
        color: red, green and blue, 0 to 255 each.
        comment: Latin-1 text that makes it a file of its own.
        fill_bytes: a private chunk makes it about this large.
    """
    rows = bytes((1 + -(-width_px // 8)) * height_px)
    parts = [
        _SIGNATURE,
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width_px, height_px, *_PALETTE_OF_ONE_BIT)),
        _chunk(b"PLTE", bytes(color)),
        _chunk(b"tEXt", _KEYWORD + comment),
        _chunk(b"IDAT", zlib.compress(rows, 1)),
        _chunk(b"IEND", b""),
    ]
    missing = fill_bytes - sum(map(len, parts)) - _CHUNK_BYTES
    if missing > 0:
        parts.insert(-2, _chunk(_FILLING, bytes(missing)))
    return b"".join(parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
