"""Pixels as some models take them, in the text of a parameter: WIDTHxHEIGHT."""

from __future__ import annotations

import re

from seedflow.images.header import MAX_PIXELS

LONGEST_SIDE_PX = 65_500
"""The longest side of a picture that JPEG can hold; a larger one is drawn by nobody."""

_PIXELS = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", re.ASCII)


def read_pixels(text: str) -> tuple[int, int] | None:
    """Width and height of a text such as `1536x864`; None when it is not of that form, or we would take no picture so large."""
    found = _PIXELS.fullmatch(text)
    if found is None:
        return None
    width_px, height_px = int(found[1]), int(found[2])
    fits = max(width_px, height_px) <= LONGEST_SIDE_PX and width_px * height_px <= MAX_PIXELS
    return (width_px, height_px) if fits else None


def is_too_large(text: str) -> bool:
    """Whether a text has the form, and more pixels than we take."""
    return _PIXELS.fullmatch(text) is not None and read_pixels(text) is None
