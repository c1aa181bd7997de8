"""Requests as far as they are known, and whether the parameters of two of them may come to be the same."""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seedflow.plan.model import Unknown
from seedflow.plan.patterns import ANYTHING, Pattern, Token, may_be_equal

_MARK: Final = "\x00"
"""Stands for an unknown part in the spelling of a request."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Images that a request uses, in a row: of these kinds or, with a `known` one, this very image.

    `number` is that of the one image within its task, 0 when that is not known or there are more. `mention` names these very
    images, as many as they turn out to be; it is empty where they stand for those of tasks that are not known yet.
    """

    kinds: tuple[int, ...] = ()
    low: int = 1
    high: int = 1
    number: int = 0
    known: str | None = None
    elsewhere: bool = False
    anywhere: bool = False
    mention: str = ""


@dataclass(slots=True, eq=False)
class Entry:
    """A request, as far as it is known. It is `fixed` when all of it is known but the pictures of requests that are fixed, too."""

    kind: int
    params: Mapping[str, object]
    digest: str | None
    patterns: Mapping[str, Pattern]
    slots: tuple[Slot, ...]
    fixed: bool


class Row:
    """Requests that have the same unknown parts in the same places, told apart by the texts between them."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.alike = False
        self._strings: list[str] = []
        self._ends: set[str] = set()
        self._lengths: set[int] = set()

    def add(self, spelled: str, entry: Entry) -> None:
        """Take one in. All are alike as soon as one text begins like another where an unknown part follows."""
        self.alike = self.alike or self._clashes(spelled)
        self.entries[spelled] = entry
        insort(self._strings, spelled)
        for at, character in enumerate(spelled):
            if character == _MARK:
                self._ends.add(spelled[:at])
                self._lengths.add(at)

    def _clashes(self, spelled: str) -> bool:
        for length in self._lengths:
            if spelled[:length] in self._ends and spelled[length : length + 1] != _MARK:
                return True
        for at, character in enumerate(spelled):
            if character == _MARK:
                found = bisect_left(self._strings, spelled[:at] + "\x01")
                if found < len(self._strings) and self._strings[found].startswith(spelled[:at]):
                    return True
        return False


def params_may_be_equal(one: Entry, other: Entry) -> bool:
    """Whether two requests may come to have the same parameters, their images aside."""
    if one.digest is not None and other.digest is not None:
        return one.digest == other.digest
    for name in one.params.keys() | other.params.keys():
        first, second = one.params.get(name), other.params.get(name)
        if not isinstance(first, Unknown) and not isinstance(second, Unknown):
            if first != second:
                return False
        elif not may_be_equal(_pattern_of(one, name, first), _pattern_of(other, name, second)):
            return False
    return True


def _pattern_of(entry: Entry, name: str, value: object) -> Pattern:
    if isinstance(value, Unknown):
        return entry.patterns.get(name, ANYTHING)
    if isinstance(value, str):
        return (value,) if value else ()
    return ANYTHING


def find_shape(entry: Entry) -> tuple[object, str] | None:
    """The unknown parts of a request's parameters, and all that is known of them as one text; None when some may be anything."""
    names = tuple(name for name, value in entry.params.items() if isinstance(value, Unknown))
    if len(names) != 1:
        return None
    pattern = entry.patterns.get(names[0], ANYTHING)
    if None in pattern:
        return None
    known = {name: value for name, value in entry.params.items() if name not in names}
    spelled = "".join(_MARK if isinstance(part, Token) else str(part) for part in pattern)
    tokens = tuple(part for part in pattern if isinstance(part, Token))
    return (names, tokens, json.dumps(known, sort_keys=True, default=repr)), spelled
