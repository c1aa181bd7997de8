"""The written part of a card: title, facts, prompt and reference thumbnails, measured first and drawn then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageDraw

from seedflow.errors import ImageError
from seedflow.images.palette import Palette, mix
from seedflow.images.spelling import spell
from seedflow.images.thumbnail import load_thumbnail
from seedflow.images.typeset import SetText, draw_lines, fit_text, get_font, shorten

_MOST_OF_PROMPT, _MOST_OF_LINE = 12_000, 600
"""More characters fit on no card."""
_SMALLEST_PX = 8
_ADDRESS = re.compile(r"([^\[\]]+)\[([^\[\]]*)\]")

# Sizes in units; the unit is a hundredth of the card.
_TITLE, _KEY, _FACTS = (5.4, 4.6, 3.8, 3.2), (2.4, 2.0, 1.7), (1.75, 1.55)
_PROMPT = (3.5, 3.1, 2.8, 2.5, 2.25, 2.0, 1.8, 1.6)
_CAPTION = 1.35
_CELLS = (26.0, 20.0, 15.0, 12.0, 9.0, 7.0)
"""The largest thumbnails first; smaller ones are taken where the prompt needs the room."""
_GOOD_PROMPT, _LARGE_CELL = 2.5, 12.0
_MOST_OF_SHEET = 0.46
_MOST_ROWS, _SMALLEST_CELL_PX = 3, 12


@dataclass(frozen=True, slots=True)
class PlaceholderReference:
    """One reference in the order in which it is sent: a short label, its file or None, and a few words about it."""

    label: str
    path: Path | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Strip:
    """How the references are laid out: cells of one size in rows."""

    cell_px: int
    gap_px: int
    caption_px: int
    per_row: int
    rows: int

    @property
    def height_px(self) -> int:
        return self.rows * (self.cell_px + self.caption_px) + (self.rows - 1) * self.gap_px


@dataclass(frozen=True, slots=True)
class Sheet:
    """A measured sheet. `height_px` is what it needs; a taller place leaves room between prompt and references."""

    unit: float
    title: SetText
    key: SetText | None
    facts: tuple[SetText, ...]
    prompt: SetText | None
    references: tuple[PlaceholderReference, ...]
    strip: _Strip | None

    @property
    def head_px(self) -> int:
        """The height of all that stands above the prompt."""
        texts = [self.title, *([self.key] if self.key else []), *self.facts]
        return sum(text.height_px for text in texts) + self.px(0.5) + self.px(1.2) + self.px(5.2)

    @property
    def height_px(self) -> int:
        """The height of everything."""
        prompt = self.prompt.height_px if self.prompt else 0
        strip = self.strip.height_px + self.px(4) if self.strip else 0
        return self.head_px + prompt + strip

    def px(self, units: float) -> int:
        """Pixels of a length in units."""
        return max(1, round(units * self.unit))


def measure_sheet(
    unit: float,
    width_px: int,
    height_px: int,
    *,
    title: str,
    facts: Sequence[str],
    prompt: str,
    references: Sequence[PlaceholderReference],
) -> Sheet:
    """Choose the sizes of everything so that it fits into a width and a height; the prompt is cut if it must be."""

    def sizes(units: Sequence[float]) -> list[int]:
        return [max(_SMALLEST_PX, round(size * unit)) for size in units]

    name, key = _split(title[:_MOST_OF_LINE])
    text = spell(prompt.strip()[:_MOST_OF_PROMPT])
    bare = Sheet(
        unit=unit,
        title=fit_text(spell(name), width_px, round(2.3 * _TITLE[1] * unit), sizes(_TITLE), leading=1.14),
        key=fit_text(spell(key), width_px, round(2.7 * _KEY[0] * unit), sizes(_KEY), leading=1.25)
        if key
        else None,
        facts=tuple(
            fit_text(spell(fact[:_MOST_OF_LINE]), width_px, round(2.6 * unit), sizes(_FACTS))
            for fact in facts
        ),
        prompt=None,
        references=tuple(references),
        strip=None,
    )
    found = bare
    for cell in _CELLS if references else (0.0,):
        most = round(height_px * _MOST_OF_SHEET)
        strip = _lay_out(len(references), unit, width_px, most, round(cell * unit)) if references else None
        found = replace(bare, strip=strip)
        room = height_px - found.height_px
        if text and room >= 1.4 * sizes(_PROMPT)[-1]:
            found = replace(found, prompt=fit_text(text, width_px, room, sizes(_PROMPT)))
        large_text = found.prompt is not None and found.prompt.size_px >= round(_GOOD_PROMPT * unit)
        if found.prompt and not found.prompt.cut and (large_text or cell <= _LARGE_CELL):
            break
    return found


def draw_sheet(
    image: Image.Image, sheet: Sheet, left_px: int, top_px: int, height_px: int, palette: Palette
) -> None:
    """Draw a measured sheet: text from the top, references at the foot of its place."""
    draw = ImageDraw.Draw(image)
    y = draw_lines(draw, left_px, top_px, sheet.title, palette.ink, bold=True)
    if sheet.key:
        y = draw_lines(draw, left_px, y + sheet.px(0.5), sheet.key, palette.strong)
    y += sheet.px(1.2)
    for fact in sheet.facts:
        y = draw_lines(draw, left_px, y, fact, palette.muted)
    bar = y + sheet.px(2.2)
    draw.rectangle((left_px, bar, left_px + sheet.px(7), bar + sheet.px(0.42)), fill=palette.accent)
    if sheet.prompt:
        draw_lines(draw, left_px, y + sheet.px(5.2), sheet.prompt, palette.ink)
    if sheet.strip:
        _draw_strip(image, sheet, sheet.strip, left_px, top_px + height_px - sheet.strip.height_px, palette)


def _split(title: str) -> tuple[str, str]:
    """The step and the key of an address: `page[scene=home]` as `page` and `scene=home`."""
    found = _ADDRESS.fullmatch(title)
    return (found[1], found[2].replace(",", ", ")) if found else (title or "untitled", "")


def _lay_out(count: int, unit: float, width_px: int, height_px: int, most_px: int) -> _Strip:
    """Cells as large as fit, at most `most_px`; a further row only where it makes them a good deal larger."""
    gap_px, caption_px = max(2, round(1.3 * unit)), max(_SMALLEST_PX + 2, round(2.3 * unit))
    best = None
    for rows in range(1, min(count, _MOST_ROWS) + 1):
        per_row = -(-count // rows)
        across = (width_px + gap_px) // per_row - gap_px
        down = (height_px + gap_px) // rows - gap_px - caption_px
        cell_px = max(_SMALLEST_CELL_PX, min(across, down, most_px))
        if best is None or cell_px > 1.25 * best.cell_px:
            best = _Strip(cell_px, gap_px, caption_px, per_row, rows)
    return best or _Strip(_SMALLEST_CELL_PX, gap_px, caption_px, 1, 1)


def _draw_strip(
    image: Image.Image, sheet: Sheet, strip: _Strip, left_px: int, top_px: int, palette: Palette
) -> None:
    draw = ImageDraw.Draw(image)
    corner, pill = _rounded(strip.cell_px, sheet.px(0.9)), min(sheet.px(2.5), round(0.3 * strip.cell_px))
    caption = max(_SMALLEST_PX, sheet.px(_CAPTION))
    for number, reference in enumerate(sheet.references):
        row, column = divmod(number, strip.per_row)
        x = left_px + column * (strip.cell_px + strip.gap_px)
        y = top_px + row * (strip.cell_px + strip.caption_px + strip.gap_px)
        image.paste(_draw_cell(reference, strip.cell_px, sheet, palette), (x, y), corner)
        _draw_number(image, str(number + 1), x + sheet.px(0.6), y + sheet.px(0.6), pill, palette)
        label = shorten(spell(reference.label[:_MOST_OF_LINE]), strip.cell_px, caption)
        middle = y + strip.cell_px + strip.caption_px / 2 + sheet.px(0.2)
        draw.text((x, middle), label, font=get_font(caption), fill=palette.muted, anchor="lm")


def _draw_cell(reference: PlaceholderReference, cell_px: int, sheet: Sheet, palette: Palette) -> Image.Image:
    """One reference: its picture whole on a mat, or its note where there is no picture to show."""
    cell = Image.new("RGB", (cell_px, cell_px), palette.panel)
    note = reference.note
    if reference.path is not None:
        try:
            thumbnail = load_thumbnail(reference.path, cell_px)
        except ImageError:
            note = note or "not readable"
        else:
            cell.paste(thumbnail, ((cell_px - thumbnail.width) // 2, (cell_px - thumbnail.height) // 2))
            return cell
    draw = ImageDraw.Draw(cell)
    draw.line(
        (0, cell_px, cell_px, 0), fill=mix(palette.panel, palette.muted, 0.16), width=max(1, sheet.px(0.2))
    )
    size = max(_SMALLEST_PX, sheet.px(1.25))
    room = cell_px - sheet.px(1.8)
    if note and room > 3 * size:
        text = fit_text(spell(note[:_MOST_OF_LINE]), room, cell_px - sheet.px(5), [size], leading=1.25)
        draw_lines(draw, sheet.px(0.9), cell_px - sheet.px(0.9) - text.height_px, text, palette.muted)
    return cell


def _draw_number(image: Image.Image, number: str, x: int, y: int, size_px: int, palette: Palette) -> None:
    image.paste(palette.ink, (x, y), _rounded(size_px, size_px // 2))
    font = get_font(max(7, round(size_px * 0.56)))
    ImageDraw.Draw(image).text(
        (x + size_px / 2, y + size_px / 2), number, font=font, fill=palette.paper, anchor="mm"
    )


def _rounded(size_px: int, radius_px: int) -> Image.Image:
    """A mask of a square with smooth round corners."""
    return rounded_mask(size_px, size_px, radius_px)


def rounded_mask(width_px: int, height_px: int, radius_px: int) -> Image.Image:
    """A mask of a rectangle with smooth round corners."""
    mask = Image.new("L", (width_px * 4, height_px * 4))
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, width_px * 4 - 1, height_px * 4 - 1), radius_px * 4, fill=255
    )
    return mask.reduce(4)
