"""Which of a step's images a mention picks: `[N]`, slices, `.at()` and `.where()`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seedflow.canonical import build_key
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.places import Part, Place
from seedflow.graph.shapes import Count, Kind
from seedflow.recipe.model import LoopVariable
from seedflow.recipe.references import Argument, NameReference, Selector, Slice, StepReference


def check_indexing(subject: Subject) -> Iterator[Diagnostic]:
    """Every mention of a step picks something that the step can give."""
    for place in subject.places:
        if place.part is Part.FOR_EACH:
            continue
        for reference in place.template.references:
            if not isinstance(reference, StepReference) or reference.collection == "outputs":
                continue
            target = subject.flow.find_target(reference, place.node)
            if target is None:
                continue
            broken = False
            if reference.selector is not None:
                for found in _check_selector(reference.selector, reference, target, place, subject):
                    broken = True
                    yield found
            if not broken and reference.index is not None:
                yield from _check_index(reference, target, place, subject)


def _check_index(
    reference: StepReference, target: StepNode, place: Place, subject: Subject
) -> Iterator[Diagnostic]:
    span = place.template.span_of(reference)
    whole = reference.selector is None
    if reference.collection == "tasks":
        count = subject.flow.selected_tasks(target, reference.selector)
    elif (
        isinstance(reference.index, int)
        and target.step.for_each
        and (whole or reference.selector is None or reference.selector.kind == "where")
    ):
        yield _index_of_many(reference, target, span)
        return
    else:
        count = subject.flow.images_before_index(target, reference.selector)
    if isinstance(reference.index, Slice):
        yield from _check_slice(reference, reference.index, count, span)
    elif reference.index is not None:
        yield from _check_number(reference, reference.index, count, target, span)


def _check_number(
    reference: StepReference, index: int, count: Count, target: StepNode, span: Span
) -> Iterator[Diagnostic]:
    needed = index + 1 if index >= 0 else -index
    name = f"steps.{reference.step}.{reference.collection}[{index}]"
    if count.high is not None and needed > count.high:
        yield Diagnostic(
            "no-such-image" if reference.collection == "images" else "no-such-task",
            f"{name} cannot exist: {_give(reference, count)}",
            span,
            help=_help_for_missing(count),
            related=(Related(target.step.span, f"step {reference.step}"),),
        )
    elif needed > count.low and reference.collection == "images":
        yield Diagnostic(
            "image-may-be-missing",
            f"{name} may not exist: {_give(reference, count)}, and how many is the model's choice",
            span,
            Severity.WARNING,
            help="a slice such as [:N] takes as many as there are; without the image this task fails",
            related=(Related(target.step.span, f"step {reference.step}"),),
        )


def _check_slice(reference: StepReference, index: Slice, count: Count, span: Span) -> Iterator[Diagnostic]:
    if index.step == 0:
        yield Diagnostic("empty-slice", "a slice cannot go in steps of 0", span, help="leave the step out")
    elif count.high != 0 and count.sliced(index.start, index.stop, index.step).high == 0:
        yield Diagnostic(
            "empty-slice",
            f"this slice never holds anything: {_give(reference, count)}",
            span,
            Severity.WARNING,
            help="images are counted from 0 here, and the end of a slice is not part of it",
        )


def _index_of_many(reference: StepReference, target: StepNode, span: Span) -> Diagnostic:
    variables = _variables(target.step.for_each)
    selector = ", ".join(f"{name}=…" for name in variables)
    return Diagnostic(
        "index-of-many-tasks",
        f"step {reference.step} is repeated by for_each, so that [{reference.index}] would mean another image whenever an "
        "item is added or moved",
        span,
        help=f"name the task: steps.{reference.step}.at({selector}).images[{reference.index}]",
        related=(Related(target.step.for_each[0].span, "it is repeated here"),),
    )


def _check_selector(
    selector: Selector, reference: StepReference, target: StepNode, place: Place, subject: Subject
) -> Iterator[Diagnostic]:
    span = place.template.span_of(reference)
    variables = _variables(target.step.for_each)
    if not variables:
        yield Diagnostic(
            "selector-without-for-each",
            f"step {reference.step} has no for_each, so that .{selector.kind}() has nothing to choose from",
            span,
            help=f"write steps.{reference.step}.images",
            related=(Related(target.step.span, f"step {reference.step}"),),
        )
        return
    named = {argument.variable for argument in selector.arguments}
    for argument in selector.arguments:
        yield from _check_argument(argument, variables, reference, target, place, subject)
    missing = [name for name in variables if name not in named]
    if selector.kind == "at" and missing and named <= set(variables):
        yield Diagnostic(
            "selector-incomplete",
            f".at() gives one task of step {reference.step} and must name every variable; missing: {', '.join(missing)}",
            span,
            help=f"add {', '.join(f'{name}=…' for name in missing)}, or use .where() for several tasks",
        )
    elif not named:
        yield Diagnostic(
            "selector-incomplete",
            f".where() must name at least one variable of step {reference.step}",
            span,
            help=f"name one of {', '.join(variables)}, or write steps.{reference.step}.images for all",
        )


def _check_argument(
    argument: Argument,
    variables: Sequence[str],
    reference: StepReference,
    target: StepNode,
    place: Place,
    subject: Subject,
) -> Iterator[Diagnostic]:
    span = place.template.scalar.span_at(argument.start, argument.end)
    if argument.variable not in variables:
        near = find_near(argument.variable, variables)
        yield Diagnostic(
            "unknown-variable",
            f"step {reference.step} has no for_each variable `{argument.variable}`",
            span,
            help=f"did you mean `{near}`?" if near is not None else f"it has {', '.join(variables)}",
        )
    elif isinstance(argument.value, NameReference):
        yield from _check_argument_shape(argument, argument.value, span, place, subject)
    else:
        yield from _check_argument_value(argument, argument.value, span, reference, target)


def _check_argument_shape(
    argument: Argument, value: NameReference, span: Span, place: Place, subject: Subject
) -> Iterator[Diagnostic]:
    shape = subject.flow.shape_of_mention(value, place.node)
    if shape.kind in {Kind.LIST, Kind.NONE, Kind.TASK}:
        yield Diagnostic(
            "wrong-shape",
            f"`{argument.variable}` must be one value of the variable, and this is {shape.describe()}",
            span,
            help="give it one item",
        )


def _check_argument_value(
    argument: Argument, value: str | float | bool, span: Span, reference: StepReference, target: StepNode
) -> Iterator[Diagnostic]:
    """A literal must be among the items, where these are written out."""
    keys = _literal_keys(argument.variable, target)
    if keys is None or build_key(value) in keys:
        return
    near = find_near(str(value), keys)
    yield Diagnostic(
        "no-such-task",
        f"step {reference.step} has no task with {argument.variable}={build_key(value)}",
        span,
        help=f"did you mean `{near}`?" if near is not None else f"there are {', '.join(keys)}",
    )


def _literal_keys(variable: str, target: StepNode) -> list[str] | None:
    """The keys of a variable's items, or None when they are not all written out."""
    for entry in target.step.for_each:
        if variable not in entry.names:
            continue
        items = entry.lists[entry.names.index(variable)]
        if not isinstance(items, tuple):
            return None
        keys: list[str] = []
        for item in items:
            value = read_literal(item)
            if value is NOT_LITERAL or not isinstance(value, (str, int, float)):
                return None
            keys.append(build_key(value))
        return keys
    return None


def _variables(for_each: Sequence[LoopVariable]) -> list[str]:
    return [name for entry in for_each for name in entry.names]


def _give(reference: StepReference, count: Count) -> str:
    """`it gives 1 to 3 images`."""
    what = str(reference.collection)
    owner = f"step {reference.step}" if reference.selector is None else "this"
    if count.low == count.high:
        return f"{owner} gives {count.low} {what if count.low != 1 else what.removesuffix('s')}"
    return (
        f"{owner} gives {count.low} to {count.high} {what}"
        if count.high is not None
        else f"{owner} gives {what}"
    )


def _help_for_missing(count: Count) -> str:
    if count.high == 0:
        return "there is nothing to pick"
    return f"the first is [0] and the last [{(count.high or 1) - 1}]"
