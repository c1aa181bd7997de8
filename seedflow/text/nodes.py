"""The node tree that the reader gives: scalars, sequences, mappings, each with its place in the source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from seedflow.diagnostics import Source, Span
from seedflow.text.offsets import locate
from seedflow.text.scalars import Plain, is_null, resolve_plain


class Scalar:
    """One YAML scalar. `value` is its text after folding and escapes; `style` is '' (plain), ', ", | or >."""

    __slots__ = ("end", "source", "start", "style", "value")

    def __init__(self, source: Source, start: int, end: int, value: str, style: str = "") -> None:
        self.source = source
        self.start = start
        self.end = end
        self.value = value
        self.style = style

    def __repr__(self) -> str:
        return f"Scalar({self.value!r})"

    @property
    def span(self) -> Span:
        """The scalar as written, quotes included."""
        return Span(self.source, self.start, self.end)

    @property
    def plain(self) -> bool:
        """Whether it stands without quotes or a block indicator, so that it may be a number, a boolean or null."""
        return self.style == ""

    @property
    def null(self) -> bool:
        """Whether it is null: without quotes, and nothing at all, `null` or `~`."""
        return self.style == "" and is_null(self.value)

    def resolve(self) -> Plain:
        """Its value by the YAML 1.2 core schema; quoted and block scalars are always text."""
        return resolve_plain(self.value) if self.style == "" else self.value

    def span_at(self, start: int, end: int) -> Span:
        """The place in the source of characters `start` up to `end` of `value`, folds and escapes undone."""
        return Span(
            self.source, *locate(self.source.text, self.start, self.end, self.style, self.value, start, end)
        )


class Sequence:
    """A YAML list."""

    __slots__ = ("end", "items", "source", "start")

    def __init__(self, source: Source, start: int, end: int, items: tuple[Node, ...]) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.items = items

    @property
    def span(self) -> Span:
        """From its first to its last character."""
        return Span(self.source, self.start, self.end)


class Entry(NamedTuple):
    """One key of a mapping with its value."""

    key: Scalar
    value: Node


class Mapping:
    """A YAML mapping with unique scalar keys, in written order."""

    __slots__ = ("_index", "end", "entries", "source", "start")

    def __init__(self, source: Source, start: int, end: int, entries: tuple[Entry, ...]) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.entries = entries
        self._index: dict[str, Entry] | None = None

    @property
    def span(self) -> Span:
        """From its first to its last character."""
        return Span(self.source, self.start, self.end)

    def find(self, key: str) -> Entry | None:
        """The entry of a key, or None."""
        if self._index is None:
            self._index = {entry.key.value: entry for entry in self.entries}
        return self._index.get(key)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


Node: TypeAlias = Scalar | Sequence | Mapping
