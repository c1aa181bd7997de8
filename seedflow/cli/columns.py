"""Columns of text: as wide as their widest cell, the last one broken between words; below each other where it is narrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from seedflow.diagnostics.cells import shorten as shorten_text
from seedflow.diagnostics.printable import make_printable

NARROWEST: Final = 24
"""Fewer cells than this are too few for the last column."""

FEWEST_COLUMNS: Final = 60
"""With fewer, a word that has no room beside the other columns gets a line of its own, before the terminal breaks it."""

_INDENT: Final = "  "
_GAP: Final = "  "


def spell_empty(name: str, width: int) -> Text:
    """The line of an output without images, beside others whose names take so many cells."""
    shown = make_printable(name)
    return Text(f"{shown}{' ' * (width - cell_len(shown))}  no images", "dim")


def print_columns(console: Console, rows: Sequence[Sequence[Text]]) -> None:
    """Print rows of equally many cells, indented. No line ends in blanks; words are never cut, so that paths can be copied."""
    if not rows:
        return
    widths = [
        max((row[at].cell_len for row in rows if at + 1 == len(row) or any(row[at + 1 :])), default=0)
        for at in range(len(rows[0]))
    ]  # a cell that nothing follows may be longer than its column
    before = len(_INDENT) + sum(width + len(_GAP) for width in widths[:-1] if width)
    room = console.width - before
    stacked = room < min(NARROWEST, widths[-1]) or (
        console.width < FEWEST_COLUMNS and room < max(_find_longest_word(row[-1]) for row in rows)
    )
    for row in rows:
        lines = _stack(console, row) if stacked else _align(row, widths, room)
        for line in lines:
            line.rstrip()
            console.print(line, soft_wrap=True)


def _find_longest_word(text: Text) -> int:
    return max(map(cell_len, text.plain.split()), default=0)


def _align(row: Sequence[Text], widths: Sequence[int], room: int) -> Iterator[Text]:
    start = Text(_INDENT)
    for cell, width in zip(row[:-1], widths, strict=False):
        if width or cell.plain:
            start.append_text(cell)
            start.append(" " * (width - cell.cell_len) + _GAP)
    for number, line in enumerate(wrap(row[-1], max(room, NARROWEST)) or [Text()]):
        yield Text.assemble(start if number == 0 else " " * cell_len(start.plain), line)


def _stack(console: Console, row: Sequence[Text]) -> Iterator[Text]:
    own = len(row[0].plain) - len(
        row[0].plain.lstrip(" ")
    )  # a row below another one, such as a table's column
    for number, cell in enumerate(cell for cell in row if cell.plain):
        indent = _INDENT if number == 0 else _INDENT * 2 + " " * own
        for line in wrap(cell, max(console.width - len(indent), NARROWEST)):
            yield Text.assemble(indent, line)


def wrap(text: Text, columns: int) -> list[Text]:
    """Text broken between words, without blanks at the ends of lines. Words are never cut, unlike rich does it."""
    breaks, line_cells, end = [], 0, 0
    for word in re.finditer(r"\S+", text.plain):
        space = cell_len(text.plain[end : word.start()])
        cells = cell_len(word[0])
        if end and line_cells + space + cells > columns:
            breaks.append(word.start())
            line_cells = cells
        else:
            line_cells += space + cells
        end = word.end()
    lines = list(text.divide(breaks))
    for line in lines:
        line.rstrip()
    return lines


def print_folded(console: Console, text: Text, indent: str = "") -> None:
    """Text for people, broken between words where the terminal ends; every line begins with `indent`."""
    for line in wrap(text, console.width - len(indent)):
        console.print(Text.assemble(indent, line), soft_wrap=True)


def fit(text: str, columns: int) -> str:
    """Text in at least so many cells; longer text stays as it is."""
    return text + " " * max(0, columns - cell_len(text))


def shorten(text: str, columns: int) -> str:
    """Text in at most so many cells as Rich counts them, without its middle where it is longer."""
    return shorten_text(text, columns, cell_len)
