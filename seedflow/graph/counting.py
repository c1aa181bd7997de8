"""How many tasks, images and requests the steps of a graph become, at least and at most, from the text alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from seedflow.graph.facts import NO_FACTS
from seedflow.graph.given import find_default, find_given
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepGraph, StepNode
from seedflow.graph.outputs import find_main_output
from seedflow.graph.ranges import ANYTHING, Range
from seedflow.graph.shapes import ANY, ONE, UNKNOWN, Answers, Count, Kind, Shape, pair_counts, whole_number
from seedflow.graph.skipped import Skipping
from seedflow.graph.sure_counts import Sureness
from seedflow.recipe.model import Expression, Otherwise, Output
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template
from seedflow.text.nodes import Scalar

if TYPE_CHECKING:
    from seedflow.graph.flow import Flow


class Counts:
    """The amounts of one graph. `flow` knows the lists."""

    def __init__(self, flow: Flow, graph: StepGraph) -> None:
        self._flow = flow
        self._tasks: dict[str, Count] = {}
        self._passes: dict[str, Count] = {}
        self._images: dict[str, Count] = {}
        self.skipping = Skipping(graph)
        self.sure = Sureness(flow)

    def tasks(self, node: StepNode) -> Count:
        """How many tasks a step becomes for each task of the step that uses its recipe, those that are skipped included."""
        count = self._tasks.get(node.id)
        if count is None:
            self._tasks[node.id] = ANY  # for a list that depends on the step itself, which is a cycle
            count = ONE
            for number in range(len(node.step.for_each)):
                count = count.times(self.loop_items(node, number))
            self._tasks[node.id] = count
        return count

    def all_tasks(self, node: StepNode) -> Count:
        """How many tasks a step becomes in the whole graph; from none when it may be skipped."""
        count = self.tasks(node)
        call = node.frame.call
        while call is not None:
            count = count.times(self.tasks(call))
            call = call.frame.call
        return Count(0, count.high) if self.may_be_skipped(node) else count

    def loop_items(self, node: StepNode, number: int) -> Count:
        """How many values an entry of `for_each` gives for each set of earlier values."""
        low, high = self.listed_items(node, number)
        at_most = node.step.for_each[number].at_most
        if at_most is not None and low > at_most:
            return ANY
        if at_most is not None:
            high = at_most if high is None else min(high, at_most)
        return Count(low if high is None else min(low, high), high)

    def listed_items(self, node: StepNode, number: int) -> Count:
        """The same, whatever `at_most` allows."""
        return pair_counts([self._list_count(items, node) for items in node.step.for_each[number].lists])

    def passes(self, node: StepNode) -> Count:
        """How many edits a step applies in a row; one without `iterate`."""
        iterate = node.step.iterate
        if iterate is None:
            return ONE
        count = self._passes.get(node.id)
        if count is None:
            self._passes[node.id] = ANY
            count = self._passes[node.id] = self._list_count(iterate.over, node)
        return count

    def takes(self, node: StepNode) -> Count:
        """How often each request of a step is drawn."""
        if not self.sure.of_takes(node):
            return Count(1, None)
        return ONE if node.step.takes is None else _read_number(node.step.takes)

    def images_per_request(self, node: StepNode) -> Count:
        """How many images one answer may have that is as expected."""
        count = self._images.get(node.id)
        if count is None:
            answered = self.images_per_answer(node)
            count = self._narrow(answered, node) if self.sure.of_images(node) else Count(1, None)
            self._images[node.id] = count
        return count

    def images_per_answer(self, node: StepNode) -> Count:
        """How many images one answer may have, be it as expected or not."""
        model = self._flow.find_model(node)
        if model is None or not self.sure.of_answer(node):
            return Count(1, None)
        request = self._flow.request(node)
        open_ones = [name for name in model.parameters_of_count if name in request.unknown]
        # Where the number and what asks for several are both worked out, one is left out where the other does not ask.
        bounds = self.number_bounds(node, or_none=len(open_ones) > 1)
        greatest = {name: between.high for name, between in bounds.items() if between.high is not None}
        return Count(*model.image_bounds(request.parameters, request.unknown, greatest))

    def number_bounds(
        self, node: StepNode, *, guarded: bool = False, all_made: bool = False, or_none: bool = False
    ) -> dict[str, Range]:
        """Between which numbers the parameters of a request lie that templates give, where that is known.

        `guarded` where the condition of the step holds; `all_made` as if nothing were skipped; `or_none` also of those that may
        be none instead, and so be left out.
        """
        found: dict[str, Range] = {}
        for name in self._flow.request(node).unknown:
            parameter = node.generate.parameters.get(name)
            if parameter is not None:
                shape = self.find_number(parameter.expression, node, guarded=guarded, all_made=all_made)
                between = shape.between if or_none else shape.sure_number
                if between is not None:
                    found[name] = between
        return found

    def find_number(
        self, expression: Expression, node: StepNode, *, guarded: bool = False, all_made: bool = False
    ) -> Shape:
        """Between which numbers a value lies: what a caller gives counts for more than what the recipe declares.

        It is `guarded` where it is worked out only if the condition of its step holds; `all_made` as if nothing were skipped.
        """
        part = expression.expression if isinstance(expression, Template) else None
        if part is None or not (guarded or all_made):
            found = self._flow.shape_of_expression(expression, node)
        else:
            facts = self._flow.certain.of_step(node) if guarded else NO_FACTS
            found = self._flow.shape_of_part(part, node, all_made=all_made, facts=facts)
        between, optional = found.between, found.optional
        last, given = (expression, node), find_given(expression, node)
        while given is not None:
            shape = self._flow.shape_of_expression(*given)
            optional = optional and (shape.optional or not shape.known)
            if shape.between is not None:
                between = shape.between if between is None else shape.between.within(*between)
            last, given = given, find_given(*given)
        default = find_default(*last)
        number = default.resolve() if isinstance(default, Scalar) else None
        if isinstance(number, int) and not isinstance(number, bool):
            return whole_number(Range(number, number))
        return replace(found, between=between, optional=optional)

    def images_per_task(self, node: StepNode) -> Count:
        """How many images `.images` of one task has: of all takes, and with `iterate` of the last pass."""
        if node.step.call is not None:
            output = self.find_main_output(node)
            return ANY if output is None else self._flow.shape_of_call_output(node, output).count
        return self.images_per_request(node).times(self.takes(node))  # a list without edits is an error

    def answers(self, node: StepNode, tasks: Count, mention: StepReference | None = None) -> Answers | None:
        """What the images of so many tasks of a step come from; of a used recipe, what its output is made of."""
        if node.step.generate is None:
            output = None if mention is None else self._flow.find_call_output(node, mention)
            inner = None if output is None else self._flow.shape_of_call_output(node, output).answers
            return None if inner is None else inner._replace(tasks=inner.tasks.times(tasks))
        passes = mention is not None and mention.collection == "passes"
        drawn = tasks.times(self._applied(node)) if passes else tasks
        return Answers(drawn, self.takes(node), self.images_per_request(node))

    def _applied(self, node: StepNode) -> Count:
        low, high = self.passes(node)
        return Count(max(low, 1), high if high is None else max(high, 1))

    def passes_per_task(self, node: StepNode) -> Count:
        """How many images `.passes` of one task has."""
        if node.step.generate is None:
            return ANY
        return self.images_per_request(node).times(self.takes(node)).times(self._applied(node))

    def requests(self, node: StepNode) -> Count:
        """How many requests a step is at least and at most, without any further attempt."""
        return self.all_tasks(node).times(self.takes(node)).times(self.passes(node))

    def is_sure(self, node: StepNode) -> bool:
        """Whether nothing is wrong with what decides how many tasks and images a step becomes."""
        return self.sure.of_all(node)

    def may_be_skipped(self, node: StepNode) -> bool:
        """Whether a condition may skip tasks of a step: its own, that of a step that it mentions, or that of its frame's step."""
        return self.skipping.may_skip(node)

    def find_main_output(self, node: StepNode) -> Output | None:
        """What `.images` of a step that uses a recipe means."""
        recipe = node.step.call.recipe if node.step.call is not None else None
        return find_main_output(recipe) if recipe is not None else None

    def _narrow(self, count: Count, node: StepNode) -> Count:
        """What `expect.images` leaves of a count; with `otherwise: accept` it leaves everything."""
        expect = node.step.expect
        if expect is None or expect.images is None or expect.otherwise is Otherwise.ACCEPT:
            return count
        wanted = expect.images
        least = wanted.get("min") if isinstance(wanted, Mapping) else wanted
        most = wanted.get("max") if isinstance(wanted, Mapping) else wanted
        low = self._bound_number(least, node).low
        high = self._bound_number(most, node).high
        least_images = count.low if low is None else max(count.low, low)
        most_images = high if count.high is None else count.high if high is None else min(count.high, high)
        if most_images is not None and least_images > most_images:
            return count
        return Count(least_images, most_images)

    def _bound_number(self, expression: Expression | None, node: StepNode) -> Range:
        """Between which numbers one lies that `expect` asks for, if it asks."""
        shape = UNKNOWN if expression is None else self.find_number(expression, node)
        return shape.sure_number or ANYTHING

    def _list_count(self, items: Expression, node: StepNode) -> Count:
        shape = self._flow.shape_of_expression(items, node)
        if shape.kind is not Kind.LIST:
            return ANY
        return Count(0, shape.count.high) if shape.optional else shape.count


def read_expected(images: Expression) -> tuple[int | None, int | None]:
    """The least and the greatest number of images that `expect` asks for, where they are written out."""
    if isinstance(images, Mapping):
        low, high = images.get("min"), images.get("max")
    else:
        low = high = images
    return _read_literal_number(low), _read_literal_number(high)


def _read_number(template: Template) -> Count:
    value = _read_literal_number(template)
    return Count(1, None) if value is None else Count(value, value)


def _read_literal_number(expression: Expression | None) -> int | None:
    value = NOT_LITERAL if expression is None else read_literal(expression)
    return value if isinstance(value, int) else None
