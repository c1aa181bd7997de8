"""Texts and numbers that stand by themselves beside `or` or `and` in a condition: `inputs.mood == 'calm' or 'wild'`."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.certain import find_tests
from seedflow.graph.places import Part, Place
from seedflow.graph.shapes import Kind
from seedflow.recipe.templating.bare_operands import (
    LISTED,
    advise_on_operand,
    find_outcomes,
    group_bare,
    is_bare,
    list_operands,
    spell,
)
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Compared, Either, Not, Or


def check_bare_operands(subject: Subject) -> Iterator[Diagnostic]:
    """Each side of `or` and `and` in a condition asks something."""
    for place in subject.composed:
        certain = subject.flow.certain.at(place)
        nodes = [node for node, _ in subject.flow.certain.find_guarded(place.template, place.frame, certain)]
        tests = [*find_tests(place.template.body), *(node.test for node in nodes if isinstance(node, Either))]
        for test in tests:
            yield from _check_test(test, place)
        if place.part is Part.WHEN and place.template.expression is not None and not place.too_early:
            yield from _check_when(place.template.expression, place, subject)
        for node in nodes:
            if isinstance(node, Compared):
                yield from _check_compared(node, place)


def _check_when(condition: Expression, place: Place, subject: Subject) -> Iterator[Diagnostic]:
    """The condition of a step, but for parts that it may come to and that are told as no condition."""
    shape = subject.flow.shape_of(place)
    told: frozenset[Span] = frozenset()
    if shape.kind is not Kind.BOOLEAN or not shape.known:
        scalar = place.template.scalar
        told = frozenset(scalar.span_at(node.start, node.end) for node in find_outcomes(condition))
    yield from (one for one in _check_test(condition, place) if one.span not in told)


def _check_test(test: Expression, place: Place) -> Iterator[Diagnostic]:
    """A condition, through all that it is made of; of those beside one comparison the first is told, with all of them in its help."""
    match test:
        case Not():
            yield from _check_test(test.operand, place)
        case Or() | And():
            for first, *_ in group_bare(test):
                yield _say(first, advise_on_operand(test, first, place.template.scalar.value), place)
            for one in list_operands(test):
                yield from _check_test(one, place)
        case _:
            return


def _check_compared(node: Compared, place: Place) -> Iterator[Diagnostic]:
    """`A == ('calm' or 'wild')`, which is the first of them."""
    text = place.template.scalar.value
    if len(node.rest) != 1:
        return
    ((operator, right),) = node.rest
    for chain, other in ((right, node.first), (node.first, right)):
        operands = [one for one in list_operands(chain) if is_bare(one)]
        if operator in LISTED and 1 < len(operands) == len(list_operands(chain)):
            stop = isinstance(chain, Or)
            given = next((one for one in operands if bool(one.value) is stop), operands[-1])
            values = ", ".join(spell(one, text) for one in operands)
            yield Diagnostic(
                "bare-operand",
                f"`{spell(chain, text)}` is always `{spell(given, text)}`",
                place.template.scalar.span_at(chain.start, chain.end),
                Severity.WARNING,
                help=f"write `{spell(other, text)} {LISTED[operator]} [{values}]`",
            )


def _say(bare: Constant, advice: str | None, place: Place) -> Diagnostic:
    what = "text" if isinstance(bare.value, str) else "number"
    holds = "always holds" if bare.value else "never holds"
    return Diagnostic(
        "bare-operand",
        f"`{spell(bare, place.template.scalar.value)}` is a {what} that is compared with nothing, and {holds}",
        place.template.scalar.span_at(bare.start, bare.end),
        Severity.WARNING,
        help=advice or "write a comparison in its place, or take it out",
    )
