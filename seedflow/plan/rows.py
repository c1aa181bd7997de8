"""What `for_each` becomes on the way to tasks: rows of values, openings where more may come, and leaves that stand for those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seedflow.plan.gaps import Gap
from seedflow.plan.instances import ImageSource, Order
from seedflow.plan.model import Bounds


@dataclass(frozen=True, slots=True)
class Row:
    """Values of the first variables of `for_each`, with their keys and their place in the order."""

    each: Mapping[str, object]
    keys: tuple[tuple[str, str], ...]
    order: Order
    sources: tuple[ImageSource, ...] = ()
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """A gap in the list of variable number `depth`, behind a row of earlier values."""

    row: Row
    depth: int
    gap: Gap


@dataclass(frozen=True, slots=True)
class Leaf:
    """A row that stands for instances that are not known yet, and how many; `gaps` are those of its variables."""

    row: Row
    count: Bounds[int]
    gaps: tuple[tuple[tuple[str, ...], Gap], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether one of its lists has no items for certain, whatever becomes of the others: then nothing will come, and nobody is skipped."""
        return any(gap.bounds.high == 0 and not (gap.may_skip or gap.is_closed) for _, gap in self.gaps)

    @property
    def may_be_refused(self) -> bool:
        """Whether it may turn out that no list can be made where it has gaps; what tasks give always can be gone through."""
        return any(gap.source is None for _, gap in self.gaps)


FIRST_ROW = Row({}, (), ())


def may_skip(leaves: Sequence[Leaf]) -> bool:
    """Whether what leaves stand for may be skipped since a list of theirs is."""
    return any(gap.may_skip or gap.skipped is not None for leaf in leaves for _, gap in leaf.gaps)
