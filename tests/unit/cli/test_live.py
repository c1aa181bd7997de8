"""The lines at the bottom of a terminal: never more than there is room for, never left behind, as a real terminal shows it."""

from __future__ import annotations

import io

import pyte
import pytest
from rich.text import Text

from seedflow.cli.live import LiveArea


class FakeTerminal(io.StringIO):
    """A terminal on pyte. What is written is shown; its size can change."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__()
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.Stream(self.screen)
        self.writes: list[str] = []

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.writes.append(text)
        self._stream.feed(text.replace("\n", "\r\n"))
        return len(text)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, and what has scrolled off it."""
        width = self.screen.columns
        above = ["".join(line[at].data for at in range(width)).rstrip() for line in self.screen.history.top]
        shown = [line.rstrip() for line in self.screen.display]
        while shown and not shown[-1]:
            shown.pop()
        return above + shown


def open_area(columns: int = 40, rows: int = 10) -> tuple[LiveArea, FakeTerminal]:
    terminal = FakeTerminal(columns, rows)
    area = LiveArea(terminal, size=lambda _: (terminal.screen.columns, terminal.screen.lines))
    area.open()
    return area, terminal


def test_lines_are_drawn_over_and_taken_away() -> None:
    area, terminal = open_area()
    area.paint([Text("one"), Text("two")])
    area.paint([Text("three")])
    assert terminal.lines == ["three"]
    area.close()
    assert terminal.lines == []
    assert terminal.screen.cursor.y == 0
    assert not terminal.screen.cursor.hidden


def test_what_scrolls_by_stays_above() -> None:
    area, terminal = open_area(rows=4)
    for number in range(20):
        area.scroll([Text(f"done {number}")], [Text("bar"), Text(f"at work {number}")])
    area.close()
    assert terminal.lines == [f"done {number}" for number in range(20)]


def test_a_line_that_is_longer_than_a_row_leaves_nothing_of_the_bottom_behind() -> None:
    area, terminal = open_area(columns=20)
    area.paint([Text("xxxxxxxxxxxxxxxxxxx"), Text("yyyyyyyyyyyyyyyyyyy")])
    area.scroll([Text("a line of thirty-three characters.")], [Text("bar")])
    assert terminal.lines == ["a line of thirty-thr", "ee characters.", "bar"]


def test_long_lines_at_the_bottom_are_cut_and_never_wrap() -> None:
    area, terminal = open_area(columns=20)
    area.paint([Text("a" * 50), Text("冬" * 30)])
    assert len(terminal.lines) == 2
    assert terminal.lines[0] == "a" * 18 + "…"
    assert terminal.lines[1].endswith("…")


@pytest.mark.parametrize("rows", [2, 3, 5])
def test_never_more_lines_than_the_terminal_has(rows: int) -> None:
    area, terminal = open_area(rows=rows)
    for number in range(5):
        area.paint([Text(f"{number} {line}") for line in range(20)])
    assert len(terminal.lines) <= rows - 1
    assert len(terminal.screen.history.top) == 0


def test_a_frame_that_did_not_change_is_not_sent_again() -> None:
    area, terminal = open_area()
    area.paint([Text("same")])
    before = len(terminal.writes)
    area.paint([Text("same")])
    assert len(terminal.writes) == before


def test_a_frame_goes_out_in_one_write() -> None:
    area, terminal = open_area()
    before = len(terminal.writes)
    area.scroll([Text("done")], [Text("bar"), Text("work")])
    assert len(terminal.writes) == before + 1


def test_a_terminal_that_goes_away_is_no_error() -> None:
    area, terminal = open_area()

    def fail(text: str) -> int:
        raise BrokenPipeError

    terminal.write = fail
    area.paint([Text("bar")])
    area.scroll([Text("done")], [])
    area.close()
