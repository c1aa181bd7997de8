"""The "did you mean" of near misses: which known name somebody may have meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from string import ascii_lowercase, digits
from typing import Final

_LONGEST_NAME: Final = 64
_MOST_COMPARED: Final = 200
"""Up to so many candidates each is compared; among more, only those one edit away are looked up."""
_ALPHABET: Final = ascii_lowercase + digits + "_-."


def find_near(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` is most likely a slip of, or None if none is near.

    Upper and lower case, and `-`, `_` and blanks, count as equal. Beyond these, a slip is one edit in a short name, two
    from six characters on, three from nine: a character added, left out or replaced, or two neighbours swapped. Of equally near ones the first in order
    of the candidates wins. Fast for any number of candidates when they are a dict, a set or another collection with
    a fast `in`.
    """
    known: Collection[str] = candidates if isinstance(candidates, Collection) else tuple(candidates)
    if not name or len(name) > _LONGEST_NAME:
        return None
    wanted = _simplify(name)
    if len(known) > _MOST_COMPARED:
        lookup = known if hasattr(known, "keys") or isinstance(known, (set, frozenset)) else frozenset(known)
        return next((edit for edit in _spell_otherwise(name) if edit in lookup and edit != name), None)
    best: str | None = None
    allowed = min(3, max(1, len(wanted) // 3))
    for candidate in islice(known, _MOST_COMPARED):
        if candidate == name or len(candidate) > _LONGEST_NAME:
            continue
        distance = _count_edits(wanted, _simplify(candidate), allowed)
        if distance is not None:
            if distance == 0:
                return candidate
            best, allowed = candidate, distance - 1
    return best


def _simplify(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")


def _count_edits(one: str, other: str, most: int) -> int | None:
    """The number of edits from one to the other ("optimal string alignment"), or None if more than `most`."""
    if abs(len(one) - len(other)) > most or (len(one) <= most and one != other):
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before = before, row
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(before) > most:
            return None
    return row[-1] if row[-1] <= most else None


def _spell_otherwise(name: str) -> Iterator[str]:
    """The spellings one edit away, the commonest slips first."""
    yield name.casefold()
    yield _simplify(name)
    yield _simplify(name).replace("_", "-")
    splits = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    for head, tail in splits[:-2]:
        yield head + tail[1] + tail[0] + tail[2:]
    for head, tail in splits[:-1]:
        yield head + tail[1:]
    for head, tail in splits:
        for letter in _ALPHABET:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
