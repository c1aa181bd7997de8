"""What is known of an image without looking at it again, and where an image comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ImageFormat(StrEnum):
    """The formats that a model may give or take."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"

    @property
    def extension(self) -> str:
        """The file extension, without a dot."""
        return "jpg" if self is ImageFormat.JPEG else self.value

    @property
    def media_type(self) -> str:
        """The MIME type."""
        return f"image/{self.value}"


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Facts of image bytes. `digest` is `sha256:HEX` of the bytes as they are."""

    digest: str
    size_bytes: int
    width_px: int
    height_px: int
    format: ImageFormat


@dataclass(frozen=True, slots=True)
class UrlImage:
    """An https URL that the author wrote; its text is its identity, its picture is never looked at by us."""

    url: str


@dataclass(frozen=True, slots=True)
class FileImage:
    """A local file, opened, hashed and measured before anything is planned. `name` is its path as the author spells it."""

    path: Path
    name: str
    facts: ImageFacts
