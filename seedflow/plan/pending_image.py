"""One image that will be there for certain and is not there yet, for what is nothing but its mention."""

from __future__ import annotations

from seedflow.plan.frames import Env
from seedflow.plan.picking import NotThere
from seedflow.plan.resolve import Resolver
from seedflow.plan.whole import find_whole
from seedflow.recipe.references import NameReference, Slice, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.views import View


def find_pending_image(template: Template, env: Env, resolver: Resolver) -> View | None:
    """Its view; None where nothing is mentioned but one image, or where that may be missing."""
    whole = find_whole(template)
    if isinstance(whole, NameReference) and whole.root == "each" and len(whole.path) == 1:
        value = env.each.get(whole.name)
        return value if isinstance(value, View) else None
    if not isinstance(whole, StepReference) or whole.index is None:
        return None
    if whole.collection not in ("images", "passes"):
        return None
    selected = resolver.select(whole, env)
    if isinstance(selected, NotThere) or len(selected) != 1:
        return None
    if selected[0].may_skip and selected[0].outcome is None:
        return None
    views = resolver.pending_views(selected[0], passes=whole.collection == "passes", failed=True)
    if views is None or isinstance(whole.index, Slice) or not -len(views) <= whole.index < len(views):
        return None
    return views[whole.index]
