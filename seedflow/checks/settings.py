"""`takes`, `expect` and `model`: that they are given what they need, within their bounds, and nothing that only the run knows.

Of a used recipe each use is looked at by itself: what is wrong may lie in what its caller gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from seedflow.checks.request import span_of
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Span
from seedflow.graph.flow import Flow
from seedflow.graph.given import find_given
from seedflow.graph.growth import Growth, Where
from seedflow.graph.model import Frame, StepNode
from seedflow.graph.outputs import find_mentioned_outputs
from seedflow.graph.places import Part, Place, find_step_places, find_templates
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.model import MOST_ATTEMPTS, MOST_EXPECTED, MOST_TAKES, Argument, Step
from seedflow.recipe.option_schema import RATIO_PATTERN
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template, TemplateForm

_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_RATIO = re.compile(RATIO_PATTERN)
_TOO_LATE = {
    Part.TAKES: "this depends on results",
    Part.EXPECT: "this depends on results",
    Part.MODEL: "the model depends on results",
}


def check_settings(subject: Subject) -> Iterator[Diagnostic]:
    """Each setting is of its kind, within its bounds, and known when planning, as far as the text tells."""
    for place in subject.places:
        if place.part in (Part.TAKES, Part.EXPECT):
            yield from _check_kind(place, subject.flow.shape_of(place))
    results = _Results(subject)
    for node in subject.graph.steps.values():
        for name, template, least, most in _list_whole(node.step):
            yield from _check_bounds(name, template, least, most, node, subject.flow)
        for place in find_step_places(node) if _has_settings(node.step) else ():
            if place.part in _TOO_LATE:
                yield from _check_known(place, node, results)


def _has_settings(step: Step) -> bool:
    """Whether anything in a step may come too late."""
    has_model = step.generate is not None and step.generate.model is not None
    return has_model or step.takes is not None or step.expect is not None


def _check_kind(place: Place, shape: Shape) -> Iterator[Diagnostic]:
    if not shape.known:
        return
    if place.name == "aspect_ratio":
        yield from _check_ratio(place.template, shape)
        return
    wants_boolean = place.name == "distinct"
    fits = shape.kind is Kind.BOOLEAN if wants_boolean else shape.kind in _NUMBERS
    if fits:
        return
    wanted = "true or false" if wants_boolean else "a whole number"
    code = "text-for-number" if shape.kind is Kind.TEXT and not wants_boolean else "wrong-shape"
    yield Diagnostic(
        code,
        f"`{place.name}` needs {wanted}, and this is {shape.describe()}",
        place.template.scalar.span,
        help=f"give it {wanted}",
    )


def _check_ratio(template: Template, shape: Shape) -> Iterator[Diagnostic]:
    """A text of which all is known that it may be."""
    if shape.options and not any(map(_RATIO.fullmatch, shape.options)):
        yield Diagnostic(
            "wrong-type",
            f"`aspect_ratio` is {' or '.join(shape.options)}, expected a ratio such as 16:9",
            template.scalar.span,
            help="write width and height as `W:H`",
        )


def _list_whole(step: Step) -> Iterator[tuple[str, Template, int, int]]:
    """The settings of a step that are whole numbers, each with the least and the most that it may be."""
    if step.takes is not None:
        yield "takes", step.takes, 1, MOST_TAKES
    expect = step.expect
    if expect is None:
        return
    if expect.attempts is not None:
        yield "attempts", expect.attempts, 1, MOST_ATTEMPTS
    bounds = expect.images if isinstance(expect.images, Mapping) else {}
    if isinstance(expect.images, Template):
        yield "images", expect.images, 1, MOST_EXPECTED
    for name, bound in bounds.items():
        if isinstance(bound, Template):
            yield name, bound, 0, MOST_EXPECTED
    for name, pixels in (("min_width", expect.min_width), ("min_height", expect.min_height)):
        if pixels is not None:
            yield name, pixels, 1, MOST_EXPECTED


def _check_bounds(
    name: str, template: Template, least: int, most: int, node: StepNode, flow: Flow
) -> Iterator[Diagnostic]:
    """A number that cannot lie between its bounds, whatever the inputs are."""
    between = (
        None if template.form is TemplateForm.LITERAL else flow.counts.find_number(template, node).between
    )
    if between is None:
        return
    if (between.low is not None and between.low > most) or (
        between.high is not None and between.high < least
    ):
        given = find_given(template, node)
        span = None if given is None else span_of(given[0])
        yield Diagnostic(
            "out-of-range",
            f"`{name}` is {between.describe()}, expected a whole number from {least} to {most:,}",
            template.scalar.span,
            help=f"write a number, such as {max(least, 2)}",
            related=() if span is None else (Related(span, "it is given here"),),
        )


def _check_known(place: Place, node: StepNode, results: _Results) -> Iterator[Diagnostic]:
    arguments = results.find_arguments(place.template, node)
    if not arguments:
        return
    mentioned = {one.name for one in place.template.references if isinstance(one, NameReference)}
    direct = next((one for one in arguments if one.name in mentioned), None)
    yield Diagnostic(
        "known-too-late",
        f"{_TOO_LATE[place.part]}, but it must be known when planning",
        place.template.scalar.span,
        help=f"give `{(direct or arguments[0]).name}` a value that depends on no result",
        related=tuple(Related(_spot(one), f"`{one.name}` is given here") for one in arguments),
    )


def _spot(argument: Argument) -> Span:
    return span_of(argument.expression) or argument.span


class _Results:
    """Which templates rest on results, whatever the inputs are.

    What a loop goes through is left to the plan: of an image to come, it knows what the image was made with.
    """

    def __init__(self, subject: Subject) -> None:
        self._flow = subject.flow
        self._frames = subject.graph.frames
        self._growth = Growth(subject.graph)

    def find_arguments(self, template: Template, node: StepNode) -> list[Argument]:
        """What the caller of the recipe around a step gives that rests on results, among what a setting is made of."""
        return list(self._find_arguments(template, Where(node.frame, node), frozenset()))

    def _find_arguments(self, template: Template, where: Where, seen: frozenset[int]) -> Iterator[Argument]:
        for reference in template.references:
            if not isinstance(reference, NameReference) or not reference.path:
                continue
            if reference.root == "inputs":
                argument = self._growth.find_argument(reference.name, where.frame)
                call = where.frame.call
                if argument is not None and call is not None:
                    outer = Where(call.frame, call)
                    if any(self._rests(one, outer, seen) for one in find_templates(argument.expression)):
                        yield argument
            elif reference.root == "values":
                value = where.frame.recipe.values.get(reference.name)
                if value is not None and id(value) not in seen:
                    yield from self._find_arguments(value, Where(where.frame), seen | {id(value)})

    def _rests(self, template: Template, where: Where, seen: frozenset[int]) -> bool:
        steps = (one for one in template.references if isinstance(one, StepReference))
        return any(self._waits(one, where, seen) for one in steps) or any(
            True for _ in self._find_arguments(template, where, seen)
        )

    def _waits(self, mention: StepReference, where: Where, seen: frozenset[int]) -> bool:
        """Whether a mention is of something that is there only after it was paid: a step may become no task at all."""
        flow = self._flow
        target = flow.find_target(mention, where.node, where.frame)
        if target is None or flow.selected_tasks(target, mention).low < 1:
            return False
        if mention.skip_ok and flow.counts.may_be_skipped(target):
            return False
        if target.step.call is None:
            return True
        inner: Frame | None = self._frames.get(target.id)
        outputs = [] if inner is None else find_mentioned_outputs(inner.recipe, mention)
        return inner is not None and any(
            self._rests(output.images, Where(inner), seen | {id(output)})
            for output in outputs
            if id(output) not in seen
        )
