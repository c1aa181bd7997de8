"""Texts of which parts are not known yet, and whether two of them may come to be the same text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Token:
    """A part that is not known yet, but is the same text wherever the same token stands."""

    name: str


Part: TypeAlias = "str | Token | None"
"""What is known, a token, or None for a part that may be anything."""

Pattern: TypeAlias = "tuple[Part, ...]"
"""Parts in a row, no two texts next to each other, without white space at the ends."""

ANYTHING: Pattern = (None,)


def build_pattern(parts: Iterable[Part]) -> Pattern:
    """A pattern of parts as they come."""
    found: list[Part] = []
    for part in parts:
        if part == "":
            continue
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part is None and found and found[-1] is None:
            continue
        else:
            found.append(part)
    if found and isinstance(found[0], str):
        found[0] = found[0].lstrip()
    if found and isinstance(found[-1], str):
        found[-1] = found[-1].rstrip()
    return tuple(part for part in found if part != "")


def may_be_equal(one: Pattern, other: Pattern) -> bool:
    """Whether two patterns may come to be the same text, once everything is known and stripped at the ends."""
    first, second = list(one), list(other)
    while first and second and first[0] is not None and first[0] == second[0]:
        del first[0], second[0]
    while first and second and first[-1] is not None and first[-1] == second[-1]:
        del first[-1], second[-1]
    if not first or not second:
        return not any(isinstance(part, str) and part.strip() for part in (*first, *second))
    if len(first) == len(second) == 1 and isinstance(first[0], str) and isinstance(second[0], str):
        return False
    return _may_begin_alike(first[0], second[0]) and _may_end_alike(first[-1], second[-1])


def _may_begin_alike(one: Part, other: Part) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):
        return True
    return one.startswith(other) or other.startswith(one) or one.rstrip() == other.rstrip()


def _may_end_alike(one: Part, other: Part) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):
        return True
    return one.endswith(other) or other.endswith(one) or one.lstrip() == other.lstrip()
