"""A grey square of any weight: a picture that shows nothing, for finding out how many bytes somebody takes."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

from PIL import Image

_SIDE_PX: Final = 256
_CHUNK_BYTES: Final = 12
"""Length, type and checksum of a chunk."""
_END_BYTES: Final = 12
_FILLING: Final = b"fiLl"
"""A private chunk: readers pass over it."""


def build_padded_png(size_bytes: int) -> bytes:
    """A PNG of exactly so many bytes, or the smallest there is; the same one every time."""
    drawn = io.BytesIO()
    Image.new("L", (_SIDE_PX, _SIDE_PX), 128).save(drawn, "png")
    plain = drawn.getvalue()
    missing = size_bytes - len(plain) - _CHUNK_BYTES
    if missing < 0:
        return plain
    filling = bytes(missing)
    chunk = (
        struct.pack(">I", missing) + _FILLING + filling + struct.pack(">I", zlib.crc32(_FILLING + filling))
    )
    return plain[:-_END_BYTES] + chunk + plain[-_END_BYTES:]
