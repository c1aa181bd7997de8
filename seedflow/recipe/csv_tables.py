"""A CSV file as the rows of a table: its header judged by the declared columns, its cells as they would stand in YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from seedflow.diagnostics import Diagnostic, Related, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.tables import MISSING, ReadCell, TableReader, is_required, list_titles
from seedflow.text.csv_rows import CsvRow
from seedflow.text.nodes import Scalar

_MOST_TITLES: Final = 12
_AS_TEXT: Final = frozenset({InputType.TEXT, InputType.CHOICE, InputType.IMAGE})
_BOOLEANS: Final = frozenset({"true", "false"})
_DELIMITERS: Final = {";": '";"', "\t": r'"\t"', ",": '","', "|": '"|"'}

_NOTE_OF_DELIMITER: Final = re.compile(r'"?sep=(?P<sign>[;,|\t])"?', re.IGNORECASE)
"""What some programs write above the titles for spreadsheets to read."""


class CsvTableReader(TableReader):
    """Reads a table from the rows of a CSV file."""

    def __init__(self, declared: Input, read_cell: ReadCell, read_default: ReadCell) -> None:
        super().__init__(declared, read_cell, read_default, titled=True)

    def read_rows(self, header: CsvRow, rows: Sequence[CsvRow]) -> None:
        """All rows below a header."""
        titles = [title.strip() for title in header.values]
        if not self._check_header(header, titles):
            return
        places: dict[str, int] = {}
        for at, title in enumerate(titles):
            if title:
                places.setdefault(title, at)
        plan = [(at, title, self.columns.get(title)) for title, at in places.items()]
        absent = [column for title, column in self.columns.items() if title not in places]
        for row in rows:
            number = row.number - header.number
            if not any(map(str.strip, row.values)):
                continue
            if len(row.values) != len(titles):
                self._report_ragged(row, number, len(titles))
                continue
            self._read_row(row, number, plan, absent)

    def _read_row(
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
                values[column.name] = self.fill(column, title, number, row.cell_span(at))
            elif column.type is InputType.TEXT and column.min_length is None and column.max_length is None:
                values[column.name] = text
            else:
                values[column.name] = self.read(column, _cell_node(row, at, column), title, number)
        for column in absent:
            values[column.name] = MISSING if is_required(column) else self.default_of(column)
        self.add(values, number, row.span)

    def _check_header(self, header: CsvRow, titles: Sequence[str]) -> bool:
        """Whether the rows below can be read; what is wrong with the header is reported in any case."""
        noted = _NOTE_OF_DELIMITER.fullmatch(header.source.text[header.start : header.end])
        if noted is not None and not self.columns.keys() & set(titles):
            self.report(self._report_note(header, noted["sign"]))
            return False
        missing = [
            title for title, column in self.columns.items() if title not in titles and is_required(column)
        ]
        if len(titles) == 1 and missing:
            other = next((sign for sign in _DELIMITERS if sign in titles[0]), None)
            if other is not None:
                self.report(
                    Diagnostic(
                        "missing-column",
                        f"this header has one title, and {list_titles(missing)} {_be(missing)} missing",
                        header.span,
                        help=f"its cells seem to be parted otherwise: declare `delimiter: {_DELIMITERS[other]}`",
                    )
                )
                return False
        seen: dict[str, int] = {}
        for at, title in enumerate(titles):
            if title and seen.setdefault(title, at) != at:
                self.report(
                    Diagnostic(
                        "repeated-column",
                        f"the title {quote(title)} stands in this header twice",
                        header.cell_span(at),
                        help="rename or remove one of the two columns",
                        related=(Related(header.cell_span(seen[title]), "first given here"),),
                    )
                )
            elif title and title not in self.columns and title in self.declared.columns:
                own = self.declared.columns[title]
                if own.title in missing:
                    continue  # it stands in its place, and that is said of what is missing
                self.report(
                    Diagnostic(
                        "repeated-column",
                        f"the title {quote(title)} is the name of a column whose own title is {quote(own.title)}",
                        header.cell_span(at),
                        help="rename this column in the file, or the other one in the recipe",
                        related=(Related(own.span, "declared here"),),
                    )
                )
        if missing:
            self.report(self._missing_columns(missing, header, titles))
        for title, column in self.columns.items():
            if column.type is InputType.LIST and title in titles:
                self.report(
                    Diagnostic(
                        "wrong-type",
                        f"the column {quote(title)} holds lists, and a cell of CSV is one value",
                        header.cell_span(titles.index(title)),
                        help="keep the table in JSON, JSONL or YAML",
                    )
                )
                return False
        present = {column.name for title, column in self.columns.items() if title in titles}
        for at, title in enumerate(titles):
            if title and title not in self.columns:
                self.suspect(title, header.cell_span(at), present)
        return True

    def _report_note(self, header: CsvRow, sign: str) -> Diagnostic:
        spelled = header.source.text[header.start : header.end].replace("\t", r"\t")
        advice = "take that line out of the file"
        if len(header.values) == 1 and sign != self.declared.delimiter:
            advice += f", and declare `delimiter: {_DELIMITERS[sign]}` in the recipe"
        return Diagnostic(
            "missing-column",
            f"this first line, {quote(spelled)}, is a note for spreadsheets, and the titles of the columns have to stand there",
            header.span,
            help=advice,
        )

    def _missing_columns(self, missing: Sequence[str], header: CsvRow, titles: Sequence[str]) -> Diagnostic:
        free = [title for title in titles if title and title not in self.columns]
        names = {column.title: name for name, column in self.declared.columns.items() if name in free}
        meant = {
            title: near
            for title in missing
            if (near := names.get(title) or find_near(title, free)) is not None
        }
        self.explain(meant.values())
        known = ", ".join(quote(title) for title in titles[:_MOST_TITLES] if title)
        more = ", …" if len(titles) > _MOST_TITLES else ""
        advice = "add what is missing to the file, or declare it `optional`"
        if meant:
            title, near = next(iter(meant.items()))
            advice = f"the file has {quote(near)}: if that is {quote(title)}, declare `header: {near}`, or rename it in the file"
        declared = [self.columns[title].span for title in missing]
        return Diagnostic(
            "missing-column",
            f"{list_titles(missing)} of `{self.declared.name}` {_be(missing)} missing; this header has {known}{more}",
            header.span,
            help=advice,
            related=tuple(
                Related(span, "declared here") for span in declared if span is not self.declared.span
            ),
        )

    def _report_ragged(self, row: CsvRow, number: int, wanted: int) -> None:
        found = len(row.values)
        if found > wanted:
            span = Span(row.source, row.place(wanted)[0], row.end)
            advice = "put quotes around a cell that holds the delimiter, or take the last cells out"
        else:
            span, advice = row.span, "add the missing cells, empty ones too"
        self.report(
            Diagnostic(
                "ragged-row",
                f"row {number:,} has {found} cell{'' if found == 1 else 's'}, but the header has {wanted}",
                span,
                help=advice,
            )
        )

    def advise(self, advice: str | None) -> str | None:
        """Quotes make no difference in CSV."""
        return advice.removesuffix(", without quotes") if advice else advice


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


def _be(titles: Sequence[str]) -> str:
    return "is" if len(titles) == 1 else "are"
