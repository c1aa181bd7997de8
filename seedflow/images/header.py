"""What the first bytes of a file say: its format and size, read by ourselves before any decoder sees it.

Nothing here allocates by what a header claims. Works on an open file, in any thread.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from seedflow.errors import ImageError
from seedflow.images.facts import ImageFormat
from seedflow.images.jpeg import read_jpeg_size

MAX_PIXELS = 40_000_000
"""The largest picture of the models at hand has 17 million."""
MAX_BYTES = 64 * 1024 * 1024

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_JPEG_MAGIC = b"\xff\xd8\xff"
_HEAD_BYTES = 32
_PIECE_BYTES = 1 << 20

_OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"8BPS", "a Photoshop file"),
    (b"%PDF", "a PDF"),
    (b"%!PS", "a PostScript file"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"{", "a JSON text"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
)
_HEIF_BRANDS: dict[bytes, str] = {
    b"avif": "an AVIF",
    b"avis": "an AVIF",
    b"heic": "a HEIC",
    b"heix": "a HEIC",
    b"mif1": "a HEIF",
}

_WEBP_ANIMATION = 0x02


@dataclass(frozen=True, slots=True)
class Header:
    """What a file claims to be."""

    format: ImageFormat
    width_px: int
    height_px: int
    animated: bool = False


def read_header(file: BinaryIO, size_bytes: int, formats: Collection[ImageFormat]) -> Header:
    """The header of an image of one of these formats, within our limits of bytes and pixels.

    Raises:
        ImageError: anything else; `kind` is `not-an-image`, `format`, `cut` or `too-large`.
    """
    if size_bytes == 0:
        raise ImageError("the file is empty", kind="not-an-image")
    if size_bytes > MAX_BYTES:
        raise ImageError(
            f"the file has {size_bytes / 2**20:.0f} MiB, and at most {MAX_BYTES // 2**20} MiB are accepted",
            kind="too-large",
            help="make the file smaller",
        )
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    found = sniff_format(head)
    if found is None or found not in formats:
        raise _refuse(head, found, formats)
    match found:
        case ImageFormat.PNG:
            header = _read_png(file, head, size_bytes)
        case ImageFormat.JPEG:
            header = Header(ImageFormat.JPEG, *read_jpeg_size(file))
        case ImageFormat.WEBP:
            header = _read_webp(head, size_bytes)
    if header.width_px < 1 or header.height_px < 1:
        raise ImageError(f"the {_NAMES[found]} says that it has no pixels", kind="not-an-image")
    if header.width_px * header.height_px > MAX_PIXELS:
        raise ImageError(
            f"the picture is {header.width_px}×{header.height_px} px, and at most {MAX_PIXELS // 10**6} million pixels"
            " are accepted",
            kind="too-large",
            help="make the picture smaller",
        )
    if header.animated:
        raise ImageError(
            f"the {_NAMES[found]} is animated, and a still picture was expected",
            kind="format",
            help="give a picture of one frame",
        )
    return header


def sniff_format(head: bytes) -> ImageFormat | None:
    """The format by magic bytes alone; 12 bytes are enough."""
    if head.startswith(_JPEG_MAGIC):
        return ImageFormat.JPEG
    if head.startswith(_PNG_MAGIC):
        return ImageFormat.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ImageFormat.WEBP
    return None


def check_whole(file: BinaryIO, size_bytes: int, image_format: ImageFormat) -> None:
    """Look at what a decoder may pass over in silence: a PNG's chunks, to its end, against their checksums.

    JPEG has no checksums and its end is the decoder's matter; a WebP's length was compared when its header was read.

    Raises:
        ImageError: of kind `cut`.
    """
    if image_format is not ImageFormat.PNG:
        return
    for kind, length in _png_chunks(file, size_bytes):
        checksum, left = zlib.crc32(kind), length
        while left and (piece := file.read(min(left, _PIECE_BYTES))):
            checksum, left = zlib.crc32(piece, checksum), left - len(piece)
        if file.read(4) != checksum.to_bytes(4, "big"):
            raise ImageError("the PNG is damaged: a checksum is wrong", kind="cut")


_NAMES = {ImageFormat.JPEG: "JPEG", ImageFormat.PNG: "PNG", ImageFormat.WEBP: "WebP"}


def _refuse(head: bytes, found: ImageFormat | None, formats: Collection[ImageFormat]) -> ImageError:
    names = [_NAMES[known] for known in ImageFormat if known in formats]
    wanted = " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    if found is not None:
        return ImageError(f"the file is a {_NAMES[found]}, and {wanted} was expected", kind="format")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    other = next(
        (name for magic, name in _OTHER_KINDS if head.startswith(magic) or text.startswith(magic)), None
    )
    if head[4:8] == b"ftyp":
        other = _HEIF_BRANDS.get(head[8:12], "a video or HEIF file")
    return ImageError(
        f"the file is {other}, and {wanted} was expected" if other else f"the file is not a {wanted}",
        kind="format" if other else "not-an-image",
        help=f"give a {wanted} picture",
    )


def _read_png(file: BinaryIO, head: bytes, size_bytes: int) -> Header:
    if len(head) < 24:
        raise ImageError("the PNG ends inside its header", kind="cut")
    length, kind, width, height = struct.unpack(">I4sII", head[8:24])
    if kind != b"IHDR" or length != 13:
        raise ImageError("the file starts like a PNG but has no PNG header", kind="not-an-image")
    for kind, _ in _png_chunks(file, size_bytes):
        if kind in {b"acTL", b"IDAT"}:
            return Header(ImageFormat.PNG, width, height, animated=kind == b"acTL")
    raise ImageError("the PNG has no pixels", kind="not-an-image")


def _png_chunks(file: BinaryIO, size_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Kind and length of each chunk up to IEND; the file stands at its data, and may be left anywhere."""
    at = len(_PNG_MAGIC)
    kind = b""
    while kind != b"IEND":
        file.seek(at)
        start = file.read(8)
        length = int.from_bytes(start[:4], "big")
        at += 12 + length
        if len(start) < 8 or at > size_bytes:
            raise ImageError("the PNG ends before its last part", kind="cut")
        kind = start[4:]
        yield kind, length


def _read_webp(head: bytes, size_bytes: int) -> Header:
    if len(head) < 30:
        raise ImageError("the WebP ends inside its header", kind="cut")
    if struct.unpack("<I", head[4:8])[0] + 8 > size_bytes:
        raise ImageError("the WebP ends before its last part", kind="cut")
    match head[12:16]:
        case b"VP8 " if head[23:26] == b"\x9d\x01\x2a":
            width, height = struct.unpack("<HH", head[26:30])
            return Header(ImageFormat.WEBP, width & 0x3FFF, height & 0x3FFF)
        case b"VP8L" if head[20] == 0x2F:
            bits = int.from_bytes(head[21:25], "little")
            return Header(ImageFormat.WEBP, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8X":
            width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
            return Header(ImageFormat.WEBP, width, height, animated=bool(head[20] & _WEBP_ANIMATION))
        case _:
            raise ImageError("the file starts like a WebP but has no WebP header", kind="not-an-image")
