"""Lines that are printed at once are the very lines that rich prints one by one."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from seedflow.cli.console import print_lines


class Counted(io.StringIO):
    """Counts how often it is written to."""

    writes = 0

    def write(self, text: str, /) -> int:
        self.writes += 1
        return super().write(text)


def open_on(stream: io.StringIO, color_system: str | None) -> Console:
    return Console(
        file=stream,
        width=30,
        force_terminal=color_system is not None,
        color_system=color_system,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )


@pytest.mark.parametrize("color_system", [None, "standard"])
@given(words=st.lists(st.text(st.sampled_from("ab \t\n界é·—✓"), max_size=50), max_size=4))
def test_they_are_what_rich_prints_one_by_one(color_system: str | None, words: list[str]) -> None:
    at_once, one_by_one = io.StringIO(), io.StringIO()
    lines = [Text.assemble((word, "dim"), ("✗", "bold red"), word) for word in words]
    print_lines(open_on(at_once, color_system), lines)
    console = open_on(one_by_one, color_system)
    for line in lines:
        console.print(line, soft_wrap=True)
    assert at_once.getvalue() == one_by_one.getvalue()


@pytest.mark.parametrize("color_system", [None, "standard"])
def test_a_thousand_of_them_are_one_write(color_system: str | None) -> None:
    stream = Counted()
    print_lines(open_on(stream, color_system), (Text(f"line {number}", "dim") for number in range(1000)))
    assert (stream.writes, stream.getvalue().count("\n")) == (1, 1000)
