"""Which lists of a recipe are rows of a table as they are, so that their items have its columns and its key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seedflow.graph.model import StepNode
from seedflow.graph.shapes import SAME_ITEMS
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Named, Part
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import Applied, Binary, Either, ListOf, Or

_EVERY_ROW: Final = SAME_ITEMS | {"unique", "default", "d"}
_SAME_ROWS: Final = _EVERY_ROW | {"select", "selectattr", "reject", "rejectattr"}
"""Filters that leave rows as they are."""


def find_row_variables(name: str, node: StepNode, *, every: bool = False) -> set[str]:
    """The variables of a step that go through the rows of an input; with `every`, through all of them for certain."""
    found: set[str] = set()
    for entry in node.step.for_each:
        for variable, items in zip(entry.names, entry.lists, strict=True):
            listed = items.expression if isinstance(items, Template) else None
            if listed is not None and (
                has_every_row(listed, name) if every else name in set(list_tables(listed))
            ):
                found.add(variable)
    return found


def list_tables(items: Expression) -> Iterator[str | None]:
    """The inputs of which the items of a list are, None for items that are of none: a column of rows has no columns."""
    match items:
        case Named(root="inputs", name=name):
            yield name
        case Part(base=base):
            yield from list_tables(base)
        case Applied(name=filter_, arguments=(first, *_)) if filter_ in _SAME_ROWS:
            yield from list_tables(first)
        case Binary(left=one, right=other) | Or(left=one, right=other):
            yield from list_tables(one)
            yield from list_tables(other)
        case Either(then=one, otherwise=other):
            yield from list_tables(one)
            yield from list_tables(other)
        case ListOf(items=()):
            pass
        case _:
            yield None


def has_every_row(items: Expression, name: str) -> bool:
    """Whether all rows of an input are among the items of a list, whatever the inputs are."""
    match items:
        case Named(root="inputs", name=found):
            return found == name
        case Applied(name=filter_, arguments=(first, *_)) if filter_ in _EVERY_ROW:
            return has_every_row(first, name)
        case Or(left=first):
            return has_every_row(first, name)
        case Binary(left=one, right=other):
            return has_every_row(one, name) or has_every_row(other, name)
        case _:
            return False
