"""CSV text to rows in which every cell knows its place. Python's `csv` says what a cell holds; where it stands is worked out when asked."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from itertools import accumulate
from typing import Final

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.text.characters import check_characters

_LARGEST_CELL: Final = 131_072
"""Characters that Python's `csv` takes in one cell."""


class CsvRow:
    """One row. `values` are the texts of its cells, with the line ends of Unix; `number` counts from 1, the header included."""

    __slots__ = ("_delimiter", "_spans", "end", "number", "source", "start", "values")

    def __init__(
        self, source: Source, start: int, end: int, number: int, values: list[str], delimiter: str
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.number = number
        self.values = values
        self._delimiter = delimiter
        self._spans: list[tuple[int, int]] | None = None

    @property
    def span(self) -> Span:
        """The whole row, without its line end."""
        return Span(self.source, self.start, self.end)

    def place(self, index: int) -> tuple[int, int]:
        """From where to where a cell stands, quotes included."""
        if self._spans is None:
            self._spans = _find_cells(self.source.text, self.start, self.end, self._delimiter)
        return self._spans[index] if index < len(self._spans) else (self.start, self.end)

    def cell_span(self, index: int) -> Span:
        """The place of a cell."""
        return Span(self.source, *self.place(index))


def read_csv(source: Source, *, delimiter: str = ",") -> tuple[list[CsvRow], list[Diagnostic]]:
    """The rows of a text, without empty lines, and what is wrong with its form. The first row is no different here."""
    text, problems = check_characters(source)
    lines = text.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, lines))]
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[CsvRow] = []
    broken = 0
    while True:
        first = reader.line_num
        try:
            values = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            start, end = starts[first], starts[reader.line_num]
            problems.append(_explain(source, start, end, delimiter, str(error)))
            broken += 1
            if "limit" in str(error):
                break
            continue
        start, end = starts[first], starts[reader.line_num]
        while end > start and text[end - 1] in "\r\n":
            end -= 1
        if not values:
            continue
        if reader.line_num - first > 1:
            values = [value.replace("\r\n", "\n") for value in values]
        rows.append(CsvRow(source, start, end, len(rows) + broken + 1, values, delimiter))
    return rows, problems


@lru_cache(maxsize=8)
def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    """One cell and the delimiter or line end behind it; group 1 is a quoted cell, group 2 what wrongly follows its quote."""
    part = re.escape(delimiter)
    return re.compile(rf'(?:("(?:[^"]|"")*"?)([^{part}\r\n]*)|[^{part}\r\n]*)({part}|\r?\n|\Z)?')


def _find_cells(text: str, start: int, end: int, delimiter: str) -> list[tuple[int, int]]:
    pattern = _cell_pattern(delimiter)
    found: list[tuple[int, int]] = []
    at = start
    while True:
        cell = pattern.match(text, at, end)
        if cell is None:
            return found
        parted = cell[3] == delimiter
        found.append((at, cell.end() - len(delimiter) if parted else cell.end()))
        if not parted:
            return found
        at = cell.end()


def _explain(source: Source, start: int, end: int, delimiter: str, error: str) -> Diagnostic:
    """What `csv` could not read, at the quote that is to blame."""
    text = source.text
    if "limit" in error:
        return Diagnostic(
            "csv-cell",
            f"a cell in this row has more than {_LARGEST_CELL:,} characters; most often a quote is not closed",
            Span(source, start, min(end, start + 1)),
            help="close the quote, or shorten the cell",
        )
    pattern = _cell_pattern(delimiter)
    at = start
    while (cell := pattern.match(text, at, end)) is not None and cell.end() > at:
        quoted, rest = cell[1], cell[2]
        if quoted is not None and rest:
            wrong = at + len(quoted)
            return Diagnostic(
                "csv-cell",
                "the cell ends at its closing quote, but more text follows",
                Span(source, wrong, wrong + len(rest)),
                help='write a quote inside a quoted cell twice: `""`',
            )
        if quoted is not None and (len(quoted) < 2 or not _is_closed(quoted)):
            return Diagnostic(
                "csv-cell",
                "the quote that opens this cell is never closed",
                Span(source, at, at + 1),
                help='write `"` at the end of the cell',
            )
        at = cell.end()
    return Diagnostic(
        "csv-cell", f"this row is not CSV: {error}", Span(source, start, end), help="write the row anew"
    )


def _is_closed(quoted: str) -> bool:
    return quoted.endswith('"') and quoted[1:-1].count('"') % 2 == 0
