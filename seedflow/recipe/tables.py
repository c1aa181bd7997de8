"""The rows of a table as its columns declare them: from records, which YAML and JSON give.

Every problem says row and column; one that comes again and again is said a few times, and then counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from seedflow.canonical import build_key
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.leaves import describe_node, is_nothing, quote
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.views import Row
from seedflow.text.characters import is_unicode
from seedflow.text.json_nodes import is_json
from seedflow.text.nodes import Mapping as MappingNode
from seedflow.text.nodes import Node, Scalar

ReadCell = Callable[[Input, Node], "tuple[object, list[Diagnostic]]"]
"""Reads a node as its column declares."""

_MOST_ALIKE: Final = 3
"""So often a problem is said before it is counted."""


class TableReader:
    """Reads one table. `titled` when names stand as titles (in files) and not as the columns' names (in a recipe)."""

    def __init__(self, declared: Input, read_cell: ReadCell, read_default: ReadCell, *, titled: bool) -> None:
        self.rows: list[Row] = []
        self.declared = declared
        self._read_cell = read_cell
        self._read_default = read_default
        self._titled = titled
        self.columns = {
            (column.title if titled else name): column for name, column in declared.columns.items()
        }
        if declared.key is not None and declared.key not in declared.columns:
            self.columns[declared.key] = Input(declared.key, declared.span, InputType.TEXT)
        self._key_title = next(
            (title for title, column in self.columns.items() if column.name == declared.key), None
        )
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
            self.report(
                Diagnostic(
                    "wrong-type",
                    f"row {number} is {describe_node(node)}, expected a mapping of columns to values",
                    node.span,
                    help='write `{"COLUMN": VALUE, …}`'
                    if is_json(node.source)
                    else "write `COLUMN: VALUE` for each column",
                )
            )
            return
        cells = {
            entry.key.value: entry for entry in node if self._titled or not entry.key.value.startswith("x-")
        }
        values: dict[str, object] = {}
        present: set[str] = set()
        lacking: list[str] = []
        for title, column in self.columns.items():
            entry = cells.pop(title, None)
            if entry is None:
                values[column.name] = self.default_of(column)
                if is_required(column):
                    lacking.append(title)
                    values[column.name] = MISSING
                continue
            if is_nothing(entry.value):
                values[column.name] = self.fill(column, title, number, entry.value.span)
                continue
            present.add(column.name)
            values[column.name] = self.read(column, entry.value, title, number)
        if lacking:
            self._report_lacking(lacking, number, node, cells)
        for title, entry in cells.items():
            if title not in values:
                self.suspect(title, entry.key.span, present)
                if is_nothing(entry.value):
                    values[title] = None
                elif isinstance(entry.value, Scalar):
                    values[title] = entry.value.value
        self.add(values, number, node.span)

    def advise(self, advice: str | None) -> str | None:
        """The help for a wrong value, as it fits to where the value stands."""
        return advice

    def read(self, column: Input, node: Node, title: str, number: int) -> object:
        """The value of a cell, or `MISSING` with its problems reported."""
        value, wrong = self._read_cell(column, node)
        for one in wrong:
            said = f"row {number:,}, column {quote(title)}: {one.message}"
            self.report(replace(one, message=said, help=self.advise(one.help)), title)
        return MISSING if wrong else value

    def explain(self, titles: Iterable[str]) -> None:
        """Undeclared columns of which something was said already."""
        self._near.update(dict.fromkeys(titles))

    def suspect(self, title: str, span: Span, present: Collection[str]) -> None:
        """Say, once, that an undeclared column seems to be a declared one which is not there."""
        if title not in self._near:
            self._near[title] = find_near(title, self.columns) if self.declared.columns else None
        near = self._near[title]
        if near is None or self.columns[near].name in present:
            return
        self._near[title] = None
        self._first.append(
            Diagnostic(
                "unknown-column",
                f"{quote(title)} is not a column of `{self.declared.name}`, and {quote(near)} has no value here",
                span,
                Severity.WARNING if self._titled else Severity.ERROR,
                help=f"did you mean `{near}`?",
            )
        )

    def fill(self, column: Input, title: str, number: int, span: Span) -> object:
        """What an empty cell gives: the column's default, none, or a problem and `MISSING`."""
        if not is_required(column):
            return self.default_of(column)
        self._report_empty(title, number, span)
        return MISSING

    def _report_empty(self, title: str, number: int, span: Span) -> None:
        advice = "write a value, or declare the column `optional` or with a `default`"
        self.report(
            Diagnostic(
                "empty-cell",
                f"row {number:,}, column {quote(title)}: there is no value",
                span,
                help="write a value: the key tells rows apart" if title == self._key_title else advice,
            ),
            title,
        )

    def _report_lacking(
        self, lacking: Sequence[str], number: int, node: Node, others: Collection[str]
    ) -> None:
        """A record without keys that it needs."""
        meant = {title: near for title in lacking if (near := find_near(title, others)) is not None}
        self.explain(meant.values())
        advice = "write a value, or declare the column `optional` or with a `default`"
        if self._key_title in lacking:
            advice = f"write {quote(self._key_title or '')}: the key tells rows apart"
        if meant:
            advice = (
                "did you mean "
                + " and ".join(f"`{title}` by {quote(near)}" for title, near in meant.items())
                + "?"
            )
        self.report(
            Diagnostic(
                "empty-cell",
                f"row {number:,}, {list_titles(lacking).removeprefix('the ')}: there is no value",
                node.span,
                help=advice,
            ),
            ",".join(lacking),
        )

    def default_of(self, column: Input) -> object:
        """What a column gives where a row has nothing; read once."""
        if column.default is None:
            return None
        if column.name not in self._defaults:
            value, wrong = self._read_default(column, column.default)
            self._defaults[column.name] = value
            self._first.extend(wrong)
        return self._defaults[column.name]

    def add(self, values: dict[str, object], number: int, span: Span) -> None:
        """Take in a row. The rows mean nothing once there is a problem, but their keys are compared in any case."""
        found = MISSING if self.declared.key is None else values[self.declared.key]
        key = None if found is MISSING else spell_key(found)
        if key is not None and not key.strip():
            self._report_empty(self._key_title or "", number, span)
        elif key is not None and is_unicode(key):  # else that is told already
            name = build_key(key)
            first = self._keys.setdefault(name, (number, span))
            if first[0] != number:
                self.report(
                    Diagnostic(
                        "equal-keys",
                        f"rows {first[0]:,} and {number:,} have the same key ({self.declared.key}={name})",
                        span,
                        help="take one of them out, or give it another key",
                        related=(Related(first[1], "the first one"),),
                    )
                )
        self.rows.append(Row(values, key))

    def report(self, found: Diagnostic, title: str = "") -> None:
        """Take in a problem; those with one code and one column are alike."""
        self._alike.setdefault((found.code, title), []).append(found)


MISSING: Final = object()
"""Stands for a value that should be there and is not."""


def spell_key(value: object) -> str:
    """The text of a row's key."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def is_required(column: Input) -> bool:
    """Whether every row needs a value of its own in a column."""
    return column.default is None and not column.optional


def list_titles(titles: Sequence[str]) -> str:
    """Columns as messages call them: `the column `a``, `the columns `a`, `b` and `c``."""
    shown = [quote(title) for title in titles]
    if len(shown) == 1:
        return f"the column {shown[0]}"
    return f"the columns {', '.join(shown[:-1])} and {shown[-1]}"
