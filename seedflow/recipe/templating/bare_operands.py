"""What was meant by a text or number that stands by itself beside `or` or `and`: a comparison like the nearest one of its kind in the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypeGuard

from seedflow.recipe.templating import operators
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Compared, Either, Or
from seedflow.recipe.templating.operators import Operator
from seedflow.recipe.templating.walking import walk

LISTED: Final[Mapping[Operator, str]] = {operators.equal: "in", operators.unequal: "not in"}
"""What says of a list what an operator says of one value."""


class _Comparison(NamedTuple):
    """What is compared, how, and with which text or number."""

    asked: Expression
    operator: Operator
    value: Constant


def is_bare(node: Expression) -> TypeGuard[Constant]:
    """Whether it is a text or a number that is written out."""
    return (
        isinstance(node, Constant)
        and isinstance(node.value, str | int | float)
        and not isinstance(node.value, bool)
    )


def list_operands(operation: Expression) -> Sequence[Expression]:
    """`A`, `B` and `C` of `A or B or C`; what is no such chain by itself."""
    kind = type(operation)
    if not isinstance(operation, Or | And):
        return [operation]
    sides = (operation.left, operation.right)
    return [one for side in sides for one in (list_operands(side) if type(side) is kind else [side])]


def group_bare(operation: Expression) -> list[list[Constant]]:
    """The texts and numbers by themselves in a chain, those together that one help speaks of."""
    operands = list_operands(operation)
    groups: dict[int | None, list[Constant]] = {}
    for at, one in enumerate(operands):
        if is_bare(one):
            groups.setdefault(_find_nearest(operands, at), []).append(one)
    return list(groups.values())


def advise_on_operand(operation: Expression, bare: Constant, text: str) -> str | None:
    """What to write for the part of a chain from the nearest comparison to a text or number by itself; None without such a one."""
    operands = list_operands(operation)
    nearest = {at: _find_nearest(operands, at) for at, one in enumerate(operands) if is_bare(one)}
    anchor = next((nearest[at] for at in nearest if operands[at] is bare), None)
    compared = None if anchor is None else _read_comparison(operands[anchor])
    if anchor is None or compared is None:
        return None
    group = [at for at, one in nearest.items() if one == anchor]
    part = range(min(anchor, *group), max(anchor, *group) + 1)
    subject, word = spell(compared.asked, text), " or " if isinstance(operation, Or) else " and "
    values = ", ".join([spell(compared.value, text), *(spell(operands[at], text) for at in group)])
    whole = f"{subject} {LISTED[compared.operator]} [{values}]"
    listed = f"`{word.join(whole if at == anchor else spell(operands[at], text) for at in part if at not in group)}`"
    if compared.operator is not operators.equal or not isinstance(operation, Or):
        return f"write {listed}"
    own = {at: operands[at] for at in group} | {anchor: compared.value}
    each = (f"{subject} == {spell(own[at], text)}" if at in own else spell(operands[at], text) for at in part)
    return f"write `{word.join(each)}`, or {listed}"


def advise_inside(expression: Expression | None, bare: Expression, text: str) -> str | None:
    """The same for one that stands anywhere in an expression."""
    if expression is None or not is_bare(bare):
        return None
    operations = (part for part in walk(expression) if isinstance(part, Or | And))
    advice = (advise_on_operand(operation, bare, text) for operation in operations)
    return next((one for one in advice if one is not None), None)


def find_outcomes(node: Expression | None) -> Iterator[Expression]:
    """The parts of an expression to which it may come as a whole."""
    match node:
        case Or(left=left, right=right) | And(left=left, right=right):
            yield from find_outcomes(left)
            yield from find_outcomes(right)
        case Either(then=then, otherwise=otherwise):
            yield from find_outcomes(then)
            yield from find_outcomes(otherwise)
        case None:
            return
        case _:
            yield node


def spell(node: Expression, text: str) -> str:
    """How it is written, on one line."""
    return " ".join(text[node.start : node.end].split())


def _find_nearest(operands: Sequence[Expression], at: int) -> int | None:
    """Which operand compares something with a value of the kind of this one: the nearest before it, else behind it."""
    is_text = isinstance(getattr(operands[at], "value", None), str)
    for other in chain(range(at - 1, -1, -1), range(at + 1, len(operands))):
        compared = _read_comparison(operands[other])
        if compared is not None and isinstance(compared.value.value, str) is is_text:
            return other
    return None


def _read_comparison(node: Expression) -> _Comparison | None:
    if not isinstance(node, Compared) or len(node.rest) != 1:
        return None
    ((operator, right),) = node.rest
    if operator not in LISTED:
        return None
    for asked, value in ((node.first, right), (right, node.first)):
        if is_bare(value) and not is_bare(asked):
            return _Comparison(asked, operator, value)
    return None
