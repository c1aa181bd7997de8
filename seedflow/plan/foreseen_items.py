"""Items of a list that only the run knows, as far as their keys are foreseen."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TypeAlias

from seedflow.recipe.references import Slice


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An item that a list will have, `certain` if every run that comes so far has it.

    `key` is compared, `spelled` is shown; `source` is the address it comes from. `choices` are the alternatives that it is
    one of, each by its place and number: two of the same place never meet. `unless_failed` when nothing but a failure keeps it away.
    """

    key: Hashable
    spelled: str
    source: str
    certain: bool
    choices: tuple[tuple[int, int], ...] = ()
    unless_failed: bool = False

    def meets(self, other: Foreseen) -> bool:
        """Whether both can be in one list."""
        taken = dict(self.choices)
        return all(taken.get(place, number) == number for place, number in other.choices)


Column: TypeAlias = "list[Foreseen | None]"
"""Items in order; None stands for any number of those that nothing is known of."""


def doubt_all(found: Column) -> Column:
    """The same items, each of which may stay away."""
    return [one and replace(one, certain=False, unless_failed=False) for one in found]


def let_fail(found: Column) -> Column:
    """The same items, each of which stays away where it failed."""
    return [
        one and replace(one, certain=False, unless_failed=one.certain or one.unless_failed) for one in found
    ]


def pick_foreseen(found: Column, index: int | Slice) -> Column:
    """The part of a list that a literal index picks; of one whose length is open, only what stands before that is known."""
    items: list[Foreseen] = []
    for one in found:
        if one is None or not one.certain:
            break
        items.append(one)
    if len(items) < len(found):
        if isinstance(index, int):
            return [items[index]] if 0 <= index < len(items) else [None]
        whole = index.start in (None, 0) and index.step in (None, 1)
        if not whole or (index.stop is not None and index.stop < 1):
            return [None]
        return [*items[: index.stop], None]
    if isinstance(index, int):
        return [items[index]] if -len(items) <= index < len(items) else [None]
    return list(items[index.start : index.stop : index.step])
