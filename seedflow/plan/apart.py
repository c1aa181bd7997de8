"""How many different requests there will be at least where tasks are still to come: those that nothing tells apart are shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from seedflow.graph.places import find_templates
from seedflow.plan.build import TaskBuilder
from seedflow.plan.estimate import join_kinds
from seedflow.plan.expand import Leaf
from seedflow.plan.gaps import Gap
from seedflow.plan.instances import Instance, StepTasks
from seedflow.plan.model import Least, PendingImages, Task
from seedflow.plan.views import PendingTask
from seedflow.plan.whole import find_whole
from seedflow.recipe.model import Expression
from seedflow.recipe.references import NameReference
from seedflow.recipe.views import View

FindTasks = Callable[[Iterable[str]], Iterable[Task]]
"""The tasks of addresses and wholes."""


class Differences:
    """Counts different requests of tasks that are not known yet."""

    def __init__(self, build: TaskBuilder, find_tasks: FindTasks) -> None:
        self._build = build
        self._find_tasks = find_tasks

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
                return min(low, max(self._least_of(gap.after)[1], 1))
        elif isinstance(subject, PendingTask):
            if _prints(self._build.expressions_of(hub), name, "key"):
                return low
            if used and _uses(least, subject.instance):
                return min(low, max(self._least_of(gap.after)[0], 1))
        return min(low, 1)

    def _least_of(self, after: Iterable[str]) -> tuple[int, int]:
        """How many different calls and pictures come of tasks at least."""
        kinds: dict[str, Least] = {}
        calls, stored = 0, set[str]()
        for task in self._find_tasks(after):
            join_kinds(kinds, task.least, self._build.kinds.spell)
            if task.result is not None:
                calls += 1
                stored.update(image.facts.digest for image in task.result.images)
        return (
            calls + sum(one.calls for one in kinds.values()),
            len(stored) + sum(one.images for one in kinds.values()),
        )


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
