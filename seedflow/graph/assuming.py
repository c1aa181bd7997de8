"""Shapes where more is certain than names say by themselves: of what is not none there, of how long lists are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from seedflow.graph.facts import Facts, spell
from seedflow.graph.ranges import Range
from seedflow.graph.shapes import Count, Kind, Shape
from seedflow.recipe.references import Slice, StepReference
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.templating.nodes import Expression

if TYPE_CHECKING:
    from seedflow.graph.inference import Lookup

_MOST_FOLLOWED = 50
"""How often values are looked through again with what is certain at one place."""


class Assuming:
    """What somebody knows of names, where more is certain."""

    def __init__(self, lookup: Lookup, facts: Facts, infer: Callable[[Expression, Lookup], Shape]) -> None:
        self.plain: Lookup = lookup.plain if isinstance(lookup, Assuming) else lookup
        self.followed: list[str] = lookup.followed if isinstance(lookup, Assuming) else []
        self.facts = facts
        self._infer = infer
        self.names = lookup.names

    def shape_of_root(self, root: str, name: str) -> Shape:
        """The shape of `inputs.NAME` and the like."""
        meant = self.names.find_value(name) if root == "values" and self.facts else None
        if meant is None or len(self.followed) >= _MOST_FOLLOWED:
            return self.plain.shape_of_root(root, name)
        self.followed.append(name)
        return self._infer(meant, self)

    def shape_of_variable(self, slot: int) -> Shape:
        """The shape of a variable that the template sets itself."""
        return self.plain.shape_of_variable(slot)

    def shape_of_step(self, reference: StepReference) -> Shape:
        """The shape of a mention of a step."""
        shape = self.plain.shape_of_step(reference)
        if not isinstance(reference.index, Slice) or shape.kind is not Kind.LIST:
            return shape
        whole = self._infer(Mentioned(replace(reference, index=None)), self)
        start, stop, step = reference.index.start, reference.index.stop, reference.index.step
        return replace(shape, count=whole.count.sliced(start, stop, step))


def narrow(shape: Shape, node: Expression, lookup: Lookup) -> Shape:
    """What is left of a shape where more is certain of the expression that has it."""
    if not shape.optional and shape.kind is not Kind.LIST:
        return shape
    key = spell(node, lookup.names)
    if key is None:
        return shape
    if shape.optional and shape.kind is not Kind.NONE and lookup.facts.is_there(key):
        shape = replace(shape, optional=False)
    if shape.kind is Kind.LIST:
        low, high = lookup.facts.count(key, shape.count)
        between = Range(*shape.count).within(low, high)
        shape = replace(shape, count=Count(between.low or 0, between.high))
    return shape
