"""Sources, spans and diagnostics. A span is two offsets into a source; lines and columns are worked out when shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad it is. Only errors stop anything."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Position(NamedTuple):
    """A place in a source; both numbers count from 1, columns in characters."""

    line: int
    column: int


class Source:
    """One text that the user wrote: a file, or a value given on the command line.

    Compared by identity. `name` is what messages call it (a path as the user would type it).
    """

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._starts = starts
        return self._starts

    def position(self, offset: int) -> Position:
        """The line and column of a character offset."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return Position(line, offset - starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line counted from 1, without its end."""
        starts = self._line_starts()
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to `end` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    @property
    def first(self) -> Position:
        """Where it starts."""
        return self.source.position(self.start)

    @property
    def last(self) -> Position:
        """The position just behind its last character."""
        return self.source.position(self.end)

    def __str__(self) -> str:
        line, column = self.first
        return f"{self.source.name}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a diagnostic."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem.

    `code` is kebab-case, stable, and has a section in the docs; `message` says what was found and what was
    expected; `help` is one thing to do.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = Severity.ERROR
    help: str | None = None
    related: tuple[Related, ...] = field(default=())

    def to_json(self) -> dict[str, object]:
        """A JSON object with `code`, `severity`, `message`, `help`, `file`, `line`, `column`, `end_line`, `end_column`."""
        found: dict[str, object] = {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "help": self.help,
            **_span_json(self.span),
        }
        if self.related:
            found["related"] = [
                {"message": other.message, **_span_json(other.span)} for other in self.related
            ]
        return found


def _span_json(span: Span | None) -> dict[str, object]:
    if span is None:
        return {"file": None, "line": None, "column": None, "end_line": None, "end_column": None}
    first, last = span.first, span.last
    return {
        "file": span.source.name,
        "line": first.line,
        "column": first.column,
        "end_line": last.line,
        "end_column": last.column,
    }


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them stops the work."""
    return any(found.severity is Severity.ERROR for found in diagnostics)
