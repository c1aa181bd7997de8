"""How many items `.where()` and `.at()` give before it is known which tasks they pick."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from seedflow.plan.addresses import Wanted, is_vague, may_match
from seedflow.plan.frames import Env
from seedflow.plan.gaps import Listing, count_least, count_most
from seedflow.plan.instances import Group, Instance
from seedflow.plan.model import Bounds
from seedflow.plan.picking import Absent
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.stander import Stander
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Skipped


class SelectionBounds:
    """Bounds what selectors give. `read_parts` gives the parts of one instance, `may_skip` whether one may be skipped."""

    def __init__(
        self,
        resolver: Resolver,
        stander: Stander,
        read_parts: Callable[[Instance | Group, StepReference], Listing],
        may_skip: Callable[[Instance], bool],
    ) -> None:
        self._resolver = resolver
        self._stander = stander
        self._read_parts = read_parts
        self._may_skip = may_skip

    def find(self, mention: StepReference, env: Env) -> Bounds[int]:
        """How many items a mention with a selector gives, of whatever tasks it will be."""
        tasks = self._resolver.find_tasks(mention, env)
        wanted = self._find_wanted(mention, env)
        one = mention.selector is not None and mention.selector.kind == "at"
        low = high = most_of_one = 0
        alike: Counter[tuple[str, ...]] = Counter()
        for instance in tasks.instances:
            keys = dict(instance.keys)
            if not may_match(keys.items(), wanted):
                continue
            parts = self._read_parts(instance, mention)
            most = count_most(parts)
            most_of_one = max(most_of_one, most)
            if _is_certain(keys, wanted):
                low += count_least(parts)
            unknown = [keys[name] for name, key in wanted.items() if key is None]
            if any(map(is_vague, unknown)):
                high += most
            else:
                alike[tuple(unknown)] += most
        for group in tasks.groups.values():
            for ghost, count in group.ghosts if group.instance is None else ():
                keys = dict(ghost.keys)
                if not may_match(keys.items(), wanted):
                    continue
                parts = self._read_parts(ghost, mention)
                most = count_most(parts)
                most_of_one = max(most_of_one, most)
                high += most * _narrow(ghost, count.high, wanted)
                sure = group.failed is None and not group.may_skip and not self._may_skip(ghost)
                if sure and _is_certain(keys, wanted):
                    low += count.low * count_least(parts)
        if one:
            return Bounds(0, most_of_one)
        return Bounds(low, high + max(alike.values(), default=0))

    def _find_wanted(self, mention: StepReference, env: Env) -> Wanted:
        wanted: dict[str, str | None] = {}
        selector = mention.selector
        if selector is None:
            return wanted
        tasks = self._resolver.find_tasks(mention, env)
        for argument in selector.arguments:
            single = replace(mention, selector=replace(selector, arguments=(argument,)))
            wanted[argument.variable] = None
            standing = self._stander.of_arguments(single, env)
            if standing.waits or standing.failed is not None or standing.skips is not None:
                continue
            try:
                key = self._resolver.find_wanted(single, tasks, env)[argument.variable]
            except (Absent, Refused, RenderError, Skipped):
                continue
            wanted[argument.variable] = None if is_vague(key) else key
        return wanted


def _is_certain(keys: Mapping[str, str], wanted: Wanted) -> bool:
    return all(key is not None and keys[name] == key for name, key in wanted.items())


def _narrow(ghost: Instance, count: int, wanted: Wanted) -> int:
    """How many of those that one stands for may have the same keys: of the values that come from one place, each has its own."""
    for names, values in ghost.spread:
        if values and wanted.keys() >= set(names):
            count //= values
    return count
