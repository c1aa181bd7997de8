"""Comparisons of how many images a step gives with what that never is, or in a `when` always.

Only what the request itself settles is told. Lists of a loop, and numbers that inputs give, may be others tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.guards import as_long_as, is_test
from seedflow.graph.model import StepNode
from seedflow.graph.places import Part, Place, find_templates
from seedflow.graph.ranges import Range
from seedflow.recipe.model import Expression
from seedflow.recipe.template import TemplateForm
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named, OneImage, Variable
from seedflow.recipe.templating.nodes import Constant
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.operation_nodes import Applied, Compared, ListOf
from seedflow.recipe.templating.operators import Operator
from seedflow.recipe.templating.walking import walk

_OUTCOMES: Final[Mapping[Operator, Callable[[float, float, float], bool | None]]] = {
    operators.greater: lambda low, high, by: _decide(low > by, high <= by),
    operators.greater_or_equal: lambda low, high, by: _decide(low >= by, high < by),
    operators.less: lambda low, high, by: _decide(high < by, low >= by),
    operators.less_or_equal: lambda low, high, by: _decide(high <= by, low > by),
    operators.equal: lambda low, high, by: _decide(low == high == by, by < low or by > high or by % 1 != 0),
    operators.unequal: lambda low, high, by: _decide(by < low or by > high or by % 1 != 0, low == high == by),
}
"""Whether a number between two others always or never stands so to a third; None where it may or may not."""
_UNBOUNDED: Final = float("inf")


def check_lengths(subject: Subject) -> Iterator[Diagnostic]:
    """Every comparison with a length may come out this way or that."""
    for place in subject.composed:
        if not place.template.references:
            continue
        certain = subject.flow.certain.at(place)
        for node, _ in subject.flow.certain.find_guarded(place.template, place.frame, certain):
            compared = _read(node)
            if compared is not None:
                yield from _check(node, *compared, place, subject)


def _read(node: Node) -> tuple[Node, Operator, Node] | None:
    """The comparison that a node is, with what is written out on its right side."""
    match node:
        case Compared(first=left, rest=((operator, right),)):
            if isinstance(left, Constant) and operator in operators.MIRRORED:
                return right, operators.MIRRORED[operator], left
            return left, operator, right
        case Applied(arguments=(left, right)) if is_test(node) and node.name in operators.TESTS:
            return left, operators.TESTS[node.name], right
        case _:
            return None


def _check(
    node: Node, left: Node, operator: Operator, right: Node, place: Place, subject: Subject
) -> Iterator[Diagnostic]:
    target = _find_counted(left, place, subject)
    between = subject.flow.shape_of_part(left, place.node, place.frame, all_made=True).between
    if target is None or between is None:
        return
    outcome = _find_outcome(operator, right, between)
    if outcome is None or (outcome and place.part is not Part.WHEN):
        return
    may_skip = subject.flow.counts.skipping.may_skip(target)
    if may_skip and _find_outcome(operator, right, Range(1, None)) is not None:
        return  # whether it was skipped is meant, and told as that
    text = place.template.scalar.value
    counted = " ".join(text[left.start : left.end].split())
    yield Diagnostic(
        "never-equal",
        f"`{counted}` is {between.describe()}, so that this {'always' if outcome else 'never'} holds",
        place.template.scalar.span_at(node.start, node.end),
        Severity.WARNING,
        help=_advise_to_drop(node, place) if outcome else _advise(operator, right, between, target),
        related=(Related(target.step.span, f"step `{target.step.name}`"),),
    )


def _advise_to_drop(node: Node, place: Place) -> str:
    """What to take out of a condition; what is left of it has to be one."""
    whole = place.template.expression is node
    return "take the `when` out" if whole else "take this comparison out"


def _advise(operator: Operator, right: Node, between: Range, target: StepNode) -> str:
    """What to compare with instead of what a length never is."""
    number = _number(right)
    if number is None:
        return f"write numbers that it may be: {between.describe()}"
    if operator is operators.unequal:
        return f"write another number, or let step `{target.step.name}` give more or fewer"
    smaller = operator not in (operators.less, operators.less_or_equal)
    if between.high is not None and number >= between.high and smaller:
        return f"write a smaller number, or let step `{target.step.name}` give more"
    if between.low is not None and number <= between.low:
        return f"write a greater number: it is at least {between.low}"
    return "write a whole number"


def _find_outcome(operator: Operator, right: Node, between: Range) -> bool | None:
    if operator in (operators.contains, operators.lacks):
        items = [_number(item) for item in right.items] if isinstance(right, ListOf) else [None]
        found = [None if by is None else _compare(operators.equal, between, by) for by in items]
        if not found or any(one is not False for one in found):
            return None
        return operator is operators.lacks
    number = _number(right)
    return None if number is None else _compare(operator, between, number)


def _compare(operator: Operator, between: Range, by: float) -> bool | None:
    outcome = _OUTCOMES.get(operator)
    low = -_UNBOUNDED if between.low is None else between.low
    high = _UNBOUNDED if between.high is None else between.high
    return None if outcome is None else outcome(low, high, by)


def _decide(always: bool, never: bool) -> bool | None:
    return True if always else False if never else None


def _number(node: Node) -> float | None:
    value = node.value if isinstance(node, Constant) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _find_counted(node: Node, place: Place, subject: Subject) -> StepNode | None:
    """The step whose images are counted, where its request alone settles how many there may be."""
    parts = list(walk(node))
    counted = [part for part in parts if isinstance(part, Applied) and part.name in ("length", "count")]
    mentions = [part.reference for part in parts if isinstance(part, Mentioned)]
    if (
        not counted
        or not mentions
        or any(isinstance(part, Named | Variable | OneImage | OrNone) for part in parts)
    ):
        return None
    if any(not isinstance(as_long_as(one.arguments[0]), Mentioned | Applied) for one in counted):
        return None
    targets = [subject.flow.find_target(one, place.node, place.frame) for one in mentions]
    found = [one for one in targets if one is not None and _is_settled(one, subject)]
    of_images = all(one.collection == "images" for one in mentions)
    return found[0] if of_images and len(found) == len(targets) else None


def _is_settled(target: StepNode, subject: Subject) -> bool:
    """Whether no list and no input says how many images a step gives."""
    step = target.step
    if step.generate is None or step.for_each or step.iterate is not None:
        return False
    model = subject.flow.find_model(target)
    if model is None or not subject.flow.request(target).unknown.isdisjoint(model.parameters_of_count):
        return False
    wanted: list[Expression] = (
        [] if step.expect is None or step.expect.images is None else [step.expect.images]
    )
    written = [*wanted, *(() if step.takes is None else (step.takes,))]
    return all(template.form is TemplateForm.LITERAL for one in written for template in find_templates(one))
