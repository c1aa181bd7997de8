"""Whether what decides how much a step becomes is free of errors: of what is to be mended first, no number may be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seedflow.diagnostics import Severity
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.mistakes import lacks_option
from seedflow.graph.model import StepNode
from seedflow.graph.requests import FITTING, list_types, read_parameter
from seedflow.graph.shapes import Kind, Shape
from seedflow.models.model import Model
from seedflow.recipe.model import Expression, LoopVariable
from seedflow.recipe.template import Template

if TYPE_CHECKING:
    from seedflow.graph.flow import Flow

_WHOLE = FITTING["integer"]


class Sureness:
    """Answers for one graph. `flow` knows what templates give."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._answers: dict[str, bool] = {}

    def of_all(self, node: StepNode) -> bool:
        """Whether nothing is wrong with what decides how many tasks a step becomes, and how many images each gives."""
        if node.step.generate is not None and not self.of_images(node):
            return False
        return self.of_takes(node) and self.of_loops(node)

    def of_loops(self, node: StepNode) -> bool:
        """Whether nothing is wrong with the lists that a step is repeated for."""
        if lacks_option(node, "for_each", "iterate"):
            return False
        lists = [items for entry in node.step.for_each for items in entry.lists]
        if node.step.iterate is not None:
            lists.append(node.step.iterate.over)
        return not any(self._is_no_list(items, node) for items in lists)

    def of_variable(self, entry: LoopVariable, node: StepNode) -> bool:
        """The same of one entry of `for_each`."""
        return not any(self._is_no_list(items, node) for items in entry.lists)

    def of_takes(self, node: StepNode) -> bool:
        """Whether nothing is wrong with how often each request is drawn."""
        takes = node.step.takes
        return not lacks_option(node, "takes") and (takes is None or self._fits(takes, node, _WHOLE))

    def of_images(self, node: StepNode) -> bool:
        """Whether nothing is wrong with what decides how many images of an answer are used."""
        if lacks_option(node, "expect") or not self.of_answer(node):
            return False
        images = None if node.step.expect is None else node.step.expect.images
        wanted = images.values() if isinstance(images, Mapping) else [] if images is None else [images]
        return all(self._fits(one, node, _WHOLE) for one in wanted)

    def of_answer(self, node: StepNode) -> bool:
        """Whether nothing is wrong with the model of a step, and with what asks it for several images."""
        found = self._answers.get(node.id)
        if found is None:
            self._answers[node.id] = True  # for a parameter that depends on the step itself, which is a cycle
            found = self._answers[node.id] = self._is_sure_answer(node)
        return found

    def _is_sure_answer(self, node: StepNode) -> bool:
        if lacks_option(node, "generate") or ("defaults",) in node.frame.recipe.unread:
            return False
        model = self._flow.find_model(node)
        if model is None:
            return self._may_be_model(node.generate.model, node)
        request = self._flow.request(node)
        for name in model.parameters_of_count:
            parameter = node.generate.parameters.get(name)
            if parameter is None:
                if name in request.unknown:
                    return False  # a misspelt name is meant for it
                continue
            value = read_parameter(parameter, model)
            if value is NOT_LITERAL:
                if not self._may_be_sent(parameter.expression, node, model.parameters.get(name, {})):
                    return False
            elif value is not None and _is_refused(name, value, model):
                return False
        return True

    def _may_be_model(self, template: Template | None, node: StepNode) -> bool:
        """Whether what decides the model may name one."""
        if template is None or read_literal(template, as_text=True) is not NOT_LITERAL:
            return False
        if self._is_mistaken(template, node):
            return False
        shape = self._flow.shape_of_template(template, node)
        return (not shape.known or shape.kind is Kind.TEXT) and None not in map(
            self._flow.catalog.find, shape.options
        )

    def _may_be_sent(self, expression: Expression, node: StepNode, schema: Mapping[str, object]) -> bool:
        types = list_types(schema)
        fitting = frozenset[Kind]().union(*(FITTING.get(one, frozenset()) for one in types))
        if not self._fits(expression, node, fitting if types else frozenset(Kind)):
            return False
        shape, allowed = self._flow.shape_of_expression(expression, node), schema.get("enum")
        return not isinstance(allowed, list) or all(option.strip() in allowed for option in shape.options)

    def _is_no_list(self, items: Expression, node: StepNode) -> bool:
        return not isinstance(items, tuple) and not self._fits(items, node, frozenset({Kind.LIST}))

    def _fits(self, expression: Expression, node: StepNode, wanted: frozenset[Kind]) -> bool:
        if self._is_mistaken(expression, node):
            return False
        shape: Shape = self._flow.shape_of_expression(expression, node)
        return not shape.known or shape.kind in wanted or shape.kind is Kind.NONE

    def _is_mistaken(self, expression: Expression, node: StepNode) -> bool:
        mistakes = self._flow.mistakes
        return mistakes.is_mistaken(expression, node, node.frame) or mistakes.lacks_fields(expression, node)


def _is_refused(name: str, value: object, model: Model) -> bool:
    return any(
        problem.severity is Severity.ERROR and problem.path[:1] == (name,)
        for problem in model.judge({name: value}, partial=True)
    )
