"""What images of an output went through: the uses of recipes that they come out of, whose `each` names their files as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seedflow.plan.frames import NOTHING, Env, FrameInstance
from seedflow.plan.instances import Instance
from seedflow.plan.model import Outcome
from seedflow.plan.picking import Absent, NotThere
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.slots import SlotFinder
from seedflow.plan.stander import Stander
from seedflow.plan.whole import find_part, find_whole
from seedflow.recipe.model import Output
from seedflow.recipe.references import Slice, StepReference
from seedflow.recipe.template import Skipped, Template
from seedflow.recipe.views import View


@dataclass(frozen=True, slots=True)
class Handed:
    """One image that comes out of uses of recipes: their values of `each`, and what templates see of it once it is there."""

    each: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    view: View | None = None


class HandedFinder:
    """Follows a mention of steps that use recipes, in the order of the images that it gives."""

    def __init__(self, resolver: Resolver, stander: Stander, slots: SlotFinder) -> None:
        self._resolver = resolver
        self._stander = stander
        self._slots = slots

    def find(self, template: Template, env: Env) -> list[Handed] | None:
        """What each image went through; None for anything but a mention of such steps, and as long as that is not known."""
        part = find_part(template)
        whole, cut = (find_whole(template), None) if part is None else part
        if not isinstance(whole, StepReference) or whole.collection not in ("images", "outputs"):
            return None
        tasks = self._resolver.find_tasks(whole, env)
        if tasks.node.step.call is None or tasks.groups or self._stander.of_arguments(whole, env).waits:
            return None
        selected = self._resolver.select(whole, env)
        if isinstance(selected, NotThere):
            return None
        found: list[Handed] = []
        for instance in selected:
            output = self._resolver.find_call_output(instance, whole)
            one = self._of_use(instance, output, fail_ok=whole.fail_ok)
            if one is None:
                return None
            found.extend(one)
        for index in (whole.index, cut):
            if isinstance(index, Slice) and index.step != 0:
                found = found[index.start : index.stop : index.step]
            elif isinstance(index, int):
                found = [found[index]] if -len(found) <= index < len(found) else []
        return found

    def _of_use(self, instance: Instance, output: Output | None, *, fail_ok: bool) -> list[Handed] | None:
        inner = instance.inner
        if inner is None or output is None:
            return None
        if self._stander.find_entered(instance) in (Outcome.SKIPPED, Outcome.FAILED):
            return []
        deeper = self.find(output.images, Env(inner))
        if deeper is not None:
            return deeper
        standing = self._stander.of([output.images], Env(inner))
        if standing.waits or standing.failed is not None:
            slots = self._slots.find(output.images, Env(inner))
            if isinstance(slots, NotThere) and fail_ok and standing.failed is not None:
                return []
            return [Handed(inner.each) for _ in slots] if isinstance(slots, tuple) else None
        return self._of_views(instance, output, inner)

    def _of_views(self, instance: Instance, output: Output, inner: FrameInstance) -> list[Handed] | None:
        """All of it is there."""
        try:
            views = self._resolver.output_images(output, instance)
        except Skipped:
            return []
        except (Absent, Refused):
            return None
        return [Handed(inner.each, view if isinstance(view, View) else None) for view in views]
