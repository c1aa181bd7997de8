"""One operation by itself: which values it is tried with, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from seedflow.checks.stand_ins import Undecided, find_stand_ins
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Part
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import (
    Applied,
    Binary,
    Compared,
    Joined,
    ListOf,
    Not,
    RecordOf,
    Signed,
)
from seedflow.recipe.templating.problems import RenderError
from seedflow.recipe.templating.rendering import Rendering, Scope
from seedflow.recipe.templating.walking import find_parts

CERTAIN: Final = frozenset(
    (
        "template-arguments",
        "template-none-in-text",
        "template-not-text",
        "template-number",
        "template-type",
        "template-undefined",
        "template-unknown-test",
    )
)
"""What is wrong whichever values of these kinds there are; anything else is wrong with those that were tried."""

TOO_MUCH: Final = frozenset(("template-cost",))
"""What is wrong only for what the values themselves are, such as the number of a `range`."""


_WRITTEN_OUT: Final = (
    Applied,
    Attribute,
    Binary,
    Compared,
    Constant,
    Item,
    Joined,
    ListOf,
    Not,
    Part,
    RecordOf,
    Signed,
)
_MOST_PARTS: Final = 200
"""More is not worth being done once for each of its parts."""


class WrittenOut:
    """Knows which expressions are made of nothing but what stands in the text, so that they have one value."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}

    def holds(self, node: Expression) -> bool:
        """Whether one is, and is short enough to be worth its value."""
        return 0 < self._measure(node) <= _MOST_PARTS

    def leave(self, node: Expression) -> None:
        """Leave one out, and what is made of it: it may fail, or somebody else says that it does."""
        self._sizes[id(node)] = 0

    def _measure(self, node: Expression) -> int:
        """Of how many nodes it is made; 0 where a part of it is not written out."""
        found = self._sizes.get(id(node))
        if found is None:
            sizes = [self._measure(part) for part in find_parts(node)]
            whole = isinstance(node, _WRITTEN_OUT) and all(sizes)
            found = self._sizes[id(node)] = 1 + sum(sizes) if whole else 0
        return found


def is_exact(operand: Expression, shape_of: Callable[[Expression], Shape]) -> bool:
    """Whether an operand is tried with the very value that it has: one that is written out, or calculated of such numbers."""
    if isinstance(operand, Constant):
        return True
    shape = shape_of(operand)
    between = shape.between
    return (
        shape.kind is Kind.INTEGER
        and not shape.optional
        and between is not None
        and between.low is not None
        and between.low == between.high
    )


def _looks_up_any_name(node: Item, shape_of: Callable[[Expression], Shape]) -> bool:
    """Whether a record is looked up by a text of which nobody knows what it says."""
    key = shape_of(node.key)
    any_text = key.kind is Kind.TEXT and not key.options and not isinstance(node.key, Constant)
    return any_text and shape_of(node.base).kind is Kind.RECORD


def choose_values(
    node: Expression, operands: Sequence[Expression], shape_of: Callable[[Expression], Shape]
) -> list[Sequence[object]]:
    """The values that an operation is tried with, of each operand.

    Raises:
        Undecided: nothing is known of one of them.
    """
    if isinstance(node, Item) and _looks_up_any_name(node, shape_of):
        raise Undecided
    # A list takes none beside it, which says nothing of what stands there where it is not none.
    sums = isinstance(node, Binary) and node.operator is operators.add
    found: list[Sequence[object]] = []
    for operand in operands:
        if isinstance(operand, Constant):
            found.append((operand.value,))
            continue
        shape = shape_of(operand)
        found.append(find_stand_ins(replace(shape, optional=False) if sums else shape))
    return found


def try_out(node: Expression) -> RenderError | None:
    """What is wrong with an operation of plain values; None when nothing is."""
    try:
        node.evaluate(Rendering(Scope(), 0, None))
    except RenderError as error:
        return error
    return None
