"""How many images filters by `number` and `take` leave of tasks that are still to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from seedflow.graph.numbered import Selection, read_selection
from seedflow.graph.shapes import Count
from seedflow.plan.frames import Env
from seedflow.plan.gaps import Gap, Item, Listing
from seedflow.plan.instances import Group, ImageSource, Instance, Unit
from seedflow.plan.model import Bounds, StepImage
from seedflow.plan.views import PendingImage
from seedflow.recipe.references import Reference, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.views import View

_Found: TypeAlias = "dict[int, dict[str, Bounds[int]]]"
"""By task, how many images of each of its takes pass."""
NO_IMAGES: Final = Bounds(0, 0)


class FilteredBounds:
    """Bounds what such filters leave. `take_apart` gives the parts of a mention, `read_parts` those of one instance or group."""

    def __init__(
        self,
        take_apart: Callable[[Reference, Env], Listing | None],
        read_parts: Callable[[Instance | Group, StepReference], Listing],
        may_skip: Callable[[Instance], bool],
    ) -> None:
        self._take_apart = take_apart
        self._read_parts = read_parts
        self._may_skip = may_skip

    def find(self, node: Expression, around: Template, env: Env) -> Bounds[int] | None:
        """How many images there may be; None for anything else than such filters behind the images of tasks."""
        selection = read_selection(node)
        if selection is None:
            return None
        mention = _find_mention(selection.base, around)
        cut = mention.index if isinstance(mention, StepReference) else None
        if mention is None or isinstance(cut, int):
            return None
        if isinstance(mention, StepReference):
            mention = replace(mention, index=None)
        parts = self._take_apart(mention, env)
        if parts is None:
            return None
        low, high = self._count(parts, selection)
        return Bounds(low if selection.exact and cut is None else 0, high)

    def _count(self, parts: Listing, selection: Selection) -> Bounds[int]:
        waited = [part.unit.instance for part in parts if isinstance(part, Gap) and part.unit is not None]
        instances = {unit.address: instance for instance in waited for unit in instance.units}
        by_task: _Found = defaultdict(dict)
        for number, part in enumerate(parts):
            task, take, bounds = self._count_part(part, selection, instances)
            takes = by_task[-number - 1 if task is None else task]
            takes[take] = _add([takes.get(take, NO_IMAGES), bounds])
        return _add(_keep_takes(list(takes.values()), selection) for takes in by_task.values())

    def _count_part(
        self, part: Item | Gap, selection: Selection, instances: Mapping[str, Instance]
    ) -> tuple[int | None, str, Bounds[int]]:
        """How many of it pass, and of which task it is a take where it is just one. `instances` are those of which a take is waited for."""
        if isinstance(part, Item):
            view = part.value
            known = view.attributes if isinstance(view, View) else {}
            passes = selection.passes(known.get("number"), known.get("take"))
            bounds = Bounds(1, 1) if passes and "number" in known else Bounds(0, int(passes))
            take = _find_take(view.subject) if isinstance(view, View) else ""
            instance = instances.get(take)
            return (None if instance is None else id(instance)), take, bounds
        if part.unit is not None:
            return id(part.unit.instance), part.unit.address, _pass_of(part.bounds, selection)
        if isinstance(part.source, Group):
            return None, "", _within(self._count_group(part.source, part, selection), part.bounds)
        if isinstance(part.source, Instance) and part.source.inner is None and part.source.complete:
            passes = part.mention is not None and part.mention.collection == "passes"
            units = part.source.units if passes else part.source.last_units()
            found = _keep_takes([_pass_of(_bounds_of(unit), selection) for unit in units], selection)
            return None, "", _within(found, part.bounds)
        return None, "", Bounds(0, part.bounds.high)

    def _count_group(self, group: Group, gap: Gap, selection: Selection) -> Bounds[int]:
        """Of all tasks that may come in one place."""
        if gap.mention is None or group.instance is not None:
            return Bounds(0, gap.bounds.high)
        low = high = 0
        for ghost, count in group.ghosts:
            least, most = self._count(self._read_parts(ghost, gap.mention), selection)
            low += 0 if self._may_skip(ghost) else count.low * least
            high += count.high * most
        return Bounds(low, high)


def _find_mention(base: Expression, around: Template) -> Reference | None:
    place = (base.start, base.end)
    return next((one for one in around.references if (one.start, one.end) == place), None)


def _find_take(subject: object) -> str:
    """The address of the take that an image is of."""
    match subject:
        case StepImage(address=address):
            return address
        case PendingImage(source=ImageSource(unit=Unit(address=address))):
            return address
        case _:
            return ""


def _bounds_of(unit: Unit) -> Bounds[int]:
    return unit.instance.tasks.bounds[unit.address]


def _pass_of(images: Bounds[int], selection: Selection) -> Bounds[int]:
    low, high = selection.count_images(Count(*images))
    return Bounds(low, images.high if high is None else high)


def _keep_takes(found: list[Bounds[int]], selection: Selection) -> Bounds[int]:
    """Of the takes of one task, as many as may pass."""
    most = selection.most_takes
    if most is None or most >= len(found):
        return _add(found)
    return Bounds(0, sum(sorted((bounds.high for bounds in found), reverse=True)[:most]))


def _within(found: Bounds[int], given: Bounds[int]) -> Bounds[int]:
    high = min(found.high, given.high)
    return Bounds(min(found.low, given.low, high), high)


def _add(found: Iterable[Bounds[int]]) -> Bounds[int]:
    low = high = 0
    for bounds in found:
        low, high = low + bounds.low, high + bounds.high
    return Bounds(low, high)
