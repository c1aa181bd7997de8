"""Which steps the images of an output come from, by its text alone: what tells their files apart beside the keys of tasks.

What counts is what may stand beside each other: of `first_of(a, b)` and of `a if … else b` it is one of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.outputs import find_mentioned_outputs
from seedflow.recipe.model import Expression, Output
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating import nodes
from seedflow.recipe.templating.forms import FirstOf
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named
from seedflow.recipe.templating.operation_nodes import Either
from seedflow.recipe.templating.walking import find_parts

_MOST_CHOICES = 64
"""So many sets of steps are told apart; what has more is taken for all of them together."""

_Choices = frozenset[frozenset[str]]
"""Sets of steps of which one is what is published, whichever branch is taken."""

_NOTHING: _Choices = frozenset((frozenset(),))


@dataclass(frozen=True, slots=True)
class PublishedSteps:
    """The steps of an output. `labels` has a name for each where images of several stand beside each other, and else nothing.

    `passes` are those of whose edits in a row more than the last image may be among them.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    passes: frozenset[str] = frozenset()


def find_published_steps(output: Output, graph: StepGraph) -> PublishedSteps:
    """The steps behind one output of the recipe itself, through the recipes that it uses."""
    finder = _Finder(graph)
    choices = finder.choices_of(output.images, graph.frame, None)
    beside = {step for steps in choices if len(steps) > 1 for step in steps}
    return PublishedSteps(_label(beside), frozenset(finder.passes))


def _label(steps: Iterable[str]) -> dict[str, str]:
    """The name of each step, or its whole path where steps of several recipes have one name."""
    names = {step: step.rpartition("/")[2] for step in steps}
    count = Counter(names.values())
    return {step: name if count[name] == 1 else step.replace("/", "-") for step, name in names.items()}


class _Finder:
    """Follows mentions. `passes` collects the steps whose passes are mentioned."""

    def __init__(self, graph: StepGraph) -> None:
        self._graph = graph
        self._known: dict[tuple[str, str], _Choices] = {}
        self.passes: set[str] = set()

    def choices_of(self, expression: Expression, frame: Frame, node: StepNode | None) -> _Choices:
        """The choices of what is written in a recipe; `node` is the step around it, whose `each` it may use."""
        if isinstance(expression, Template):
            found = expression.expression
            return _NOTHING if found is None else self._of_node(found, frame, node)
        items = expression.values() if isinstance(expression, Mapping) else expression
        return _combine(self.choices_of(item, frame, node) for item in items)

    def _of_node(self, found: nodes.Expression, frame: Frame, node: StepNode | None) -> _Choices:
        match found:
            case FirstOf(arguments=arguments):
                return _join(self._of_node(argument, frame, node) for argument in arguments)
            case Either(then=then, otherwise=otherwise):
                return _join(self._of_node(branch, frame, node) for branch in (then, otherwise))
            case Mentioned(reference=reference):
                return self._of_mention(reference, frame)
            case Named(root="inputs", name=name) if frame.call is not None:
                return self._of_input(name, frame.call)
            case Named(root="values", name=name) if name in frame.recipe.values:
                return self.choices_of(frame.recipe.values[name], frame, None)
            case Named(root="each", name=name) if node is not None:
                return self._of_variable(name, node)
            case _:
                return _combine(self._of_node(part, frame, node) for part in find_parts(found))

    def _of_mention(self, mention: StepReference, frame: Frame) -> _Choices:
        target = self._graph.steps.get(frame.step_id(mention.step))
        if target is None:
            return _NOTHING
        if target.step.call is None:
            if mention.collection == "passes":
                self.passes.add(target.id)
            return frozenset((frozenset((target.id,)),))
        inner = self._graph.frames.get(target.id)
        if inner is None:
            return _NOTHING
        return _combine(self._of_output(one, inner) for one in find_mentioned_outputs(inner.recipe, mention))

    def _of_output(self, output: Output, frame: Frame) -> _Choices:
        key = (frame.path, output.name)
        if key not in self._known:
            self._known[key] = _NOTHING
            self._known[key] = self.choices_of(output.images, frame, None)
        return self._known[key]

    def _of_input(self, name: str, call: StepNode) -> _Choices:
        arguments = call.step.call.arguments if call.step.call is not None else {}
        given = arguments.get(name)
        return _NOTHING if given is None else self.choices_of(given.expression, call.frame, call)

    def _of_variable(self, name: str, node: StepNode) -> _Choices:
        return _combine(
            self.choices_of(items, node.frame, node)
            for variable in node.step.for_each
            for own, items in zip(variable.names, variable.lists, strict=True)
            if own == name
        )


def _join(found: Iterable[_Choices]) -> _Choices:
    """One of them."""
    return _limit(frozenset(steps for choices in found for steps in choices))


def _combine(found: Iterable[_Choices]) -> _Choices:
    """All of them beside each other."""
    whole = _NOTHING
    for choices in found:
        whole = _limit(frozenset(_pair(whole, choices)))
    return whole


def _pair(whole: _Choices, choices: _Choices) -> Iterator[frozenset[str]]:
    for one in whole:
        for other in choices:
            yield one | other


def _limit(choices: _Choices) -> _Choices:
    if len(choices) <= _MOST_CHOICES:
        return choices
    return frozenset((frozenset(step for steps in choices for step in steps),))
