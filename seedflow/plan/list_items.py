"""Whether what stands in a list is one item, and what the declaration of an input admits of them."""

from __future__ import annotations

from typing import TypeGuard

from seedflow.plan.frames import Env, Later
from seedflow.plan.gaps import MOST_ITEMS
from seedflow.plan.model import Bounds
from seedflow.plan.views import is_pending
from seedflow.plan.whole import find_whole
from seedflow.recipe.model import Expression, Input, InputType
from seedflow.recipe.references import NameReference, Reference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named
from seedflow.recipe.templating.nodes import Constant
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.views import View


def find_declared(whole: Reference, env: Env) -> Input | None:
    """The declaration of an input that is mentioned as a whole."""
    if isinstance(whole, NameReference) and whole.root == "inputs" and len(whole.path) == 1:
        return env.frame.frame.recipe.inputs.get(whole.name)
    return None


def gives_items(name: NameReference, declared: Input | None, env: Env) -> bool:
    """Whether an input or value has items or is an image, and is no number, text or whether something holds."""
    if name.root == "values":
        known = env.frame.values.get(name.name)
        return known is None or isinstance(known, (list, tuple, View))
    return declared is not None and declared.type in (InputType.IMAGE, InputType.LIST, InputType.TABLE)


def narrow_to(found: Bounds[int], declared: Input) -> Bounds[int]:
    """What an input admits of so many; with another number, nothing is asked."""
    low, high = 0, MOST_ITEMS
    if declared.type is InputType.IMAGE:
        low, high = int(not declared.optional), 1
    elif declared.type in (InputType.LIST, InputType.TABLE):
        low = declared.min_items or 0 if not declared.optional else 0
        high = declared.max_items if declared.max_items is not None else MOST_ITEMS
    low, high = max(low, found.low), min(high, found.high)
    return Bounds(min(low, high), high)


def is_one_item(item: Expression) -> bool:
    """Whether an item that is written out is one for certain: an input of images takes no other."""
    return not isinstance(item, Template) or item.form is TemplateForm.LITERAL or find_whole(item) is not None


def is_one_result(node: Node) -> bool:
    """Whether what stands in brackets is one of what a step gives: without it, whoever mentions it fails or is skipped."""
    return isinstance(node, Mentioned) and isinstance(node.reference.index, int)


def is_known_input(node: Node, env: Env) -> TypeGuard[Named]:
    """Whether a node is an input whose value is known before anything is made."""
    return isinstance(node, Named) and node.root == "inputs" and node.name not in env.frame.later


def is_one_at_most(node: Node) -> bool:
    """The same, or that as far as it was not skipped; or what is written out and is no list of its own."""
    if isinstance(node, Constant):
        return node.value is not None
    if isinstance(node, OrNone):
        return isinstance(node.argument, Named) or is_one_result(node.argument)
    return is_one_result(node)


def is_one_value(value: object) -> bool:
    """Whether a loop's value that is not known yet is one for certain: an image, or one of a `zip`, which is never a list."""
    return isinstance(value, Later) or (
        isinstance(value, View) and value.kind == "image" and is_pending(value)
    )
