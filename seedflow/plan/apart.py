"""How many different requests there will be at least where tasks are still to come: those that nothing tells apart are shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from seedflow.graph.outputs import find_output
from seedflow.graph.places import find_templates
from seedflow.plan.build import TaskBuilder
from seedflow.plan.estimate import join_kinds, sum_up
from seedflow.plan.frames import Env
from seedflow.plan.gaps import Gap
from seedflow.plan.instances import Group, Instance, StepTasks
from seedflow.plan.model import Action, Least, PendingImages, Task
from seedflow.plan.rows import Leaf
from seedflow.plan.slots import SlotFinder
from seedflow.plan.views import PendingTask
from seedflow.plan.whole import find_whole
from seedflow.recipe.model import Expression, Output
from seedflow.recipe.references import NameReference
from seedflow.recipe.views import View

FindTasks = Callable[[Iterable[str]], Iterable[Task]]
"""The tasks of addresses and wholes."""


class Differences:
    """Counts different requests of tasks that are not known yet."""

    def __init__(self, build: TaskBuilder, find_tasks: FindTasks) -> None:
        self._build = build
        self._find_tasks = find_tasks
        self._slots = SlotFinder(build.resolver, build.stander)

    def count(self, tasks: StepTasks, leaf: Leaf) -> Callable[[Least], int]:
        """For requests of one kind, how many of a leaf's instances make different ones at least."""
        sources = Counter(_name_source(leaf.row.each[names[0]]) for names, _ in leaf.gaps)
        counted = [
            (
                names[0],
                gap,
                leaf.row.each[names[0]] if len(names) == 1 else None,
                sources[_name_source(leaf.row.each[names[0]])] == 1,
            )
            for names, gap in leaf.gaps
        ]

        def times(least: Least) -> int:
            product = 1
            for name, gap, value, lone in counted:
                product *= self._count_of(tasks.hub, name, gap, value, least, lone=lone)
            return product

        return times

    def _count_of(self, hub: str, name: str, gap: Gap, value: object, least: Least, *, lone: bool) -> int:
        low = gap.bounds.low
        subject = value.subject if isinstance(value, View) else None
        used = lone or _sends(self._build.expressions_of(hub), (name,), (name, "images"))
        if isinstance(subject, PendingImages):
            if used and subject.mention in least.mentions:
                return min(low, max(self._count_pictures(gap), 1))
        elif isinstance(subject, PendingTask):
            if _prints(self._build.expressions_of(hub), name, "key"):
                return low
            if used and _uses(least, subject.instance):
                return min(low, max(self._count_tasks(gap), 1))
        return min(low, 1)

    def _count_pictures(self, gap: Gap) -> int:
        """How many different pictures a list has at least.

        A part of a list may leave out just those that differ, so that it has as many as items only where no two are the same.
        """
        tasks = list(self._find_tasks(gap.after))
        kinds: dict[str, Least] = {}
        stored, known = set[str](), 0
        for task in tasks:
            join_kinds(kinds, task.least, self._build.kinds.place)
            if task.result is not None:
                known += len(task.result.images)
                stored.update(image.facts.digest for image in task.result.images)
        if gap.source is None:
            return gap.bounds.low if len(stored) == known and self._all_differ(tasks, kinds) else 1
        given = self._find_given(gap)
        return (
            len(stored) + sum_up(one for kind, one in kinds.items() if given is None or kind in given).images
        )

    def _count_tasks(self, gap: Gap) -> int:
        """How many tasks there are at least of which no two give the same pictures."""
        kinds: dict[str, Least] = {}
        for task in self._find_tasks(gap.after):
            join_kinds(kinds, task.least, self._build.kinds.place)
        given = self._find_given(gap)
        if given is None and isinstance(gap.source, Group) and len(gap.source.ghosts) > 1:
            units = [[unit.address for unit in ghost.units] for ghost, _ in gap.source.ghosts]
            return max((self._sum_up(kinds, place) for place in zip(*units, strict=False)), default=0)
        return max((one.calls for kind, one in kinds.items() if given is None or kind in given), default=0)

    def _sum_up(self, kinds: Mapping[str, Least], addresses: Iterable[str]) -> int:
        found = self._build.kinds.find_kinds(addresses)
        return sum_up(one for kind, one in kinds.items() if kind in found).calls

    def _find_given(self, gap: Gap) -> frozenset[str] | None:
        """The kinds of requests whose pictures the outputs give that a list is made of; None when it is not made of outputs."""
        if not isinstance(gap.source, Group) or gap.source.tasks.node.step.call is None:
            return None
        sources: list[str] = []
        for ghost, _ in gap.source.ghosts:
            if ghost.inner is not None:
                for output in self._outputs_of(ghost, gap):
                    sources += self._slots.find_sources(output.images, Env(ghost.inner))
        return self._build.kinds.find_kinds(sources)

    def _outputs_of(self, ghost: Instance, gap: Gap) -> list[Output]:
        if ghost.inner is None:
            return []
        recipe = ghost.inner.frame.recipe
        if gap.mention is None or gap.mention.collection not in ("images", "outputs"):
            return list(recipe.outputs.values())
        output = find_output(recipe, gap.mention)
        return [] if output is None else [output]

    def _all_differ(self, tasks: Sequence[Task], kinds: Mapping[str, Least]) -> bool:
        """Whether no two of some tasks may come to make the same request."""
        count = 0
        for task in tasks:
            if task.shares_with is not None:
                return False
            if task.tasks is not None and self._is_of_uses(task):
                return False
            if task.result is None and task.will_be is not Action.SKIP:
                count += 1 if task.tasks is None else task.tasks.low
        return count == sum_up(kinds.values()).calls

    def _is_of_uses(self, task: Task) -> bool:
        """Whether a task of a plan stands for uses of a recipe."""
        return self._build.resolver.steps[task.hubs[0]].node.step.call is not None


def _uses(least: Least, instance: Instance) -> bool:
    """Whether requests use an image of a task."""
    inner = instance.inner
    starts = tuple(f"{unit.address} " for unit in instance.units) if inner is None else (inner.prefix,)
    return any(mention.startswith(starts) for mention in least.mentions)


def _name_source(value: object) -> str:
    subject = value.subject if isinstance(value, View) else None
    match subject:
        case PendingImages(mention=mention):
            return mention
        case PendingTask(instance=instance):
            return instance.address
        case _:
            return ""


def sends_prev(expressions: Iterable[Expression]) -> bool:
    """Whether requests have the image before them among their images."""
    return any(whole.root == "prev" and not whole.path for whole in _find_whole_names(expressions))


def _sends(expressions: Iterable[Expression], *paths: tuple[str, ...]) -> bool:
    """Whether requests have all that a variable gives among their images."""
    return any(whole.root == "each" and whole.path in paths for whole in _find_whole_names(expressions))


def _prints(expressions: Iterable[Expression], variable: str, attribute: str) -> bool:
    return any(
        mention.root == "each" and mention.path[:2] == (variable, attribute)
        for expression in expressions
        for template in find_templates(expression)
        for mention in template.references
        if isinstance(mention, NameReference)
    )


def _find_whole_names(expressions: Iterable[Expression]) -> Iterator[NameReference]:
    for expression in expressions:
        for whole in map(find_whole, find_templates(expression)):
            if isinstance(whole, NameReference):
                yield whole
