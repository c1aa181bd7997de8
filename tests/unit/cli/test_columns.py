"""Columns, shortened addresses and folded command lines."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from seedflow.cli.columns import print_columns, shorten
from seedflow.cli.help import fold_command


def lines_of(rows: list[tuple[str, ...]], width: int) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, _environ={})
    print_columns(console, [tuple(Text(cell) for cell in row) for row in rows])
    return stream.getvalue().splitlines()


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert lines_of([("a", "one"), ("bbb", "two")], 40) == ["  a    one", "  bbb  two"]


def test_the_last_column_is_broken_between_words() -> None:
    assert lines_of([("name", "some words that do not fit into one line")], 36) == [
        "  name  some words that do not fit",
        "        into one line",
    ]


def test_a_path_is_never_cut() -> None:
    path = "/a/path/that/is/much/longer/than/any/line/of/this/terminal"
    assert any(path in line for line in lines_of([("state", f"{path}, 3 pictures")], 40))


def test_without_room_cells_stand_below_each_other() -> None:
    found = lines_of([("a-very-long-name-of-a-setting", "its value is this")], 40)
    assert found == ["  a-very-long-name-of-a-setting", "    its value is this"]


def test_what_is_said_of_an_indented_row_stands_below_it() -> None:
    found = lines_of([("a-very-long-name-of-a-setting", "one"), ("  inner", "its value is this")], 40)
    assert found[2:] == ["    inner", "      its value is this"]


def test_an_empty_column_takes_no_room_and_no_line_ends_in_blanks() -> None:
    assert lines_of([("a", "", "x"), ("b", "", "")], 40) == ["  a  x", "  b"]


@given(st.text(max_size=60), st.integers(1, 60))
def test_shortened_text_fits(text: str, columns: int) -> None:
    short = shorten(text, columns)
    assert cell_len(short) <= columns
    if cell_len(text) <= columns:
        assert short == text


def test_both_ends_of_an_address_are_kept() -> None:
    assert shorten("page[scene=lake,time=night]", 15) == "page[sc…=night]"


@pytest.mark.parametrize("room", [20, 30, 60])
def test_a_folded_command_is_the_same_to_a_shell(room: int) -> None:
    line = "seedflow run my.yaml -i hero='a tin owl' -i scenes='at sea' -i scenes=home"
    folded = list(fold_command(line, room))
    assert " ".join(part.removesuffix(" \\").strip() for part in folded) == line
    assert all(part.endswith(" \\") for part in folded[:-1])
    if room >= 30:
        assert all(len(part) <= room for part in folded)


def test_a_long_cell_that_nothing_follows_does_not_widen_the_column_of_the_others() -> None:
    rows = [
        ("size", "text", "How large it is."),
        ("ratio", "choice of " + "16:9, " * 6, ""),
        ("alone", "", ""),
    ]
    assert lines_of(rows, 60) == [
        "  size   text  How large it is.",
        "  ratio  choice of 16:9, 16:9, 16:9, 16:9, 16:9, 16:9,",
        "  alone",
    ]
