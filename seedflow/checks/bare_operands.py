"""Texts and numbers that stand by themselves beside `or` or `and` in a condition: `inputs.mood == 'calm' or 'wild'`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeGuard

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.certain import find_tests
from seedflow.graph.places import Place
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Compared, Either, Not, Or
from seedflow.recipe.templating.operators import Operator

_LISTED: Final[Mapping[Operator, str]] = {operators.equal: "in", operators.unequal: "not in"}


def check_bare_operands(subject: Subject) -> Iterator[Diagnostic]:
    """Each side of `or` and `and` in a condition asks something."""
    for place in subject.composed:
        certain = subject.flow.certain.at(place)
        nodes = [node for node, _ in subject.flow.certain.find_guarded(place.template, place.frame, certain)]
        tests = [*find_tests(place.template.body), *(node.test for node in nodes if isinstance(node, Either))]
        for test in tests:
            yield from _check_test(test, place)
        for node in nodes:
            if isinstance(node, Compared):
                yield from _check_compared(node, place)


def advise_on_operand(chain: Expression, bare: Constant, text: str) -> str | None:
    """What to write for a chain of `or` or `and` that holds a text or number by itself; None where nothing beside it is compared."""
    operands = _list_operands(chain)
    for one in operands if bare in operands else ():
        compared = _read_comparison(one)
        if compared is None:
            continue
        asked, operator, first = compared
        subject = _spell(asked, text)
        values = [_spell(first, text), *(_spell(each, text) for each in operands if is_bare(each))]
        listed = f"`{subject} {_LISTED[operator]} [{', '.join(values)}]`"
        if operator is operators.equal and isinstance(chain, Or):
            return f"write `{' or '.join(f'{subject} == {value}' for value in values)}`, or {listed}"
        return f"write {listed}"
    return None


def is_bare(node: Expression) -> TypeGuard[Constant]:
    """Whether it is a text or a number that is written out."""
    return (
        isinstance(node, Constant)
        and isinstance(node.value, str | int | float)
        and not isinstance(node.value, bool)
    )


def _check_test(test: Expression, place: Place) -> Iterator[Diagnostic]:
    """A condition, through all that it is made of; of one chain the first is told, with all of them in its help."""
    match test:
        case Not():
            yield from _check_test(test.operand, place)
        case Or() | And():
            operands = _list_operands(test)
            bare = next((one for one in operands if is_bare(one)), None)
            if bare is not None:
                yield _say(bare, advise_on_operand(test, bare, place.template.scalar.value), place)
            for one in operands:
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
        operands = [one for one in _list_operands(chain) if is_bare(one)]
        if operator in _LISTED and 1 < len(operands) == len(_list_operands(chain)):
            stop = isinstance(chain, Or)
            given = next((one for one in operands if bool(one.value) is stop), operands[-1])
            values = ", ".join(_spell(one, text) for one in operands)
            yield Diagnostic(
                "bare-operand",
                f"`{_spell(chain, text)}` is always `{_spell(given, text)}`",
                place.template.scalar.span_at(chain.start, chain.end),
                Severity.WARNING,
                help=f"write `{_spell(other, text)} {_LISTED[operator]} [{values}]`",
            )


def _say(bare: Constant, advice: str | None, place: Place) -> Diagnostic:
    what = "text" if isinstance(bare.value, str) else "number"
    holds = "always holds" if bare.value else "never holds"
    return Diagnostic(
        "bare-operand",
        f"`{_spell(bare, place.template.scalar.value)}` is a {what} that is compared with nothing, and {holds}",
        place.template.scalar.span_at(bare.start, bare.end),
        Severity.WARNING,
        help=advice or "write a comparison in its place, or take it out",
    )


def _list_operands(chain: Expression) -> Sequence[Expression]:
    """`A`, `B` and `C` of `A or B or C`; what is no such chain by itself."""
    kind = type(chain)
    if not isinstance(chain, Or | And):
        return [chain]
    sides = (chain.left, chain.right)
    return [one for side in sides for one in (_list_operands(side) if type(side) is kind else [side])]


def _read_comparison(node: Expression) -> tuple[Expression, Operator, Constant] | None:
    """What is compared, how, and with which text or number."""
    if not isinstance(node, Compared) or len(node.rest) != 1:
        return None
    ((operator, right),) = node.rest
    if operator not in _LISTED:
        return None
    for asked, value in ((node.first, right), (right, node.first)):
        if is_bare(value) and not is_bare(asked):
            return asked, operator, value
    return None


def _spell(node: Expression, text: str) -> str:
    return " ".join(text[node.start : node.end].split())
