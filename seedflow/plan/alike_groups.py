"""Places where tasks will come that ask the same as those of another place: both go through the same pictures.

Two tasks with one request share its pictures. What a step asks of each of these, it asks of the very same ones, wherever nothing
but the picture makes a difference: so the most of a plan counts it once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

from seedflow.graph.places import find_templates
from seedflow.plan.build import TaskBuilder
from seedflow.plan.context import reroll_nothing
from seedflow.plan.estimate import NOTHING_USD
from seedflow.plan.gaps import Gap
from seedflow.plan.instances import Group
from seedflow.plan.model import Action, PendingImages, Task
from seedflow.plan.rows import Leaf
from seedflow.plan.whole import find_whole
from seedflow.recipe.model import Expression
from seedflow.recipe.references import NameReference
from seedflow.recipe.views import View


class AlikeGroups:
    """Finds groups of one plan whose tasks will share the pictures of those of another group."""

    def __init__(self, build: TaskBuilder) -> None:
        self._build = build

    def share(self, group: Group, stood: Sequence[tuple[Leaf, Sequence[Task]]], task: Task) -> Task:
        """The task of a group, which costs nothing where another group is sure to ask the same; `stood` are those that stand for its tasks."""
        context, build = self._build.context, self._build
        # Who is asked anew shows another take, and its address is not known yet.
        if context.rerolls is not reroll_nothing or context.picks.has_any(context.realm):
            return task
        leaves = [self._identify(group, leaf, tasks) for leaf, tasks in stood]
        prices = {one.price_usd for _, tasks in stood for one in tasks}
        if not leaves or None in leaves or len(prices) > 1 or group.may_be_skipped:
            return task
        first = build.payers.find((group.tasks.hub, *leaves), group.address, certain=True)
        if first is None:
            return task
        build.kinds.note_alike(group.address, first)
        return replace(task, shares_with=first, cost_usd=NOTHING_USD, list_cost_usd=NOTHING_USD, least=())

    def _identify(self, group: Group, leaf: Leaf, tasks: Sequence[Task]) -> Hashable | None:
        """What a leaf has in common with one whose tasks make the same requests for certain; None where that cannot be told."""
        build, step = self._build, group.tasks.node.step
        if step.call is not None or step.iterate is not None or group.tasks.frame.ghost:
            return None
        if len(tasks) != group.tasks.takes or any(one.will_be is not Action.CALL for one in tasks):
            return None
        pictures = [_identify_pictures(names, gap, build.kinds.find_first) for names, gap in leaf.gaps]
        requests = [build.identities.get(one.address) for one in tasks]
        names = {name for names, _ in leaf.gaps for name in names}
        if (
            None in pictures
            or None in requests
            or not _differ_by_picture(names, build.expressions_of(group.tasks.hub))
        ):
            return None
        return (leaf.count, *pictures, *requests)


def _identify_pictures(names: tuple[str, ...], gap: Gap, find_first: Callable[[str], str]) -> Hashable | None:
    """The pictures that a variable goes through: all those of a task or a group, which may be those of another one."""
    source, mention = gap.source, gap.mention
    subject = gap.stand_in.subject if isinstance(gap.stand_in, View) else None
    if source is None or len(names) != 1 or gap.may_skip or gap.is_closed:
        return None  # what may be skipped may leave out one of the two alone
    if not isinstance(subject, PendingImages) or (mention is not None and mention.fail_ok):
        return None
    if isinstance(source, Group):
        whole = source.instance is None and source.tasks.node.step.call is None
        shared = [find_first(source.address)]
    else:
        whole = source.complete and source.inner is None and not source.stands_for_others
        shared = [find_first(one.address) for one in ([gap.unit] if gap.unit is not None else source.units)]
    collection = None if mention is None else mention.collection
    return (names, gap.bounds, collection, *shared) if whole and shared else None


def _differ_by_picture(names: set[str], expressions: Iterable[Expression]) -> bool:
    """Whether requests take nothing from these variables but the pictures themselves: no key, no number, no task of that key."""
    return all(
        find_whole(template) == mention and len(mention.path) == 1
        for expression in expressions
        for template in find_templates(expression)
        for mention in template.references
        if isinstance(mention, NameReference) and mention.root == "each" and mention.name in names
    )
