"""Filters by a variable of `for_each` whose values are written out: `selectattr('each.size', 'eq', 'large')` of a loop over `[small, large]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from seedflow.graph.literals import read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import SAME_ITEMS
from seedflow.recipe.model import Expression as Written
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied, ListOf


def _is_same(value: object, other: object) -> bool:
    return value is not None and type(value) is type(other) and value == other


_EACH: Final = "each."
_COMPARED: Final[Mapping[object, Callable[[object, object], bool]]] = {
    operators.equal: _is_same,
    operators.unequal: lambda value, other: not _is_same(value, other),
    operators.contains: lambda value, others: (
        isinstance(others, list) and any(_is_same(value, one) for one in others)
    ),
}
_WANTED: Final = {"selectattr": True, "rejectattr": False}


def find_chosen(part: Applied) -> StepReference | None:
    """The images of a step that one such filter chooses from; None for anything else."""
    base: Expression = part.arguments[0] if part.arguments else part
    while isinstance(base, Applied) and base.arguments and base.name in SAME_ITEMS:
        base = base.arguments[0]
    mention = base.reference if isinstance(base, Mentioned) else None
    if mention is None or mention.index is not None or mention.selector is not None:
        return None
    return mention if mention.collection in ("images", "passes") else None


def chooses_some(part: Applied, target: StepNode) -> bool:
    """Whether the filter takes one of the values that are written out in the loop of the step."""
    wanted = _WANTED.get(part.name)
    if wanted is None or part.keywords or len(part.arguments) != 4:
        return False
    attribute, name, other = (_read_value(one) for one in part.arguments[1:])
    if not isinstance(attribute, str) or not isinstance(name, str) or not attribute.startswith(_EACH):
        return False
    compare = _COMPARED.get(operators.TESTS.get(name))
    variable = attribute.removeprefix(_EACH)
    return compare is not None and any(
        compare(value, other) is wanted
        for loop in target.step.for_each
        for named, items in zip(loop.names, loop.lists, strict=True)
        if named == variable
        for value in _list_values(items)
    )


def _list_values(items: Written) -> Sequence[object]:
    if isinstance(items, Template):
        found = None if items.expression is None else _read_value(items.expression)
    else:
        found = read_literal(items)
    return found if isinstance(found, list) else ()


def _read_value(node: Expression) -> object:
    if isinstance(node, ListOf):
        return [_read_value(item) for item in node.items]
    return node.value if isinstance(node, Constant) else None
