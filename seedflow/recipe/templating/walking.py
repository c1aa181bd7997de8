"""Walking over the nodes of an expression, for whoever looks for something in it."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.recipe.templating.nodes import Expression


def walk(node: Expression) -> Iterator[Expression]:
    """A node and all that it is made of."""
    yield node
    for kind in type(node).__mro__:
        for name in getattr(kind, "__slots__", ()):
            yield from _walk_into(getattr(node, name, None))


def _walk_into(value: object) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield from walk(value)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _walk_into(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _walk_into(part)
