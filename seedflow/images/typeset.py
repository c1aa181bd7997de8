"""Setting text: the built-in font, breaking into lines, and fitting a text into a box with an ellipsis if it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PIL import ImageDraw, ImageFont

from seedflow.images.palette import Rgb

ELLIPSIS = "…"
_LEADING = 1.36
_MOST_PRETTY_LINES = 40
_MEASURED_PX = 64
_MOST_CHARACTERS = 12_000
"""More fits on no card."""
_NARROWEST = 0.15 * _MEASURED_PX
_JOINTS = "-/,=&?_"
"""Where a long word is broken best: after one of these."""


@dataclass(frozen=True, slots=True)
class SetText:
    """Lines of one size, ready to draw. `cut` when the text did not fit whole."""

    lines: tuple[str, ...]
    size_px: int
    line_px: int
    cut: bool = False

    @property
    def height_px(self) -> int:
        """The height of all lines."""
        return self.line_px * len(self.lines)


def get_font(size_px: int) -> ImageFont.FreeTypeFont:
    """Pillow's built-in TrueType font. A new one each time, so that no two threads share it."""
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType, which sets the text of pictures")
    return font


def fit_text(
    text: str, width_px: int, height_px: int, sizes_px: Sequence[int], *, leading: float = _LEADING
) -> SetText:
    """The text in the first of the sizes (the largest first) that fits the box, or cut in the last one."""
    measure = _measure()
    text = text[:_MOST_CHARACTERS]
    for size_px in sizes_px:
        line_px = round(size_px * leading)
        most = height_px // line_px
        if most < 1:
            continue
        lines = list(_break(text, _measured_width(width_px, size_px), measure, most + 1))
        if len(lines) <= most:
            return SetText(
                _even_out(text, lines, _measured_width(width_px, size_px), measure), size_px, line_px
            )
    size_px = sizes_px[-1]
    line_px = round(size_px * leading)
    most = max(1, height_px // line_px)
    lines = list(_break(text, _measured_width(width_px, size_px), measure, most + 1))
    cut = len(lines) > most
    if cut:
        lines = [*lines[: most - 1], shorten(lines[most - 1] + " " + ELLIPSIS, width_px, size_px)]
    return SetText(tuple(lines), size_px, line_px, cut)


def shorten(text: str, width_px: float, size_px: int) -> str:
    """The text, its end replaced by an ellipsis where it is too wide for one line."""
    font = get_font(size_px)
    if len(text) <= _MOST_CHARACTERS and font.getlength(text) <= width_px:
        return text
    low, high = 0, min(len(text), max(1, int(width_px)))
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle].rstrip(" ,.;:") + ELLIPSIS) <= width_px:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip(" ,.;:") + ELLIPSIS


def draw_lines(
    draw: ImageDraw.ImageDraw, left_px: int, top_px: int, text: SetText, color: Rgb, *, bold: bool = False
) -> int:
    """Draw lines from a top left corner; returns where the next thing may start."""
    font = get_font(text.size_px)
    stroke = text.size_px / 80 if bold else 0
    for number, line in enumerate(text.lines):
        middle = top_px + number * text.line_px + text.line_px / 2
        draw.text(
            (left_px, middle),
            line,
            font=font,
            fill=color,
            anchor="lm",
            stroke_width=stroke,
            stroke_fill=color,
        )
    return top_px + text.height_px


def _measured_width(width_px: int, size_px: int) -> float:
    """A width at `_MEASURED_PX`. Small letters are set on whole pixels and come out a little wider, hence the slack."""
    return width_px * _MEASURED_PX / size_px * (1 - 0.75 / size_px)


def _measure() -> Callable[[str], float]:
    """A function for the width of a piece of text at `_MEASURED_PX`."""
    font, known = get_font(_MEASURED_PX), dict[str, float]()

    def measure(text: str) -> float:
        found = known.get(text)
        if found is None:
            found = known[text] = font.getlength(text)
        return found

    return measure


def _break(text: str, width: float, measure: Callable[[str], float], most: int) -> Iterator[str]:
    """Lines of at most this width, at most `most` of them; line ends in the text are kept, empty lines are not."""
    space, count = measure(" "), 0
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for word in _pieces(paragraph, width, measure):
            needed = measure(word)
            if line and used + space + needed > width:
                yield line
                count += 1
                if count >= most:
                    return
                line, used = word, needed
            else:
                line, used = (f"{line} {word}", used + space + needed) if line else (word, needed)
        if line:
            yield line
            count += 1
            if count >= most:
                return


def _pieces(paragraph: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    """The words of a paragraph, those wider than a line in parts."""
    for word in paragraph.split():
        rest = word
        # More characters than this are wider than the line whatever they are.
        most = max(2, int(width / _NARROWEST))
        while len(rest) > most or (measure(rest) > width and len(rest) > 1):
            share = min(most, len(rest) - 1)
            while share > 1 and measure(rest[:share]) > width:
                share = min(share - 1, int(share * width / measure(rest[:share])) + 1)
            share = max(1, share)
            joint = max(rest.rfind(mark, share // 2, share) for mark in _JOINTS)
            share = joint + 1 if joint >= 0 else share
            yield rest[:share]
            rest = rest[share:]
        yield rest


def _even_out(
    text: str, lines: Sequence[str], width: float, measure: Callable[[str], float]
) -> tuple[str, ...]:
    """The same number of lines, more even: so that no last line holds a lonely word."""
    best = tuple(lines)
    if not 1 < len(lines) <= _MOST_PRETTY_LINES:
        return best
    narrowest = 0.72 if len(lines) <= 4 else 0.9
    for step in range(1, 8):
        narrower = width * (1 - (1 - narrowest) * step / 7)
        if any(measure(word) > narrower for word in text.split()):
            break
        found = tuple(_break(text, narrower, measure, len(lines) + 1))
        if len(found) > len(lines):
            break
        best = found
    return best
