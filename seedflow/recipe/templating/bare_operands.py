"""What was meant by a text or number that stands by itself beside `or` or `and`: a comparison like the nearest one of its kind in the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeGuard

from seedflow.recipe.templating import operators
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Compared, Or
from seedflow.recipe.templating.operators import Operator

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


def list_operands(chain: Expression) -> Sequence[Expression]:
    """`A`, `B` and `C` of `A or B or C`; what is no such chain by itself."""
    kind = type(chain)
    if not isinstance(chain, Or | And):
        return [chain]
    sides = (chain.left, chain.right)
    return [one for side in sides for one in (list_operands(side) if type(side) is kind else [side])]


def group_bare(chain: Expression) -> list[list[Constant]]:
    """The texts and numbers by themselves in a chain, those together that one help speaks of."""
    operands = list_operands(chain)
    groups: dict[int | None, list[Constant]] = {}
    for at, one in enumerate(operands):
        if is_bare(one):
            groups.setdefault(_find_nearest(operands, at), []).append(one)
    return list(groups.values())


def advise_on_operand(chain: Expression, bare: Constant, text: str) -> str | None:
    """What to write for the part of a chain from the nearest comparison to a text or number by itself; None without such a one."""
    operands = list_operands(chain)
    nearest = {at: _find_nearest(operands, at) for at, one in enumerate(operands) if is_bare(one)}
    anchor = next((nearest[at] for at in nearest if operands[at] is bare), None)
    compared = None if anchor is None else _read_comparison(operands[anchor])
    if anchor is None or compared is None:
        return None
    group = [at for at, one in nearest.items() if one == anchor]
    part = range(min(anchor, *group), max(anchor, *group) + 1)
    subject, word = spell(compared.asked, text), " or " if isinstance(chain, Or) else " and "
    values = ", ".join([spell(compared.value, text), *(spell(operands[at], text) for at in group)])
    whole = f"{subject} {LISTED[compared.operator]} [{values}]"
    listed = f"`{word.join(whole if at == anchor else spell(operands[at], text) for at in part if at not in group)}`"
    if compared.operator is not operators.equal or not isinstance(chain, Or):
        return f"write {listed}"
    own = {at: operands[at] for at in group} | {anchor: compared.value}
    each = (f"{subject} == {spell(own[at], text)}" if at in own else spell(operands[at], text) for at in part)
    return f"write `{word.join(each)}`, or {listed}"


def spell(node: Expression, text: str) -> str:
    """How it is written, on one line."""
    return " ".join(text[node.start : node.end].split())


def _find_nearest(operands: Sequence[Expression], at: int) -> int | None:
    """Which operand compares something with a value of the kind of this one: the nearest before it, else behind it."""
    is_text = isinstance(getattr(operands[at], "value", None), str)
    for other in (*range(at - 1, -1, -1), *range(at + 1, len(operands))):
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
