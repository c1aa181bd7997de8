"""The rows of a table as its columns declare them: from records, which YAML and JSON give, and from the cells of CSV.

Every problem says row and column; one that comes again and again is said a few times, and then counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from seedflow.canonical import build_key
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.leaves import describe_node, is_nothing, quote
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.views import Row
from seedflow.text.csv_rows import CsvRow
from seedflow.text.nodes import Mapping as MappingNode
from seedflow.text.nodes import Node, Scalar

ReadCell = Callable[[Input, Node], "tuple[object, list[Diagnostic]]"]
"""Reads a node as its column declares."""

_MOST_ALIKE: Final = 3
"""So often a problem is said before it is counted."""

_AS_TEXT: Final = frozenset({InputType.TEXT, InputType.CHOICE, InputType.IMAGE})
_BOOLEANS: Final = frozenset({"true", "false"})
_DECIMAL_COMMA: Final = re.compile(r"[-+]?\d+,\d+")
_DELIMITERS: Final = {";": '";"', "\t": r'"\t"', ",": '","', "|": '"|"'}


class TableReader:
    """Reads one table. `titled` when names stand as titles (in files) and not as the columns' names (in a recipe)."""

    def __init__(self, declared: Input, read_cell: ReadCell, read_default: ReadCell, *, titled: bool) -> None:
        self.rows: list[Row] = []
        self._declared = declared
        self._read_cell = read_cell
        self._read_default = read_default
        self._titled = titled
        self._in_csv = False
        self._columns = {
            (column.title if titled else name): column for name, column in declared.columns.items()
        }
        if declared.key is not None and declared.key not in declared.columns:
            self._columns[declared.key] = Input(declared.key, declared.span, InputType.TEXT)
        self._defaults: dict[str, object] = {}
        self._alike: dict[tuple[str, str], list[Diagnostic]] = {}
        self._first: list[Diagnostic] = []
        self._near: dict[str, str | None] = {}
        self._keys: dict[str, tuple[int, Span]] = {}

    @property
    def problems(self) -> list[Diagnostic]:
        """What is wrong, in the order of the text; what is alike is counted after a few."""
        found = list(self._first)
        for alike in self._alike.values():
            found.extend(alike[:_MOST_ALIKE])
            left = len(alike) - _MOST_ALIKE
            if left == 1:
                found.append(alike[-1])
            elif left > 1:
                again = alike[_MOST_ALIKE]
                found.append(
                    replace(again, message=f"{again.message}; and {left - 1:,} more like this below")
                )
        return sorted(found, key=lambda one: one.span.start if one.span is not None else 0)

    def read_record(self, node: Node, number: int) -> None:
        """One row that is a mapping; row numbers count from 1."""
        if not isinstance(node, MappingNode):
            self._report(
                Diagnostic(
                    "wrong-type",
                    f"row {number} is {describe_node(node)}, expected a mapping of columns to values",
                    node.span,
                    help="write `COLUMN: VALUE` for each column",
                )
            )
            return
        cells = {
            entry.key.value: entry for entry in node if self._titled or not entry.key.value.startswith("x-")
        }
        values: dict[str, object] = {}
        present: set[str] = set()
        for title, column in self._columns.items():
            entry = cells.pop(title, None)
            if entry is None or is_nothing(entry.value):
                span = node.span if entry is None else entry.value.span
                values[column.name] = self._fill(column, title, number, span, cells)
                continue
            present.add(column.name)
            values[column.name] = self._read(column, entry.value, title, number)
        for title, entry in cells.items():
            if title not in values:
                self._suspect(title, entry.key.span, present)
                if is_nothing(entry.value):
                    values[title] = None
                elif isinstance(entry.value, Scalar):
                    values[title] = entry.value.value
        self._add(values, number, node.span)

    def read_csv(self, header: CsvRow, rows: Sequence[CsvRow]) -> None:
        """All rows of a CSV file below its header."""
        self._in_csv = True
        titles = [title.strip() for title in header.values]
        if not self._check_header(header, titles):
            return
        places: dict[str, int] = {}
        for at, title in enumerate(titles):
            if title:
                places.setdefault(title, at)
        plan = [(at, title, self._columns.get(title)) for title, at in places.items()]
        absent = [column for title, column in self._columns.items() if title not in places]
        for number, row in enumerate(rows, 1):
            if not any(map(str.strip, row.values)):
                continue
            if len(row.values) != len(titles):
                self._report_ragged(row, number, len(titles))
                continue
            self._read_csv_row(row, number, plan, absent)

    def _read_csv_row(
        self,
        row: CsvRow,
        number: int,
        plan: Sequence[tuple[int, str, Input | None]],
        absent: Sequence[Input],
    ) -> None:
        values: dict[str, object] = {}
        texts = row.values
        for at, title, column in plan:
            text = texts[at]
            if column is None:
                values[title] = text if text and not text.isspace() else None
            elif not text or text.isspace():
                values[column.name] = self._fill(column, title, number, row.cell_span(at), {})
            elif column.type is InputType.TEXT and column.min_length is None and column.max_length is None:
                values[column.name] = text
            else:
                values[column.name] = self._read(column, _cell_node(row, at, column), title, number)
        for column in absent:
            required = not column.optional and column.default is None
            values[column.name] = _MISSING if required else self._default_of(column)
        self._add(values, number, row.span)

    def _read(self, column: Input, node: Node, title: str, number: int) -> object:
        """The value of a cell, or `_MISSING` with its problems reported."""
        value, wrong = self._read_cell(column, node)
        for one in wrong:
            said = f"row {number:,}, column {quote(title)}: {one.message}"
            advice = one.help if not self._in_csv or one.help is None else _advise_in_csv(one.help, node)
            self._report(replace(one, message=said, help=advice), title)
        return _MISSING if wrong else value

    def _check_header(self, header: CsvRow, titles: Sequence[str]) -> bool:
        """Whether the rows below can be read; what is wrong with the header is reported in any case."""
        missing = [
            (title, column)
            for title, column in self._columns.items()
            if title not in titles and not column.optional and column.default is None
        ]
        if len(titles) == 1 and missing:
            other = next((sign for sign in _DELIMITERS if sign in titles[0]), None)
            if other is not None:
                self._report(
                    Diagnostic(
                        "missing-column",
                        f"this header has one column, so that `{missing[0][0]}` is missing",
                        header.span,
                        help=f"its cells seem to be parted otherwise: declare `delimiter: {_DELIMITERS[other]}`",
                    )
                )
                return False
        seen: dict[str, int] = {}
        for at, title in enumerate(titles):
            if title and seen.setdefault(title, at) != at:
                self._report(
                    Diagnostic(
                        "repeated-column",
                        f"the title {quote(title)} stands in this header twice",
                        header.cell_span(at),
                        help="rename or remove one of the two columns",
                        related=(Related(header.cell_span(seen[title]), "first given here"),),
                    )
                )
            elif title and title not in self._columns and title in self._declared.columns:
                own = self._declared.columns[title]
                self._report(
                    Diagnostic(
                        "repeated-column",
                        f"the title {quote(title)} is the name of a column whose own title is {quote(own.title)}",
                        header.cell_span(at),
                        help="rename this column in the file, or the other one in the recipe",
                        related=(Related(own.span, "declared here"),),
                    )
                )
        for title, column in missing:
            self._report(self._missing_column(title, column, header, titles))
        for title, column in self._columns.items():
            if column.type is InputType.LIST and title in titles:
                self._report(
                    Diagnostic(
                        "wrong-type",
                        f"the column {quote(title)} holds lists, and a cell of CSV is one value",
                        header.cell_span(titles.index(title)),
                        help="keep the table in JSON, JSONL or YAML",
                    )
                )
                return False
        present = {column.name for title, column in self._columns.items() if title in titles}
        for at, title in enumerate(titles):
            if title and title not in self._columns:
                self._suspect(title, header.cell_span(at), present)
        return True

    def _missing_column(self, title: str, column: Input, header: CsvRow, titles: Sequence[str]) -> Diagnostic:
        free = [one for one in titles if one and one not in self._columns]
        near = find_near(title, free)
        if near is not None:
            self._near[near] = None
        known = ", ".join(quote(one) for one in titles[:12] if one) + (", …" if len(titles) > 12 else "")
        return Diagnostic(
            "missing-column",
            f"the column {quote(title)} of `{self._declared.name}` is missing; this header has {known}",
            header.span,
            help=f"did you mean {quote(near)}? Then declare `header: {near}`, or rename it in the file"
            if near
            else "add the column to the file, or make it `optional`",
            related=(Related(column.span, "declared here"),)
            if column.span is not self._declared.span
            else (),
        )

    def _suspect(self, title: str, span: Span, present: Collection[str]) -> None:
        """Say, once, that an undeclared column seems to be a declared one which is not there."""
        if title not in self._near:
            self._near[title] = find_near(title, self._columns) if self._declared.columns else None
        near = self._near[title]
        if near is None or self._columns[near].name in present:
            return
        self._near[title] = None
        self._first.append(
            Diagnostic(
                "unknown-column",
                f"{quote(title)} is not a column of `{self._declared.name}`, and {quote(near)} has no value here",
                span,
                Severity.WARNING if self._titled else Severity.ERROR,
                help=f"did you mean `{near}`?",
            )
        )

    def _fill(
        self, column: Input, title: str, number: int, span: Span, others: Mapping[str, object]
    ) -> object:
        """What an empty cell gives: the column's default, none, or a problem and `_MISSING`."""
        if column.default is not None:
            return self._default_of(column)
        if column.optional:
            return None
        near = find_near(title, others) if others else None
        if near is not None:
            self._near[near] = None
        self._report(
            Diagnostic(
                "empty-cell",
                f"row {number:,}, column {quote(title)}: there is no value",
                span,
                help=f"did you mean `{title}` by {quote(near)}?"
                if near
                else "write a value, or declare the column `optional` or with a `default`",
            ),
            title,
        )
        return _MISSING

    def _default_of(self, column: Input) -> object:
        if column.default is None:
            return None
        if column.name not in self._defaults:
            value, wrong = self._read_default(column, column.default)
            self._defaults[column.name] = value
            self._first.extend(wrong)
        return self._defaults[column.name]

    def _add(self, values: dict[str, object], number: int, span: Span) -> None:
        """Take in a row. The rows mean nothing once there is a problem, but their keys are compared in any case."""
        found = _MISSING if self._declared.key is None else values[self._declared.key]
        key = None if found is _MISSING else spell_key(found)
        if key is not None:
            name = build_key(key)
            first = self._keys.setdefault(name, (number, span))
            if first[0] != number:
                self._report(
                    Diagnostic(
                        "equal-keys",
                        f"rows {first[0]:,} and {number:,} have the same key ({self._declared.key}={name})",
                        span,
                        help="take one of them out, or give it another key",
                        related=(Related(first[1], "the first one"),),
                    )
                )
        self.rows.append(Row(values, key))

    def _report_ragged(self, row: CsvRow, number: int, wanted: int) -> None:
        found = len(row.values)
        if found > wanted:
            span = Span(row.source, row.place(wanted)[0], row.end)
            advice = "put quotes around a cell that holds the delimiter, or take the last cells out"
        else:
            span, advice = row.span, "add the missing cells, empty ones too"
        self._report(
            Diagnostic(
                "ragged-row",
                f"row {number:,} has {found} cell{'' if found == 1 else 's'}, but the header has {wanted}",
                span,
                help=advice,
            )
        )

    def _report(self, found: Diagnostic, title: str = "") -> None:
        self._alike.setdefault((found.code, title), []).append(found)


_MISSING: Final = object()
"""Stands for a value that should be there and is not."""


def spell_key(value: object) -> str:
    """The text of a row's key."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _cell_node(row: CsvRow, at: int, column: Input) -> Scalar:
    """A cell of CSV as it would stand in YAML: quoted where text is wanted, else plain."""
    start, end = row.place(at)
    text = row.values[at]
    if column.type in _AS_TEXT:
        return Scalar(row.source, start, end, text, '"')
    plain = text.strip()
    # Spreadsheets write TRUE and FALSE.
    if column.type is InputType.BOOLEAN and plain.lower() in _BOOLEANS:
        plain = plain.lower()
    return Scalar(row.source, start, end, plain)


def _advise_in_csv(advice: str, node: Node) -> str:
    """The help for a wrong value, put for a cell of CSV, where quotes make no difference."""
    text = node.value if isinstance(node, Scalar) else ""
    if _DECIMAL_COMMA.fullmatch(text):
        return f"write {text.replace(',', '.')}, with a point"
    return advice.removesuffix(", without quotes")
