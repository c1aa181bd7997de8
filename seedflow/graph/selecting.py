"""What `select`, `reject`, `selectattr` and `rejectattr` make certain of the items that they leave: which of their parts are none.

So do filters that fail where what they go by is none, such as `sort`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from seedflow.graph.facts import NO_FACTS, Facts, Known, Names, know, spell
from seedflow.graph.guards import learn
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.functions import TESTS
from seedflow.recipe.templating.callees import name_arguments
from seedflow.recipe.templating.lookup_nodes import Variable
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied

_WANTED: Final[Mapping[str, bool]] = {
    "select": True,
    "selectattr": True,
    "reject": False,
    "rejectattr": False,
}
GOING_BY: Final = frozenset(("max", "min", "sort", "unique"))
"""Filters that compare all items, none of which may be none."""
_ITEM: Final = Variable("item", -1, 0, 0)
"""Stands for what is tested of each item."""


def narrow_items(node: Applied, item: Shape) -> Shape:
    """The shape of the items that a filter leaves of a list with items of that shape."""
    if node.name in GOING_BY:
        gone_by = find_gone_by(node)
        return item if gone_by is None else _narrow_part(item, gone_by, _THERE)
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


def find_gone_by(node: Applied) -> tuple[str, ...] | None:
    """The parts of the `attribute` that a filter goes by, none where it goes by the items themselves; None where it is worked out."""
    attribute = name_arguments(node.apply, node.arguments, node.keywords).get("attribute")
    if attribute is None or (isinstance(attribute, Constant) and attribute.value is None):
        return ()
    if not isinstance(attribute, Constant) or not isinstance(attribute.value, str):
        return None
    return tuple(attribute.value.split("."))


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


_THERE: Final = know(spell(_ITEM, Names()) or (), Known(there=True))


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
