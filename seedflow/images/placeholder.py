"""Placeholder pictures: a calm card that says what would have been asked, in the exact size that was asked for.

The same spec gives the same bytes. A card has two parts: a geometric composition, and a sheet with the task's name,
its facts, the prompt, and thumbnails of its references in their order.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image, ImageDraw

from seedflow.images.composition import draw_composition
from seedflow.images.facts import ImageFormat
from seedflow.images.palette import Palette, choose_palette
from seedflow.images.sheet import PlaceholderReference, draw_sheet, measure_sheet, rounded_mask
from seedflow.images.spelling import spell
from seedflow.images.typeset import get_font, shorten

__all__ = ["PlaceholderReference", "PlaceholderSpec", "draw_placeholder", "write_placeholder"]

_ENCODING: Mapping[ImageFormat, Mapping[str, Any]] = {
    ImageFormat.JPEG: {"quality": 90, "subsampling": 0},
    ImageFormat.PNG: {"compress_level": 1},
    ImageFormat.WEBP: {"quality": 90, "method": 0},
}
"""How pictures are written: fast, and good enough to be looked at."""
_LARGEST_SIDE_PX = 65_500
_WIDE = 1.2
"""From this ratio on, the composition stands beside the sheet and not above it."""
_SMALLEST_SHEET_PX = 160
_MOST_OF_BADGE = 200
_MARGIN, _BADGE, _BADGE_MARGIN = 4.6, 1.55, 2.4


@dataclass(frozen=True, slots=True)
class PlaceholderSpec:
    """What a card shows.

    `title` is the task's address; what stands in its brackets is set smaller. `subtitle` are lines of facts. `seed`
    decides the shapes and a nuance of the colours, `theme` (the seed, when empty) the colours and the family of shapes,
    so that pictures of one step look akin. `badge` says what kind of picture this is. All text is data, whatever it holds.
    """

    width_px: int
    height_px: int
    title: str
    prompt: str
    subtitle: tuple[str, ...] = ()
    references: tuple[PlaceholderReference, ...] = ()
    seed: str = ""
    theme: str = ""
    badge: str = "sketch · no model was asked"
    format: ImageFormat = ImageFormat.JPEG


@dataclass(frozen=True, slots=True)
class _Box:
    left: int
    top: int
    width: int
    height: int


def draw_placeholder(spec: PlaceholderSpec) -> bytes:
    """The picture of a card, exactly `width_px` × `height_px`.

    Blocks for some 40 ms at 2K; may be called from any thread. A reference that cannot be read is shown by its note.

    Raises:
        ValueError: a side is less than 1 or more than JPEG allows (65,500 px).
    """
    buffer = io.BytesIO()
    write_placeholder(spec, buffer)
    return buffer.getvalue()


def write_placeholder(spec: PlaceholderSpec, file: BinaryIO) -> None:
    """Like `draw_placeholder`, into an open file. A real one is written while other threads draw.

    Raises:
        ValueError: a side is less than 1 or more than JPEG allows (65,500 px).
        OSError: the file did not take it; without an `errno`, since the encoder forgets it.
    """
    width, height = spec.width_px, spec.height_px
    if not (1 <= width <= _LARGEST_SIDE_PX and 1 <= height <= _LARGEST_SIDE_PX):
        raise ValueError(f"a picture of {width}×{height} px cannot be drawn")
    theme = spec.theme or spec.seed
    palette = choose_palette(theme, spec.seed)
    image = Image.new("RGB", (width, height), palette.paper)
    unit = min(math.sqrt(width * height), 1.6 * min(width, height)) / 100
    art = _draw_sheet_and_leave_room(image, spec, unit, palette)
    draw_composition(image, (art.left, art.top, art.width, art.height), theme, spec.seed, palette)
    _draw_badge(image, spell(spec.badge[:_MOST_OF_BADGE]), art, unit, palette)
    image.save(file, spec.format.name, **_ENCODING[spec.format])


def _draw_sheet_and_leave_room(
    image: Image.Image, spec: PlaceholderSpec, unit: float, palette: Palette
) -> _Box:
    """Draw the sheet; returns the place that is left for the composition."""
    width, height = image.size
    margin = round(_MARGIN * unit)
    if min(width, height) < _SMALLEST_SHEET_PX:
        return _Box(0, 0, width, height)
    wide = width / height >= _WIDE
    left = round(width * min(0.44, 0.36 + 0.06 * (width / height - _WIDE))) if wide else 0
    least = 0 if wide else round(height * 0.26)
    sheet = measure_sheet(
        unit,
        width - left - 2 * margin,
        height - least - 2 * margin,
        title=spec.title,
        facts=spec.subtitle,
        prompt=spec.prompt,
        references=spec.references,
    )
    top = 0 if wide else min(max(height - sheet.height_px - 2 * margin, least), round(height * 0.62))
    draw_sheet(image, sheet, left + margin, top + margin, height - top - 2 * margin, palette)
    return _Box(0, 0, left, height) if wide else _Box(0, 0, width, top)


def _draw_badge(image: Image.Image, text: str, art: _Box, unit: float, palette: Palette) -> None:
    """A small label in a corner of the composition: honest, and out of the way."""
    size = max(8, round(_BADGE * unit))
    margin = round(_BADGE_MARGIN * unit)
    padding, height = round(size * 0.9), round(size * 2.1)
    room = art.width - 2 * (margin + padding)
    if not text or room < 6 * size or art.height < height + 2 * margin:
        return
    label = shorten(text, room, size)
    font = get_font(size)
    width = round(font.getlength(label)) + 2 * padding
    x, y = art.left + margin, art.top + margin
    image.paste(palette.paper, (x, y), rounded_mask(width, height, height // 2))
    draw = ImageDraw.Draw(image)
    draw.text((x + padding, y + height / 2), label, font=font, fill=palette.ink, anchor="lm")
