"""How much room text takes in a terminal, in cells: the width of one Latin letter.

Wide characters (Chinese, Japanese, Korean, most emoji) take two cells, combining marks none, what `make_printable`
escapes as many as its escape. Emoji that are made of several take the room of the first, as modern terminals do it.
Widths are those of Unicode's East Asian Width (UAX 11), as Python knows them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

from seedflow.diagnostics.printable import show_characters

TAB_STOP: Final = 4
_JOINER: Final = "\u200d"
_EMOJI_STYLE: Final = "\ufe0f"
_SKIN_TONES: Final = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def lay_out(line: str) -> list[tuple[str, int]]:
    """What each character of a line is shown as, and the cells that it takes. Tabs fill up to the next tab stop."""
    laid: list[tuple[str, int]] = []
    column = 0
    before = ""
    for character, shown in zip(line, show_characters(line), strict=True):
        if character == "\t":
            width = TAB_STOP - column % TAB_STOP
            laid.append((" " * width, width))
        else:
            width = len(shown) if shown.isascii() else _count(character, before)
            laid.append((shown, width))
        column += width
        before = character
    return laid


def count_cells(line: str) -> int:
    """The cells that a line takes when it is shown."""
    return len(line) if line.isascii() and line.isprintable() else sum(width for _, width in lay_out(line))


def shorten(text: str, cells: int, count: Callable[[str], int] = count_cells) -> str:
    """Text in at most so many cells, without its middle where it is longer: both ends of an address tell it apart."""
    if count(text) <= cells:
        return text
    head, tail = "", ""
    for at in range(len(text)):
        if count(head + text[at] + tail) > cells - 1:
            break
        head += text[at]
        if count(head + text[-1 - at] + tail) > cells - 1:
            break
        tail = text[-1 - at] + tail
    return f"{head}…{tail}"


def _count(character: str, before: str) -> int:
    if character == _EMOJI_STYLE:
        narrow = (
            before and unicodedata.category(before) == "So" and unicodedata.east_asian_width(before) != "W"
        )
        return 1 if narrow else 0
    if before == _JOINER and unicodedata.category(character) == "So":
        return 0
    if character in _SKIN_TONES and before and unicodedata.category(before) == "So":
        return 0
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
