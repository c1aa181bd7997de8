"""How many images a reference may be that cannot be worked out yet: by what the lists hold, and by what the graph knows of their items."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from seedflow.graph.flow import Flow
from seedflow.graph.model import StepGraph, StepNode
from seedflow.graph.shapes import Kind
from seedflow.models.catalog import Catalog
from seedflow.plan.frames import Env
from seedflow.plan.model import Bounds
from seedflow.plan.ranges import RangeFinder
from seedflow.plan.whole import is_one_image
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Item
from seedflow.recipe.templating.nodes import Constant
from seedflow.recipe.templating.operation_nodes import Applied
from seedflow.recipe.templating.walking import walk

_ONE_OF_A_LIST = ("first", "last", "max", "min")


class ReferenceCounter:
    """Counts the images of references. What the graph knows is worked out when it is first asked for."""

    def __init__(
        self,
        graph: StepGraph,
        catalog: Catalog,
        count: Callable[[Template, Env], Bounds[int]],
        ranges: RangeFinder,
    ) -> None:
        self._graph = graph
        self._catalog = catalog
        self._count = count
        self._ranges = ranges

    @cached_property
    def _flow(self) -> Flow:
        return Flow(self._graph, self._catalog)

    def count(self, template: Template, env: Env, node: StepNode) -> Bounds[int]:
        """How many images a template of a step may give."""
        low, high = self._count(template, env)
        shape = self._flow.shape_of_template(template, node)
        if shape.kind is Kind.IMAGE:
            return Bounds(0 if shape.optional or self._may_be_empty(template, node) else 1, 1)
        if is_one_image(template) or self._is_item(template, node):
            low, high = min(low, 1), min(high, 1)
        for given in (self._ranges.find(template, env), shape):
            if given.holds_images and given.kind is Kind.LIST and given.count.high is not None:
                high = max(low, min(high, given.count.high))
        return Bounds(low, high)

    def _is_item(self, template: Template, node: StepNode) -> bool:
        """Whether it is one of a list of images by its number, be the list so long or not."""
        part = template.expression
        if not isinstance(part, Item) or not isinstance(part.key, Constant):
            return False
        item = self._flow.shape_of_part(part.base, node).item
        return item is not None and item.kind is Kind.IMAGE and isinstance(part.key.value, int)

    def _may_be_empty(self, template: Template, node: StepNode) -> bool:
        """Whether it takes one of a list that may have none."""
        if template.expression is None:
            return False
        return any(
            isinstance(part, Applied)
            and part.name in _ONE_OF_A_LIST
            and bool(part.arguments)
            and self._flow.shape_of_part(part.arguments[0], node).count.low == 0
            for part in walk(template.expression)
        )
