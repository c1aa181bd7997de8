"""Facts of an image file: format, size and digest, of bytes that are taken for hostile until they are decoded."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from seedflow.errors import ImageError
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.images.header import read_header

ALL_FORMATS = frozenset(ImageFormat)


def inspect_image(path: Path, *, formats: Collection[ImageFormat] = ALL_FORMATS, decode: bool) -> ImageFacts:
    """Hash and measure an image file. Blocks; may be called from any thread.

    Width and height are those of the stored pixels: an EXIF rotation is not applied. CMYK, grey and 16-bit pictures are
    images like any other, and bytes behind the picture's end are part of the file. Animated pictures are refused.

    Args:
        path: the file; symbolic links are followed.
        formats: what is accepted.
        decode: whether every pixel is decoded, so that a cut or damaged file is found; without it, only the header
            is read. Do it once before bytes of others count as an image.

    Raises:
        ImageError: `kind` is `not-an-image`, `format`, `cut`, `too-large`, or `unreadable` when the file itself cannot
            be read.
    """
    with open_image_file(path) as (file, size_bytes):
        header = read_header(file, size_bytes, formats)
        if decode:
            # Loaded here, so that whoever opens no picture, as most checks and plans, does not wait for Pillow.
            from seedflow.images.decode import decode_image

            decode_image(file, header, size_bytes)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ImageFacts(f"sha256:{digest}", size_bytes, header.width_px, header.height_px, header.format)


@contextmanager
def open_image_file(path: Path) -> Iterator[tuple[io.BufferedReader, int]]:
    """A regular file, open for reading, and its size in bytes.

    Raises:
        ImageError: of kind `unreadable`, also for what goes wrong while it is read.
    """
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise ImageError("it is not a regular file", kind="unreadable")
            yield file, facts.st_size
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ImageError(f"the file cannot be read: {reason}", kind="unreadable") from error


def _open_without_waiting(path: str, flags: int) -> int:
    """So that a pipe nobody writes to cannot hold us up."""
    return os.open(path, flags | os.O_NONBLOCK)
