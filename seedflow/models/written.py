"""Pixels as some models take them, in the text of a parameter: WIDTHxHEIGHT."""

from __future__ import annotations

import re

LONGEST_SIDE_PX = 65_500
"""The longest side of a picture that the formats can hold."""

_PIXELS = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", re.ASCII)


def read_pixels(text: str) -> tuple[int, int] | None:
    """Width and height of a text such as `1536x864`; None when it is not of that form, or no picture can be so large."""
    found = _PIXELS.fullmatch(text)
    if found is None:
        return None
    width_px, height_px = int(found[1]), int(found[2])
    return (width_px, height_px) if max(width_px, height_px) <= LONGEST_SIDE_PX else None
