"""Whether what an expression gives counts as true whatever the run brings, so that nothing else takes its place."""

from __future__ import annotations

from collections.abc import Callable

from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import And, Either, Or
from seedflow.recipe.templating.walking import walk


def always_holds(node: Expression, shape_of: Callable[[Expression], Shape]) -> bool:
    """Whether it is a list that has items for certain, or an image or task that is there."""
    match node:
        case Or():
            return always_holds(node.left, shape_of) or always_holds(node.right, shape_of)
        case And():
            return always_holds(node.left, shape_of) and always_holds(node.right, shape_of)
        case Either():
            return always_holds(node.then, shape_of) and always_holds(node.otherwise, shape_of)
        case _:
            # Shapes of tests within tests would be worked out twice for each level.
            if any(isinstance(part, (And, Either, Or)) for part in walk(node)):
                return False
            shape = shape_of(node)
            there = shape.kind in (Kind.IMAGE, Kind.TASK) or (shape.kind is Kind.LIST and shape.count.low > 0)
            return there and not shape.optional
