"""Walking over the nodes of an expression, for whoever looks for something in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from seedflow.recipe.templating.nodes import Expression


def walk(node: Expression) -> Iterator[Expression]:
    """A node and all that it is made of."""
    yield node
    for part in find_parts(node):
        yield from walk(part)


def find_parts(node: Expression) -> Iterator[Expression]:
    """What a node is made of, without what that is made of."""
    for name in _list_slots(type(node)):
        value = getattr(node, name, None)
        if isinstance(value, Expression):
            yield value
        elif isinstance(value, tuple | dict):
            yield from _look_into(value)


@cache
def _list_slots(kind: type[Expression]) -> tuple[str, ...]:
    return tuple(name for base in kind.__mro__ for name in getattr(base, "__slots__", ()))


def _look_into(value: object) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _look_into(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _look_into(part)
