"""Requests to one model with one take, findable by what may be equal: their parameters and what their first image may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from seedflow.plan.alike import Entry, Row, find_shape
from seedflow.plan.model import ANYWHERE

NOTHING: Final = "nothing"
Head: TypeAlias = "int | str"
"""What the first image of a request may be: one of a kind, one that is there already, or none at all."""


@dataclass(slots=True)
class Domain:
    """All requests to one model with one take.

    Those of which everything is known are `settled`, and put together with the others only once there are others. They are `alike`
    where they were too many to be told apart.
    """

    entries: list[Entry] = field(default_factory=list)
    settled: dict[tuple[str, tuple[str | None, ...]], Entry] | None = field(default_factory=dict)
    exact: dict[tuple[str, tuple[Head, ...]], list[Entry]] = field(default_factory=dict)
    by_params: dict[str, list[Entry]] = field(default_factory=dict)
    loose: dict[str, list[Entry]] = field(default_factory=dict)
    closed: dict[Head, list[Entry]] = field(default_factory=dict)
    opened: dict[Head, list[Entry]] = field(default_factory=dict)
    rows: dict[tuple[Head, object], Row] = field(default_factory=dict)
    anywhere: list[Entry] = field(default_factory=list)
    alike: bool = False

    def find_candidates(
        self, entry: Entry, heads: set[Head], rigid: tuple[Head, ...] | None
    ) -> Iterator[Entry]:
        """Those that an entry has to be compared with; it is among them from then on.

        `heads` are what its first image may be, `rigid` the kinds of all of its images in a row where these are certain.
        """
        if ANYWHERE in heads:
            self.anywhere.append(entry)
            yield from self.entries
        yield from self.anywhere
        if entry.digest is not None:
            yield from self._candidates_of_known(entry, entry.digest, rigid)
            for head in heads:
                self.closed.setdefault(head, []).append(entry)
                yield from self.opened.get(head, ())
            return
        shape = find_shape(entry)
        for (
            head
        ) in heads:  # those first that it may be of one kind with: what is beside these is beside it as well
            if shape is None:
                yield from self.opened.get(head, ())
            else:
                yield from self._candidates_of_row(entry, head, *shape)
            self.opened.setdefault(head, []).append(entry)
        for head in heads:
            yield from self.closed.get(head, ())

    def _candidates_of_known(
        self, entry: Entry, digest: str, rigid: tuple[Head, ...] | None
    ) -> Iterator[Entry]:
        if rigid is None:
            yield from self.by_params.get(digest, ())
            self.loose.setdefault(digest, []).append(entry)
        else:
            same = self.exact.setdefault((digest, rigid), [])
            yield from same
            yield from self.loose.get(digest, ())
            same.append(entry)
        self.by_params.setdefault(digest, []).append(entry)

    def _candidates_of_row(self, entry: Entry, head: Head, shape: object, spelled: str) -> Iterator[Entry]:
        row = self.rows.setdefault((head, shape), Row())
        others = self.opened.get(head, ())
        if len(row.entries) < len(others):
            mine = set(map(id, row.entries.values()))
            yield from (other for other in others if id(other) not in mine)
        same = row.entries.get(spelled)
        if same is not None:
            yield same
            return
        row.add(spelled, entry)
        if row.alike:
            yield from row.entries.values()
