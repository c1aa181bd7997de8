"""The segments of a JPEG, walked by ourselves: its size, and a copy without the metadata that nobody asked for."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from seedflow.errors import ImageError

_EXIF = b"Exif\x00\x00"
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END, _COMMENT, _EXIF_SEGMENT = 0xDA, 0xD9, 0xFE, 0xE1
_ODD = _ALONE | {_SCAN, _END, 0xFF}
"""What is no head of four bytes: markers that stand alone, the last ones, and a byte that fills."""
# JFIF and Adobe's note on colours; every other application's segment is metadata.
_KEPT_APPLICATIONS = frozenset({0xE0, 0xEE})
_METADATA = (frozenset(range(0xE0, 0xF0)) | {_COMMENT}) - _KEPT_APPLICATIONS


class _Segment(NamedTuple):
    """One segment before the first scan: its marker, where its length field stands, and that length."""

    marker: int
    at: int
    length: int


def read_jpeg_size(file: BinaryIO) -> tuple[int, int]:
    """Width and height by the first frame header; what lies before it is skipped, not read.

    Raises:
        ImageError: of kind `cut` or `not-an-image`.
    """
    for segment in _walk(file):
        if segment.marker in _FRAMES:
            _, height, width = struct.unpack(">BHH", _read_exactly(file, 5))
            return width, height
    raise ImageError("the file starts like a JPEG but has no JPEG header", kind="not-an-image")


def copy_without_metadata(file: BinaryIO) -> tuple[io.BytesIO, bytes]:
    """The picture alone, in memory, and the raw EXIF block (empty when there is none).

    Pillow reads a JPEG's EXIF when it opens it, and prints warnings about a broken one; it also takes some files for
    several pictures by their metadata. Without these segments it does neither. The picture's own bytes are untouched.

    Raises:
        ImageError: of kind `cut` or `not-an-image`.
    """
    copy, exif, end = io.BytesIO(b"\xff\xd8"), b"", 2
    copy.seek(2)
    for segment in _walk(file):
        data = _read_exactly(file, segment.length - 2)
        end = segment.at + segment.length
        if segment.marker == _EXIF_SEGMENT and data.startswith(_EXIF) and not exif:
            exif = data
        if segment.marker not in _METADATA:
            copy.write(struct.pack(">BBH", 0xFF, segment.marker, segment.length) + data)
    file.seek(end)
    copy.write(file.read())
    copy.seek(0)
    return copy, exif


def _walk(file: BinaryIO) -> Iterator[_Segment]:
    """The segments up to the first scan; the file stands at a segment's data when it is given, and may be left anywhere."""
    at = 2
    while True:
        file.seek(at)
        head = file.read(4)  # all of a segment's head, where nothing is odd about it
        if len(head) == 4 and head[0] == 0xFF and head[1] not in _ODD:
            length = int.from_bytes(head[2:], "big")
            if length < 2:
                raise ImageError("the JPEG's header is damaged", kind="not-an-image")
            yield _Segment(head[1], at + 2, length)
            at += 2 + length
            continue
        file.seek(at)
        marker = _next_marker(file)
        if marker in _ALONE:
            at = file.tell()
            continue
        if marker in {_SCAN, _END}:
            return
        at = file.tell()
        length = int.from_bytes(_read_exactly(file, 2), "big")
        if length < 2:
            raise ImageError("the JPEG's header is damaged", kind="not-an-image")
        yield _Segment(marker, at, length)
        at += length


def _next_marker(file: BinaryIO) -> int:
    if _read_exactly(file, 1) != b"\xff":
        raise ImageError("the JPEG's header is damaged", kind="not-an-image")
    while (marker := _read_exactly(file, 1)[0]) == 0xFF:
        pass
    return marker


def _read_exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ImageError("the JPEG ends inside its header", kind="cut")
    return data
