"""Pictures for tests, made in memory."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

EXIF_TURNED = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
"""Orientation 6: the camera was turned by a quarter."""


def noise(width_px: int = 120, height_px: int = 80) -> Image.Image:
    """A picture that compresses badly, so that every part of its file matters. The same each time."""
    levels = bytes(
        (x * 37 + y * 101 + x * y * 13) % 256 for y in range(height_px) for x in range(width_px * 3)
    )
    return Image.frombytes("RGB", (width_px, height_px), levels)


def encode(image: Image.Image, image_format: str, **options: object) -> bytes:
    """An image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width_px: int, height_px: int, *chunks: bytes) -> bytes:
    """A small PNG whose header claims any size."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" * 64))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + png_chunk(b"IEND", b"")


def jpeg_claiming(width_px: int, height_px: int, data: bytes) -> bytes:
    """A JPEG whose frame header claims any size."""
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", height_px, width_px) + data[at + 9 :]
