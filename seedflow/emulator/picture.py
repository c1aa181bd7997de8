"""One image of an answer, wherever its bytes are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from seedflow.canonical import digest_bytes
from seedflow.images.facts import ImageFacts, ImageFormat


class Picture:
    """A picture in a known size and format. `path` is its file, if it has one that is the emulator's own."""

    def __init__(
        self,
        read: Callable[[], bytes],
        width_px: int,
        height_px: int,
        path: Path | None = None,
        format: ImageFormat = ImageFormat.JPEG,  # noqa: A002 - the word of the images room
    ) -> None:
        self.read = read
        self.width_px = width_px
        self.height_px = height_px
        self.path = path
        self.format = format

    @cached_property
    def facts(self) -> ImageFacts:
        """What its bytes are; hashed when first asked for."""
        data = self.read()
        return ImageFacts(digest_bytes(data), len(data), self.width_px, self.height_px, self.format)

    def discard(self) -> None:
        """Nobody will read it again."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink()
