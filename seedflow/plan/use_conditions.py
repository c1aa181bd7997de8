"""Whether a use of a recipe is made: `when` of its step and of the steps around it, and whether what it goes through came.

With a use everything is skipped that it gives: what it asks for, and what only goes through it as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from seedflow.plan.frames import Env, Later
from seedflow.plan.instances import ImageSource, Instance
from seedflow.plan.model import Outcome
from seedflow.plan.picking import Absent
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.standing import Standing
from seedflow.recipe.model import Output
from seedflow.recipe.template import RenderError, Skipped, Template

Stand: TypeAlias = "Callable[[Template, Env, Standing], None]"
"""Takes what a template mentions into a standing."""

StandSource: TypeAlias = "Callable[[ImageSource, Standing], None]"
"""The same for a task, or an instance as a whole, that a value of a loop comes from."""


class UseConditions:
    """Judges uses of recipes, each once all is there that its conditions mention."""

    def __init__(self, resolver: Resolver, stand: Stand, stand_source: StandSource) -> None:
        self._resolver = resolver
        self._stand = stand
        self._stand_source = stand_source

    def add(
        self, instance: Instance, standing: Standing, *, skip_ok: bool = False, fail_ok: bool = False
    ) -> bool:
        """Take the conditions of a use into a standing; False when it gives nothing."""
        if instance.inner is None:
            return False
        waits, failed = False, None
        pending = False
        for value in instance.inner.each.values():
            if isinstance(value, Later):
                failed = failed or value.failed
                if instance.entered is None and value.skipped is not None:
                    instance.entered = Outcome.SKIPPED
        for source in instance.inner.sources:
            own = Standing()
            self._stand_source(source, own)
            if own.waits and not own.may_skip:
                pending = True  # it may fail yet, and is not left out
                continue
            standing.include(own)
            waits = waits or bool(own.waits)
            if instance.entered is None and own.skips is not None:
                instance.entered = Outcome.SKIPPED
            failed = failed or own.failed
        for template, around in instance.inner.conditions:
            env = self._resolver.refresh(around)
            own = Standing()
            self._stand(template, env, own)
            standing.include(own)
            waits = waits or bool(own.waits)
            if instance.entered is None and own.failed is not None and own.skips is None:
                failed = failed or own.failed
            elif instance.entered is None and (own.skips is not None or not own.waits):
                failed = self._judge(instance, template, env, own) or failed
        # Skipping comes before failing, whichever is known first.
        if instance.entered is None and not waits and (failed is not None or not pending):
            instance.entered = Outcome.GIVEN if failed is None else Outcome.FAILED
            instance.cause = failed
        if instance.entered is Outcome.SKIPPED and not skip_ok:
            standing.skipped = standing.skipped or instance.address
        if instance.entered is Outcome.FAILED and not fail_ok:
            standing.failed = standing.failed or instance.cause or instance.address
        if instance.entered is None and waits:
            standing.may_skip = standing.may_skip or not skip_ok
        return instance.entered in (None, Outcome.GIVEN)

    def find_skip(self, instance: Instance, output: Output, standing: Standing) -> str | None:
        """What was skipped so that an output gives nothing although it goes around what is skipped; None while that is not known."""
        if not standing.tolerant or standing.waits or standing.failed is not None:
            return None
        if instance.inner is None:
            return None
        try:
            output.images.render(self._resolver.build_scope(Env(instance.inner)))
        except Skipped as skipped:
            return skipped.cause
        except (Absent, Refused, RenderError):
            return None  # what is wrong is said of whoever mentions it
        return None

    def _judge(self, instance: Instance, template: Template, env: Env, own: Standing) -> str | None:
        """Note a condition that leaves a use out; gives what it fails with when it says neither yes nor no."""
        try:
            made = own.skips is None and template.render(self._resolver.build_scope(env))
        except Skipped:
            made = False
        except (Absent, Refused, RenderError):
            made = None
        if made is False:
            instance.entered = Outcome.SKIPPED
        # What is wrong with a condition is said of what is inside.
        return None if isinstance(made, bool) else instance.address
