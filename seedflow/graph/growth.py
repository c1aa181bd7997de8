"""Lists that only the run knows: whether anything bounds them, followed through values, variables and used recipes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedflow.graph.bounds import find_bound_sources
from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.outputs import find_output
from seedflow.graph.places import find_templates
from seedflow.recipe.model import Argument, Expression, Input, InputType
from seedflow.recipe.references import NameReference, Reference, StepReference
from seedflow.recipe.template import Template


@dataclass(frozen=True, slots=True)
class Where:
    """Where a template stands: in a step, or among the values of a recipe."""

    frame: Frame
    node: StepNode | None = None


@dataclass(frozen=True, slots=True)
class Unbounded:
    """A template that nothing bounds in what a list is made of.

    `crossed` is the input through which it came into a used recipe, and `recipe` that recipe's name: a greatest number of items
    would be a bound there.
    """

    template: Template
    crossed: Input | None = None
    recipe: str = ""


class Growth:
    """Answers for one graph. What is looked up once is kept."""

    def __init__(self, graph: StepGraph) -> None:
        self._graph = graph
        self._dynamic: dict[tuple[str, str, str], bool] = {}
        self._unbounded: dict[tuple[int, str, str], Unbounded | None] = {}

    def is_dynamic(self, expression: Expression, where: Where) -> bool:
        """Whether only the run knows what an expression gives: it looks at results, directly or through a name."""
        return any(
            self.is_dynamic_mention(reference, where)
            for template in find_templates(expression)
            for reference in template.references
        )

    def find_unbounded(self, expression: Expression, where: Where) -> Unbounded | None:
        """What nothing bounds in what a list is made of; None when it is bounded, or known when planning."""
        if not isinstance(expression, Template) or not self.is_dynamic(expression, where):
            return None  # a list that is written out is as long as it is written
        if expression.unread:
            return None  # what it would be made of is not known, which is told already
        key = (id(expression), where.frame.path, "" if where.node is None else where.node.id)
        if key not in self._unbounded:
            self._unbounded[key] = None  # for values that use each other in a circle
            self._unbounded[key] = self._look_for_unbounded(expression, where)
        return self._unbounded[key]

    def _look_for_unbounded(self, template: Template, where: Where) -> Unbounded | None:
        sources = find_bound_sources(template)
        if sources is None:
            return Unbounded(template)
        for source in sources:
            found = self._follow(source, where)
            if found is not None:
                return found
        return None

    def _follow(self, source: Reference, where: Where) -> Unbounded | None:
        if isinstance(source, StepReference):
            return self._follow_output(source, where)
        if not source.path or not self.is_dynamic_mention(source, where):
            return None
        match source.root:
            case "inputs":
                declared = where.frame.recipe.inputs.get(source.name)
                argument = self.find_argument(source.name, where.frame)
                call = where.frame.call
                if (
                    argument is None
                    or call is None
                    or (declared is not None and declared.max_items is not None)
                    or (
                        declared is not None and declared.type is InputType.IMAGE
                    )  # one, whatever it is picked from
                ):
                    return None
                found = self.find_unbounded(argument.expression, Where(call.frame, call))
                if found is None:
                    return None
                return replace(found, crossed=declared, recipe=where.frame.recipe.name)
            case "values":
                return self.find_unbounded(where.frame.recipe.values[source.name], Where(where.frame))
            case _:
                return None  # an item of a list of this step: as many as a task has, or as is written there

    def _follow_output(self, source: StepReference, where: Where) -> Unbounded | None:
        """What is given by a used recipe is as long as the output inside says; what a request gives is bounded by its model."""
        inner = self._graph.frames.get(where.frame.step_id(source.step))
        output = find_output(inner.recipe, source) if inner is not None else None
        if inner is None or output is None or isinstance(source.index, int):
            return None
        return self.find_unbounded(output.images, Where(inner))

    def find_argument(self, name: str, frame: Frame) -> Argument | None:
        """What the caller of a used recipe gives an input."""
        call = frame.call.step.call if frame.call is not None else None
        return call.arguments.get(name) if call is not None else None

    def is_dynamic_mention(self, reference: Reference, where: Where) -> bool:
        """The same of one mention."""
        if isinstance(reference, StepReference):
            return True
        if not reference.path:
            return reference.root == "prev"
        owner = where.node.id if reference.root == "each" and where.node is not None else where.frame.path
        key = (owner, reference.root, reference.name)
        known = self._dynamic.get(key)
        if known is None:
            self._dynamic[key] = False  # for names that use each other in a circle
            known = self._dynamic[key] = self._look_behind(reference, where)
        return known

    def _look_behind(self, reference: NameReference, where: Where) -> bool:
        frame, node, name = where.frame, where.node, reference.name
        match reference.root:
            case "inputs":
                argument = self.find_argument(name, frame)
                if argument is None or frame.call is None:
                    return False
                return self.is_dynamic(argument.expression, Where(frame.call.frame, frame.call))
            case "values":
                template = frame.recipe.values.get(name)
                return template is not None and self.is_dynamic(template, Where(frame))
            case "each" if node is not None:
                return any(
                    self.is_dynamic(items, where)
                    for entry in node.step.for_each
                    for variable, items in zip(entry.names, entry.lists, strict=True)
                    if variable == name
                )
            case _:
                return reference.root == "prev"
