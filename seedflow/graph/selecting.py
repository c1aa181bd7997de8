"""What `select`, `reject`, `selectattr` and `rejectattr` make certain of the items that they leave: which of their parts are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from seedflow.graph.facts import NO_FACTS, Facts, Names, spell
from seedflow.graph.guards import learn
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.functions import TESTS
from seedflow.recipe.templating.lookup_nodes import Variable
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied

_WANTED: Final[Mapping[str, bool]] = {
    "select": True,
    "selectattr": True,
    "reject": False,
    "rejectattr": False,
}
_ITEM: Final = Variable("item", -1, 0, 0)
"""Stands for what is tested of each item."""


def narrow_items(node: Applied, item: Shape) -> Shape:
    """The shape of the items that a filter leaves of a list with items of that shape."""
    wanted = _WANTED.get(node.name)
    if wanted is None or node.keywords:
        return item
    arguments = node.arguments[1:]
    if node.name in ("select", "reject"):
        return _narrow(item, _learn(arguments, wanted=wanted))
    path = arguments[0] if arguments else None
    if not isinstance(path, Constant) or not isinstance(path.value, str):
        return item
    return _narrow_part(item, path.value.split("."), _learn(arguments[1:], wanted=wanted))


def _learn(arguments: Sequence[Expression], *, wanted: bool) -> Facts:
    """What a test makes certain of what it tests."""
    if not arguments:
        return learn(_ITEM, Names(), holds=wanted)
    name, *others = arguments
    test = TESTS.get(name.value) if isinstance(name, Constant) and isinstance(name.value, str) else None
    if test is None or not isinstance(name, Constant):
        return NO_FACTS
    tested = Applied(str(name.value), test.apply, [_ITEM, *others], {}, 0, 0)
    return learn(tested, Names(), holds=wanted)


def _narrow(shape: Shape, facts: Facts) -> Shape:
    key = spell(_ITEM, Names())
    there = key is not None and bool(facts) and facts.is_there(key)
    return replace(shape, optional=False) if there and shape.kind is not Kind.NONE else shape


def _narrow_part(shape: Shape, path: Sequence[str], facts: Facts) -> Shape:
    if not path:
        return _narrow(shape, facts)
    if shape.kind is not Kind.RECORD or shape.fields is None:
        return shape
    name, *rest = path
    field = shape.fields.get(name)
    if field is None:
        return shape
    return replace(shape, fields={**shape.fields, name: _narrow_part(field, rest, facts)})
