"""Walking over the nodes of an expression, for whoever looks for something in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seedflow.recipe.templating import operators
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import Binary, ListOf

_PLACES: Final = frozenset(("start", "end", "name_start", "name_end"))
_SLOTS: Final[dict[type[Expression], tuple[str, ...]]] = {}


def walk(node: Expression) -> Iterator[Expression]:
    """A node and all that it is made of."""
    yield node
    for part in find_parts(node):
        yield from walk(part)


def find_items(node: Expression | None) -> Iterator[Expression]:
    """What stands in the brackets of a list, or of lists that `+` puts together."""
    if isinstance(node, Binary) and node.operator is operators.add:
        yield from find_items(node.left)
        yield from find_items(node.right)
    elif isinstance(node, ListOf):
        yield from node.items


def find_parts(node: Expression) -> Iterator[Expression]:
    """What a node is made of, without what that is made of."""
    for name in list_slots(type(node)):
        value = getattr(node, name, None)
        if isinstance(value, Expression):
            yield value
        elif isinstance(value, tuple | dict):
            yield from _look_into(value)


def list_slots(kind: type[Expression]) -> tuple[str, ...]:
    """The attributes of a kind of node, without those that say where it stands, and those that it worked out of them."""
    found = _SLOTS.get(kind)
    if found is None:
        names = (name for base in kind.__mro__ for name in getattr(base, "__slots__", ()))
        found = _SLOTS[kind] = tuple(
            name for name in names if name not in _PLACES and not name.startswith("_")
        )
    return found


def _look_into(value: object) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _look_into(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _look_into(part)
