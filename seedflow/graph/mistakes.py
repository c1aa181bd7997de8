"""Which templates are wrong by what they mention: what they would give once they are mended, nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.places import find_templates
from seedflow.recipe.model import Expression
from seedflow.recipe.references import NameReference, Reference, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.operation_nodes import Applied
from seedflow.recipe.templating.walking import walk

if TYPE_CHECKING:
    from seedflow.graph.flow import Flow

_ASKING: Final = frozenset(("defined", "undefined", "default", "d"))
"""Tests and filters that take what is not there."""


class Mistakes:
    """Answers for one graph. `flow` knows the fields of what is mentioned."""

    def __init__(self, flow: Flow, graph: StepGraph) -> None:
        self._flow = flow
        self._graph = graph
        self._known: dict[tuple[int, str, str], tuple[Template, bool]] = {}

    def is_mistaken(self, expression: Expression, node: StepNode | None, frame: Frame) -> bool:
        """Whether anything in it could not be read, or mentions what is not there, directly or through values of the recipe."""
        if isinstance(expression, Template):
            return self._is_wrong(expression, node, frame)
        return any(self._is_wrong(template, node, frame) for template in find_templates(expression))

    def lacks_fields(self, expression: Expression, node: StepNode) -> bool:
        """Whether it mentions a field that something certainly has not, and does not ask whether it is there."""
        for template in find_templates(expression):
            names = [one for one in template.references if isinstance(one, NameReference)]
            if names and not _asks(template) and any(self._lacks_field(name, node) for name in names):
                return True
        return False

    def _is_wrong(self, template: Template, node: StepNode | None, frame: Frame) -> bool:
        if not (template.references or template.unread):
            return False
        key = (id(template), frame.path, "" if node is None else node.id)
        found = self._known.get(key)
        if found is None:
            self._known[key] = (template, False)  # for values that use each other in a circle
            wrong = template.unread or any(
                self._misses(reference, node, frame) for reference in template.references
            )
            found = self._known[key] = (template, wrong)
        return found[1]

    def _misses(self, reference: Reference, node: StepNode | None, frame: Frame) -> bool:
        if isinstance(reference, StepReference):
            return frame.step_id(reference.step) not in self._graph.steps
        return bool(reference.path) and not self._is_there(reference, node, frame)

    def _lacks_field(self, reference: NameReference, node: StepNode) -> bool:
        if not reference.path:
            return False
        return self._flow.shape_of_name(reference, node).follow(reference.path[1:]) is None

    def _is_there(self, reference: NameReference, node: StepNode | None, frame: Frame) -> bool:
        match reference.root:
            case "inputs":
                return is_sure_input(reference.name, frame)
            case "values":
                value = frame.recipe.values.get(reference.name)
                return value is not None and not self._is_wrong(value, None, frame)
            case "each" if node is not None:
                iterate = node.step.iterate
                edits = set() if iterate is None else {iterate.name}
                return reference.name in edits.union(*(entry.names for entry in node.step.for_each))
            case "ref" if node is not None and node.step.generate is not None:
                references = node.generate.references
                return references is not None and any(
                    item.name == reference.name for item in references.items
                )
            case _:
                return True


def _asks(template: Template) -> bool:
    if template.expression is None:
        return any(name in template.scalar.value for name in ("defined", "default"))
    return any(isinstance(node, Applied) and node.name in _ASKING for node in walk(template.expression))


def is_sure_input(name: str, frame: Frame) -> bool:
    """Whether an input is declared, and nothing is wrong with its declaration."""
    return name in frame.recipe.inputs and not is_unread(frame, "inputs", name)


def is_unread(frame: Frame, part: str, name: str) -> bool:
    """Whether an entry of a part of a recipe, or anything in it, has errors."""
    return any(path in ((part,), ("defaults",)) or path[:2] == (part, name) for path in frame.recipe.unread)


def lacks_option(node: StepNode, *options: str) -> bool:
    """Whether one of these keys of a step has errors, and was left out as if it were not there."""
    unread = node.frame.recipe.unread
    return bool(unread) and any(
        path[:2] == ("steps", node.step.name) and path[2:3] and path[2] in options for path in unread
    )
