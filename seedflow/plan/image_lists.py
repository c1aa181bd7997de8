"""Whether a list is nothing but images of steps or inputs, by the way it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from seedflow.graph.shapes import SAME_ITEMS
from seedflow.plan.frames import Env
from seedflow.plan.list_items import find_declared, is_one_result
from seedflow.plan.whole import find_part, find_whole
from seedflow.recipe.model import Expression, InputType
from seedflow.recipe.references import Slice, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named, Part
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.operation_nodes import Applied, Binary, Either, ListOf

Refresh: TypeAlias = Callable[[Env], Env]
"""Gives the place around a used recipe as it is known by now."""

_SOME_ITEMS: Final = frozenset(("reject", "rejectattr", "select", "selectattr", "unique"))
"""Filters that give nothing but items of the list before them."""


def gives_images(template: Template, env: Env, refresh: Refresh) -> bool:
    """Whether every item of the list that a template gives is an image for certain."""
    if template.expression is not None and _Reader(env, refresh).gives_images(template.expression):
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


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads expressions as they are written in one place."""

    env: Env
    refresh: Refresh

    def gives_images(self, node: Node) -> bool:
        match node:
            case Binary(operator=operators.add, left=left, right=right):
                return self.gives_images(left) and self.gives_images(right)
            case OrNone(argument=argument):
                return self.gives_images(argument)
            case ListOf(items=items):
                return bool(items) and all(
                    is_one_result(one) and _mentions_images(one)
                    for one in (item.argument if isinstance(item, OrNone) else item for item in items)
                )
            case Part(base=base):
                return self.gives_images(base)
            case Either(then=then, otherwise=otherwise):
                return self.gives_images(then) and self.gives_images(otherwise)
            case Applied(name=name, arguments=(first, *_)) if name in SAME_ITEMS or name in _SOME_ITEMS:
                return self.gives_images(first)
            case Named(root="inputs", name=name) if name in self.env.frame.later:
                given, outer = self.env.frame.later[name]
                return self._is_of_images(given.expression, self.refresh(outer))
            case Named(root="values", name=name) if name in self.env.frame.lazy_values:
                return self._is_of_images(self.env.frame.lazy_values[name], Env(self.env.frame))
            case Mentioned(reference=StepReference(index=None | Slice())):
                return _mentions_images(node)
            case _:
                return False

    def _is_of_images(self, given: Expression, outer: Env) -> bool:
        """Whether what the caller of a used recipe gives is images of steps and nothing else."""
        if isinstance(given, tuple):
            return all(self._is_of_images(item, outer) for item in given)
        if not isinstance(given, Template) or given.expression is None:
            return False
        node = given.expression
        is_one = is_one_result(node) and _mentions_images(node)
        return is_one or _Reader(outer, self.refresh).gives_images(node)


def _mentions_images(node: Node) -> bool:
    return isinstance(node, Mentioned) and node.reference.collection in ("images", "passes", "outputs")
