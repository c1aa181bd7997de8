"""Whether a list is nothing but images of steps or inputs, by the way it is written."""

from __future__ import annotations

from typing import Final

from seedflow.graph.shapes import SAME_ITEMS
from seedflow.plan.frames import Env
from seedflow.plan.lengths import find_declared, is_one_result
from seedflow.plan.whole import find_part, find_whole
from seedflow.recipe.model import InputType
from seedflow.recipe.references import Slice, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned, Part
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.operation_nodes import Applied, Binary, Either, ListOf

_SOME_ITEMS: Final = frozenset(("reject", "rejectattr", "select", "selectattr", "unique"))
"""Filters that give nothing but items of the list before them."""


def gives_images(template: Template, env: Env) -> bool:
    """Whether every item of the list that a template gives is an image for certain."""
    if template.expression is not None and _gives_images(template.expression):
        return True
    part = find_part(template)
    whole = find_whole(template) if part is None else part[0]
    if isinstance(whole, StepReference):
        return whole.collection in ("images", "passes", "outputs")
    declared = None if whole is None else find_declared(whole, env)
    return (
        declared is not None
        and declared.type is InputType.LIST
        and declared.of is not None
        and declared.of.type is InputType.IMAGE
    )


def _gives_images(node: Node) -> bool:
    match node:
        case Binary(operator=operators.add, left=left, right=right):
            return _gives_images(left) and _gives_images(right)
        case OrNone(argument=argument):
            return _gives_images(argument)
        case ListOf(items=items):
            return bool(items) and all(
                is_one_result(one) and _mentions_images(one)
                for one in (item.argument if isinstance(item, OrNone) else item for item in items)
            )
        case Part(base=base):
            return _gives_images(base)
        case Either(then=then, otherwise=otherwise):
            return _gives_images(then) and _gives_images(otherwise)
        case Applied(name=name, arguments=(first, *_)) if name in SAME_ITEMS or name in _SOME_ITEMS:
            return _gives_images(first)
        case Mentioned(reference=StepReference(index=None | Slice())):
            return _mentions_images(node)
        case _:
            return False


def _mentions_images(node: Node) -> bool:
    return isinstance(node, Mentioned) and node.reference.collection in ("images", "passes", "outputs")
