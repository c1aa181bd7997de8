"""Picked images of which the text alone doubts that they exist: whether a plan comes to pick them, and of how many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from seedflow.diagnostics import Span
from seedflow.graph.model import StepGraph
from seedflow.graph.places import Part, Place, find_recipe_places, find_step_places
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.instances import StepTasks
from seedflow.plan.model import Bounds, Outcome, PendingImages
from seedflow.plan.picking import Absent
from seedflow.plan.ranges import RangeFinder
from seedflow.plan.reached import find_all_parts, find_reached_parts
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.stander import Stander
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Skipped, Template
from seedflow.recipe.templating.lookup_nodes import Item, Mentioned
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied

_MOST_TASKS: Final = 1_000
"""Of a step with more tasks, what the text says of its picks is left as it is: each would be looked at for itself."""
_ONE_OF_A_LIST: Final = frozenset(("first", "last", "min", "max"))
_NOTHING_KNOWN: Final = Bounds(0, 0)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Whether what is doubted is certain not to come true, and of how many images one is picked, where that was counted."""

    settled: bool
    count: Bounds[int] | None = None


class PickJudge:
    """Judges the places where one of several images is picked by all that a plan knows: inputs, conditions, and what each step gives.

    The plan is `whole` if nothing is wrong with it.
    """

    def __init__(
        self,
        graph: StepGraph,
        root: FrameInstance,
        resolver: Resolver,
        stander: Stander,
        ranges: RangeFinder,
        *,
        whole: bool,
    ) -> None:
        self._whole = whole
        self._graph = graph
        self._root = root
        self._resolver = resolver
        self._stander = stander
        self._ranges = ranges
        self._judged: dict[Span, _Judged] = {}

    def settles(self, span: Span) -> bool:
        """Whether no task picks an image at a place that may not be there.

        That is so where a test that the inputs decide leaves the place out, where there are always enough, and where nothing
        is asked any more: who is skipped, blocked or stored picks nothing.
        """
        return self._judge(span).settled

    def find_count(self, span: Span) -> Bounds[int] | None:
        """Of how many images one is picked at a place, over all the tasks that come to it."""
        return self._judge(span).count

    def _judge(self, span: Span) -> _Judged:
        found = self._judged.get(span)
        if found is None:
            found = self._judged[span] = self._judge_places(span)
        return found

    def _judge_places(self, span: Span) -> _Judged:
        seen, settled = False, True
        lows: list[int] = []
        highs: list[int] = []
        for place in self._find_places(span):
            picks = (one for one in find_all_parts(place.template) if _find_needed(one) is not None)
            if not any(_stands_in(one, place.template, span) for one in picks):
                return _Judged(False)  # in a macro or a file, of which nobody knows how often it is put in
            envs = self._list_envs(place)
            if envs is None:
                return _Judged(False)
            seen = True
            for env in envs:
                for node in find_reached_parts(place.template, env, self._stander):
                    needed = _find_needed(node)
                    if needed is None or not _stands_in(node, place.template, span):
                        continue
                    low, high = self._count(node, place.template, env)
                    settled = settled and low >= needed
                    lows.append(low)
                    highs.append(high)
        counted = bool(lows) and min(lows) > 0
        return _Judged(seen and settled, Bounds(min(lows), max(highs)) if counted else None)

    def _find_places(self, span: Span) -> Iterator[Place]:
        """The templates around a place, in every use of the recipe that it is written in."""
        for node in self._graph.steps.values():
            yield from (one for one in find_step_places(node) if _holds(one.template, span))
        for frame in (self._graph.frame, *self._graph.frames.values()):
            yield from (one for one in find_recipe_places(frame) if _holds(one.template, span))

    def _list_envs(self, place: Place) -> list[Env] | None:
        """The surroundings in which a template is worked out; None where nobody can tell all of them."""
        if place.node is None:
            return self._list_frames(place)
        hubs = [one for one in self._resolver.steps.values() if one.node is place.node]
        if place.part is Part.FOR_EACH:
            return [Env(one.frame) for one in hubs] or None
        envs: list[Env] = []
        for tasks in hubs:
            unknown = any(not one.ghosts and one.instance is None for one in tasks.groups.values())
            if unknown or len(tasks.instances) > _MOST_TASKS:
                return None
            envs.extend(_list_open(tasks, place, whole=self._whole))
        known = self._whole and any(one.instances or one.groups for one in hubs)
        return envs if envs or known else None

    def _list_frames(self, place: Place) -> list[Env] | None:
        """Those of a value or an output."""
        if place.frame.path == self._root.frame.path:
            return [Env(self._root)]
        uses = [
            instance.inner
            for tasks in self._resolver.steps.values()
            for instance in tasks.instances
            if instance.inner is not None and instance.inner.frame.path == place.frame.path
        ]
        return [Env(one) for one in uses] or None

    def _count(self, node: Expression, around: Template, env: Env) -> Bounds[int]:
        """Of how many items one is picked."""
        try:
            if isinstance(node, Mentioned):
                return self._count_mentioned(replace(node.reference, index=None), env)
            base = node.base if isinstance(node, Item) else None
            if isinstance(node, Applied):
                base = node.arguments[0]
            if base is None:
                return _NOTHING_KNOWN
            shape = self._ranges.find(around.narrow(base), env)
        except (Absent, Refused, RenderError, Skipped):
            return _NOTHING_KNOWN
        low, high = shape.count
        return Bounds(0 if shape.optional else low, low if high is None else high)

    def _count_mentioned(self, mention: StepReference, env: Env) -> Bounds[int]:
        slots = self._resolver.slots(mention, env)
        if not isinstance(slots, tuple):
            low, high = self._ranges.of_step(mention, env).count
            return Bounds(low, low if high is None else high)
        counts = [slot.count if isinstance(slot, PendingImages) else Bounds(1, 1) for slot in slots]
        return Bounds(sum(low for low, _ in counts), sum(high for _, high in counts))


def _list_open(tasks: StepTasks, place: Place, *, whole: bool) -> Iterator[Env]:
    """The surroundings of those tasks that may yet work out a template of their step."""
    ghosts = [ghost for group in tasks.groups.values() for ghost, _ in group.ghosts]
    for instance in (*tasks.instances, *ghosts):
        left_out = instance.entered in (Outcome.SKIPPED, Outcome.FAILED)
        if not (whole and place.guarded and (instance.ended or left_out)):
            yield Env(tasks.frame, instance.each)


def _find_needed(node: Expression) -> int | None:
    """How many items there must be so that one is picked; None for what picks none."""
    index: object = None
    match node:
        case Mentioned(reference=reference):
            index = reference.index
        case Item(key=Constant(value=value)) if not isinstance(value, bool):
            index = value
        case Applied(name=name, arguments=(_, *_)) if name in _ONE_OF_A_LIST:
            index = 0
        case _:
            pass
    if not isinstance(index, int):
        return None
    return index + 1 if index >= 0 else -index


def _holds(template: Template, span: Span) -> bool:
    outer = template.scalar.span
    return outer.source is span.source and outer.start <= span.start and span.end <= outer.end


def _stands_in(node: Expression, template: Template, span: Span) -> bool:
    """Whether a part is what a place shows, which may begin with the parentheses around it."""
    place = template.scalar.span_at(node.start, node.end)
    return place.end == span.end and place.start >= span.start and place.source is span.source
