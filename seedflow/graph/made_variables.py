"""What the condition of a step makes certain of its variables, for whoever meets them at its tasks and images: only made ones are met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from seedflow.graph.certain import Certain
from seedflow.graph.facts import Facts, Names, spell
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.templating.lookup_nodes import Attribute, Named
from seedflow.recipe.templating.nodes import Expression


class MadeVariables:
    """Answers for one graph, for each step once."""

    def __init__(self, certain: Certain) -> None:
        self._certain = certain
        self._found: dict[str, Mapping[str, Shape]] = {}

    def narrow(self, variables: Mapping[str, Shape], node: StepNode) -> Mapping[str, Shape]:
        """The shapes of the variables of a step, and of what is in them, without the doubts that its condition rules out."""
        if node.step.when is None:
            return variables
        found = self._found.get(node.id)
        if found is None:
            self._found[node.id] = variables  # for steps that use each other in a circle
            facts = self._certain.of_step(node)
            found = self._found[node.id] = {
                name: _narrow(shape, Named("each", name, 0, 0, 0, 0), facts)
                for name, shape in variables.items()
            }
        return found


def _narrow(shape: Shape, node: Expression, facts: Facts) -> Shape:
    key = spell(node, Names())
    if shape.optional and shape.kind is not Kind.NONE and key is not None and facts.is_there(key):
        shape = replace(shape, optional=False)
    if not shape.fields or shape.kind not in (Kind.RECORD, Kind.TASK, Kind.IMAGE):
        return shape
    base = node if shape.kind is Kind.RECORD else Attribute(node, "each", 0, 0, 0)
    fields = {
        name: _narrow(field, Attribute(base, name, 0, 0, 0), facts) for name, field in shape.fields.items()
    }
    return replace(shape, fields=fields)
