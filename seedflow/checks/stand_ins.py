"""Values that stand in for those that only the run knows: a few of each kind, for operations to be tried with.

They know as much as the shape that they are made of. Whoever looks at more than that is undecided, which is no failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.views import View

_VARIANTS: Final = 8
"""How many stand-ins a value has at most; its parts come in as many."""
_TEXTS: Final = ("a", "")
_WHOLE_NUMBERS: Final = (1024, 1, 0, -1)
_NUMBERS: Final = (1.5, *_WHOLE_NUMBERS)


class Undecided(Exception):  # noqa: N818 - not an error of ours: with what is known, nothing can be said
    """Something was looked at of which nothing is known."""


def find_stand_ins(shape: Shape) -> Sequence[object]:
    """Values of a shape, those that it has most likely first: none is among them where it may be none.

    Raises:
        Undecided: nothing is known of it.
    """
    if shape.kind is Kind.NONE:
        return (None,)
    found = _find(shape)
    return (*found, None) if shape.optional else found


def _find(shape: Shape) -> Sequence[object]:
    match shape.kind:
        case Kind.TEXT:
            return shape.options if 0 < len(shape.options) < _VARIANTS else _TEXTS
        case Kind.INTEGER:
            between = shape.between
            return (
                (between.low,)
                if between is not None and between.low is not None and between.low == between.high
                else _WHOLE_NUMBERS
            )
        case Kind.NUMBER:
            return _NUMBERS
        case Kind.BOOLEAN:
            return (True, False)
        case Kind.IMAGE:
            return [View("image", _Parts(shape, variant)) for variant in range(_VARIANTS)]
        case Kind.TASK:
            return [View("task", _Parts(shape, variant)) for variant in range(_VARIANTS)]
        case Kind.RECORD:
            return [_Parts(shape, variant) for variant in range(_VARIANTS)]
        case Kind.LIST:
            return _find_lists(shape)
        case _:
            raise Undecided


def _find_lists(shape: Shape) -> Sequence[object]:
    """Lists of one item, since what no item has fails with the first; an empty one where there can be none."""
    if shape.count.high == 0:
        return ([],)
    if shape.item is None or not shape.item.known:
        return (_Items(),)
    return [[item] for item in find_stand_ins(shape.item)]


class _Items(list[object]):
    """A list of items of which nothing is known."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[object]:
        raise Undecided

    def __getitem__(self, _: object) -> object:  # type: ignore[override] # nothing comes out of it
        raise Undecided

    def __eq__(self, _: object) -> bool:
        raise Undecided

    def __hash__(self) -> int:  # type: ignore[override] # lists have none
        raise Undecided


class _Parts(Mapping[str, object]):
    """The fields of a record, or the attributes of an image or a task."""

    __slots__ = ("_shape", "_variant")

    def __init__(self, shape: Shape, variant: int) -> None:
        self._shape = shape
        self._variant = variant

    def __getitem__(self, name: str) -> object:
        found = self._shape.find(name)
        if found is None and self._shape.open and self._shape.kind is not Kind.RECORD:
            raise Undecided
        if found is None:
            raise KeyError(name)
        values = find_stand_ins(found)
        return values[self._variant % len(values)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shape.attributes())

    def __len__(self) -> int:
        return len(self._shape.attributes())
