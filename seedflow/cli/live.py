"""A few lines at the bottom of a terminal that are drawn over, below text that scrolls by.

A frame goes out in one write and is drawn over the one before, so that nothing flickers; one that did not change is not
sent. There is no thread: whoever owns the event loop calls `paint`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from io import StringIO
from math import ceil
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from seedflow.cli.terminal import FEWEST_COLUMNS, OutputError, size_of, wants_color

_UP: Final = "\x1b[{}A"
_CLEAR_LINE: Final = "\x1b[K"
_CLEAR_BELOW: Final = "\x1b[J"
_HIDE_CURSOR: Final = "\x1b[?25l"
_SHOW_CURSOR: Final = "\x1b[?25h"
_BEGIN_FRAME: Final = "\x1b[?2026h"
_END_FRAME: Final = "\x1b[?2026l"
"""Synchronized output: terminals that know it show a frame at once, the others ignore it."""


class LiveArea:
    """The lines at the bottom. A terminal that goes away is not an error: from then on nothing is drawn.

    Args:
        stream: a terminal that can move its cursor.
        size: its columns and rows, asked again for each frame, since people resize windows.
    """

    def __init__(self, stream: TextIO, size: Callable[[TextIO], tuple[int, int]] = size_of) -> None:
        self._stream = stream
        self._size = size
        self._color = wants_color(stream)
        self._drawn: list[str] = []
        self._drawn_cells: list[int] = []
        self._drawn_columns = 0
        self._gone = False

    @property
    def columns(self) -> int:
        """How long a line may be; one less than the terminal has, where some would begin a new one."""
        return max(FEWEST_COLUMNS, self._size(self._stream)[0]) - 1

    @property
    def rows(self) -> int:
        """How many lines may be drawn."""
        return max(1, self._size(self._stream)[1] - 1)

    def open(self) -> None:
        """Hide the cursor."""
        self._write(_HIDE_CURSOR)

    def close(self) -> None:
        """Take the lines away, and show the cursor where they began."""
        self._write(self._go_to_first() + _CLEAR_BELOW + _SHOW_CURSOR)
        self._drawn, self._drawn_cells = [], []

    def scroll(self, lines: Sequence[Text], below: Sequence[Text]) -> None:
        """Add lines for good, then draw those at the bottom again. The former may be longer than a row."""
        fixed = "".join(f"{_render(line, self._color)}\n" for line in lines)
        self._draw(_CLEAR_BELOW + fixed, below)

    def paint(self, lines: Sequence[Text]) -> None:
        """Draw the lines at the bottom, if they changed."""
        self._draw("", lines)

    def _draw(self, fixed: str, lines: Sequence[Text]) -> None:
        columns = self.columns
        shown, cells = [], []
        for line in lines[: self.rows]:
            cut = line.copy()
            cut.truncate(columns, overflow="ellipsis")
            shown.append(_render(cut, self._color))
            cells.append(cut.cell_len)
        if not fixed and shown == self._drawn and columns == self._drawn_columns:
            return
        frame = "".join(f"{line}{_CLEAR_LINE}\n" for line in shown)
        self._write(f"{_BEGIN_FRAME}{self._go_to_first()}{fixed}{frame}{_CLEAR_BELOW}{_END_FRAME}")
        self._drawn, self._drawn_cells, self._drawn_columns = shown, cells, columns

    def _go_to_first(self) -> str:
        """A window that got narrower has broken our lines into more rows than were drawn."""
        columns = self.columns
        rows = sum(max(1, ceil(cells / (columns + 1))) for cells in self._drawn_cells)
        return "\r" + (_UP.format(rows) if rows else "")

    def _write(self, text: str) -> None:
        if self._gone:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, OutputError):
            self._gone = True


def _render(line: Text, color: bool) -> str:
    """A line with its colours, on one line whatever is in it."""
    buffer = StringIO()
    console = Console(
        file=buffer,
        width=max(1, line.cell_len),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    console.print(line, end="", soft_wrap=True)
    return buffer.getvalue().replace(os.linesep, " ")
