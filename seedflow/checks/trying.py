"""One operation by itself: which values it is tried with, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from seedflow.checks.stand_ins import find_stand_ins
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Binary
from seedflow.recipe.templating.problems import RenderError
from seedflow.recipe.templating.rendering import Rendering, Scope

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


def choose_values(
    node: Expression, operands: Sequence[Expression], shape_of: Callable[[Expression], Shape]
) -> list[Sequence[object]]:
    """The values that an operation is tried with, of each operand.

    Raises:
        Undecided: nothing is known of one of them.
    """
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
