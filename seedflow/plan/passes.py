"""Edits in a row: the image before each pass."""

from __future__ import annotations

from seedflow.diagnostics import Diagnostic
from seedflow.plan.frames import Env
from seedflow.plan.instances import Unit
from seedflow.plan.pending_image import find_pending_image
from seedflow.plan.picking import as_list
from seedflow.plan.refused import Refused
from seedflow.plan.requests import Renderer
from seedflow.plan.resolve import Resolver
from seedflow.plan.stander import Stander
from seedflow.plan.views import build_ghost_view, build_pending_view
from seedflow.recipe.model import Iterate
from seedflow.recipe.views import View


class PassReader:
    """Finds the images before passes."""

    def __init__(self, resolver: Resolver, stander: Stander, renderer: Renderer) -> None:
        self._resolver = resolver
        self._stander = stander
        self._renderer = renderer

    def find_before(self, unit: Unit, iterate: Iterate, env: Env) -> View | None:
        """The image before a pass: that of the pass before, or the first one; None when there is none that could be seen."""
        if unit.before is not None:
            found = self._resolver.current(build_pending_view(unit.before, 1, passes=True))
            return found if isinstance(found, View) else None
        standing = self._stander.of([iterate.start], env)
        if standing.failed is not None or standing.skips is not None:
            return None
        if standing.waits:
            view = find_pending_image(iterate.start, env, self._resolver)
            return view if view is not None else build_ghost_view(*standing.waits)
        images = as_list(self._renderer.render(iterate.start, env))
        if len(images) == 1 and isinstance(images[0], View) and images[0].kind == "image":
            return images[0]
        raise Refused(
            Diagnostic(
                "not-an-image",
                f"`start` is one image, but this gives {len(images) or 'none'}"
                + (" of them" if len(images) > 1 else ""),
                iterate.start.scalar.span,
                help="name one image, such as `steps.NAME.images[0]`",
            )
        )
