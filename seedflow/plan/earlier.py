"""Addresses that a task had under earlier names of steps: in its path, and in its keys, which the images of a step give.

So what was picked for it, and what it asked for last time, outlives renames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product
from typing import Final

from seedflow.graph.model import StepGraph
from seedflow.plan.addresses import shorten_key
from seedflow.plan.instances import Instance, Unit
from seedflow.plan.model import StepImage
from seedflow.plan.views import PendingImage, PendingTask, spell_image_key
from seedflow.recipe.views import View

_MOST: Final = 256
"""So many mixtures of old and new names are looked up for one task, nearest first."""


class EarlierNames:
    """Knows earlier addresses; `find_unit` gives the task of an address. Without any `was` in a recipe there are none."""

    def __init__(self, graph: StepGraph, find_unit: Callable[[str], Unit | None]) -> None:
        self._renamed = any(node.step.was for node in graph.steps.values())
        self._find_unit = find_unit

    def list_addresses(self, instance: Instance, address: str) -> Iterator[str]:
        """The addresses that a task, or all of an instance, may have had, nearest first.

        Names change one at a time: each may be an old or the new one, whatever the others are.
        """
        if not self._renamed:
            return
        found = islice(self._list_all(instance, address), _MOST)
        yield from (one for one in dict.fromkeys(found) if one != address)

    def _list_all(self, instance: Instance, address: str) -> Iterator[str]:
        step, frame = instance.tasks.node.step, instance.tasks.frame
        rest = address.removeprefix(instance.tasks.hub)
        now = _spell(instance.keys)
        keys = [
            [(name, one) for one in self._list_keys(instance.each.get(name), key)]
            for name, key in instance.keys
        ]
        for prefix in (frame.prefix, *frame.earlier):
            for name in (step.name, *step.was):
                for chosen in product(*keys):
                    yield f"{prefix}{name}{rest.replace(now, _spell(chosen), 1) if chosen else rest}"

    def _list_keys(self, value: object, key: str) -> Iterator[str]:
        """The key of a value, then those that it had."""
        yield key
        subject = value.subject if isinstance(value, View) else None
        match subject:
            case StepImage(address=address):
                unit, number = self._find_unit(address), subject.number
            case PendingImage(source=source):
                unit, number = source.unit, subject.number
            case PendingTask(instance=instance) | (Instance() as instance):
                yield from self._list_loop_keys(instance)
                return
            case _:
                return
        if unit is not None and isinstance(value, View):
            for start in self._list_loop_keys(unit.instance):
                yield spell_image_key(start, unit, number, passes=value.one_of_passes)

    def _list_loop_keys(self, instance: Instance) -> Iterator[str]:
        """How the keys began of those that loop over what an instance gives."""
        tasks = instance.tasks
        around = [
            list(self._list_keys(value, key))
            for value, key in zip(tasks.frame.key_values, tasks.frame.keys, strict=True)
        ]
        own = [list(self._list_keys(instance.each.get(name), key)) for name, key in instance.keys]
        for keys in product(*around, *(own or [[tasks.node.step.name, *tasks.node.step.was]])):
            yield shorten_key(".".join(keys))


def _spell(keys: Iterable[tuple[str, str]]) -> str:
    return "[" + ",".join(f"{name}={key}" for name, key in keys)
