"""CSV: what each cell holds and where it stands, and quotes that do not fit."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.diagnostics import Source
from seedflow.text.csv_rows import CsvRow, read_csv


def read(text: str, delimiter: str = ",") -> list[CsvRow]:
    rows, problems = read_csv(Source("t.csv", text), delimiter=delimiter)
    assert problems == []
    return rows


def written(row: CsvRow) -> list[str]:
    return [row.source.text[slice(*row.place(at))] for at in range(len(row.values))]


def test_cells_may_hold_quotes_delimiters_and_line_ends() -> None:
    header, row = read('name,text\r\n"a, b","say ""hi""\r\ntwice"\r\n')
    assert header.values == ["name", "text"]
    assert row.values == ["a, b", 'say "hi"\ntwice']
    assert written(row) == ['"a, b"', '"say ""hi""\r\ntwice"']
    assert row.span.first == (2, 1)
    assert row.cell_span(1).last.line == 3


def test_empty_lines_are_no_rows_and_spaces_are_kept() -> None:
    rows = read("a,b\n\n , x \n\n")
    assert [(row.number, row.values) for row in rows] == [(1, ["a", "b"]), (2, [" ", " x "])]
    assert str(rows[1].span) == "t.csv:3:1"


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^"])
def test_any_character_may_part_cells(delimiter: str) -> None:
    rows = read(f"a{delimiter}b\n1{delimiter}2,3\n", delimiter)
    assert rows[1].values == ["1", "2,3"]
    assert written(rows[1]) == ["1", "2,3"]


@pytest.mark.parametrize(
    ("text", "says", "place", "left"),
    [
        ('a,b\n"x"y,1\n2,3\n', "more text follows", "2:4", [["a", "b"], ["2", "3"]]),
        ('a,b\n1,"open\n2,3\n', "never closed", "2:3", [["a", "b"]]),
        ('a\n"' + "x" * 140_000 + '"\n1\n', "131,072 characters", "2:1", [["a"]]),
    ],
)
def test_a_quote_that_does_not_fit_is_pointed_at(
    text: str, says: str, place: str, left: list[list[str]]
) -> None:
    rows, (found,) = read_csv(Source("t.csv", text))
    assert found.code == "csv-cell"
    assert says in found.message
    assert str(found.span) == f"t.csv:{place}"
    assert found.help
    assert [row.values for row in rows] == left


def test_characters_that_no_text_may_hold_are_reported() -> None:
    _, problems = read_csv(Source("t.csv", "a,b\n1,\x00\n"))
    assert [found.code for found in problems] == ["control-character"]


CELLS = st.text(st.sampled_from('ab ,;"\n\u00e4'), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5))
def test_what_is_written_is_read_and_every_cell_finds_its_place(table: list[list[str]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows(table)
    rows = read(file.getvalue())
    assert [row.values for row in rows] == table
    for row in rows:
        again = [next(csv.reader(io.StringIO(text, newline="")), [""]) for text in written(row)]
        assert [cells[0].replace("\r\n", "\n") for cells in again] == row.values
