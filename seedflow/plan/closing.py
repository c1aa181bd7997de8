"""Places where no task will come: what they wait for failed or was skipped, or its results are not what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from seedflow.diagnostics import Diagnostic
from seedflow.plan.addresses import spell_address
from seedflow.plan.build import Built, TaskBuilder
from seedflow.plan.frames import Env
from seedflow.plan.gaps import Gap, build_refused_gap
from seedflow.plan.groups import build_closed_task
from seedflow.plan.instances import Group, Instance, Unit
from seedflow.plan.judge import Findings
from seedflow.plan.model import Action, Bounds, Outcome, Reason, Task
from seedflow.plan.refusals import Refusals, find_open
from seedflow.plan.refused import Refused
from seedflow.plan.rows import Leaf, Opening
from seedflow.plan.standing import Standing
from seedflow.recipe.model import Iterate

Sink: TypeAlias = "dict[str, Task]"
"""Where planned tasks go, by address."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of tasks whatever their loop's failed value would have been: skipped, blocked, or not known before `waits` ended."""

    waits: tuple[str, ...] = ()
    skipped: str | None = None
    by_condition: bool = False


class Closer:
    """Closes groups and refuses tasks of one plan; what they say goes into a sink."""

    def __init__(self, build: TaskBuilder, refusals: Refusals) -> None:
        self._build = build
        self._refusals = refusals

    def foresee(self, ghost: Instance, made: Sequence[Task]) -> Outlook:
        """The outlook of the tasks of one that stands for others; some cannot be made, such as edits of an empty list."""
        if made:
            return foresee(made)
        env = Env(ghost.tasks.frame, ghost.each)
        return Outlook(
            tuple(find_open(ghost, self._build.stander, env) or ())
        )  # a condition may leave them out

    def close(self, group: Group, gap: Gap, sink: Sink, *, by_condition: bool = False) -> None:
        """A group in which nothing will come, since what it waits for failed or was skipped, or a condition leaves it out."""
        tasks = group.tasks
        if gap.problem is not None:
            group.failed = group.address
            tasks.close(group)
            self._close_refused(group, gap.problem, sink)
            return
        group.failed = gap.failed
        tasks.close(group)
        closed = build_closed_task(
            group,
            origin=self._build.origin_of(tasks),
            cause=gap.failed or gap.skipped or group.address,
            skipped=gap.failed is None,
            hubs=(tasks.hub, *tasks.frame.hubs),
            depth=self._build.level_of(tasks.node),
        )
        if by_condition:
            closed = replace(closed, reason=Reason.CONDITION_FALSE, cause=None)
        sink[group.address] = closed

    def fail_all(self, group: Group) -> None:
        """What came of a group of which something is wrong: none of it will be asked, and nobody is to wait for it."""
        for child in group.children or ():
            if isinstance(child, Instance):
                self._fail(child, group.address)

    def _fail(self, instance: Instance, cause: str) -> None:
        """One of them: of a use of a recipe all that is inside."""
        if instance.inner is None:
            if instance.outcome is None:
                instance.complete = True
                instance.tasks.end_instance(instance, Outcome.FAILED, cause)
            return
        for tasks in [one for one in self._build.resolver.steps.values() if one.frame is instance.inner]:
            for one in tasks.instances:
                self._fail(one, cause)
            for group in list(tasks.groups.values()):
                if group.instance is None:
                    tasks.groups.remove(group.address)
                    group.failed = cause
                    tasks.close(group)

    def leaves_out_all(
        self, group: Group, gap: Gap, leaves: Sequence[Leaf], look: Callable[[Leaf], Outlook], sink: Sink
    ) -> bool:
        """Whether a condition leaves out all of a group; it is skipped then."""
        end, outlook = find_end(gap, leaves, look)
        if outlook.waits or outlook.skipped is None:
            return False
        self.close(group, end, sink, by_condition=outlook.by_condition)
        return True

    def leaves_out(
        self, instance: Instance, iterate: Iterate, env: Env, sink: Sink, findings: Findings
    ) -> bool:
        """Whether a condition leaves out all passes of an instance; they are skipped then. What is wrong with it is found."""
        try:
            if not self._build.judge.refuses(instance, env):
                return False
        except Refused as refused:
            findings.add(refused.diagnostic)
            return False
        tasks = instance.tasks
        address = spell_address(tasks.hub, (*instance.keys, (iterate.name, "?")))
        group = Group(address, "?", tasks, instance.order, Bounds(0, 0), instance=instance)
        self.close_passes(group, Outlook((), address, by_condition=True), (), sink)
        return True

    def close_passes(self, group: Group, outlook: Outlook, gaps: Sequence[Gap], sink: Sink) -> None:
        """All passes of an instance: they are skipped, or blocked by what failed, or cannot be made."""
        lost = [gap for gap in gaps if gap.failed is not None and outlook.skipped is None]
        failed = next((gap.failed for gap in lost), None)
        problem = next((gap.problem for gap in lost if gap.problem is not None), None)
        gap = Gap((), "?", (), Bounds(0, 0), None, skipped=outlook.skipped, failed=failed, problem=problem)
        self.close(group, gap, sink, by_condition=outlook.by_condition)
        instance = group.instance
        if instance is None:
            return
        if instance.ghost:
            if failed is None:
                instance.note_may_skip()
        else:
            outcome = Outcome.SKIPPED if failed is None else Outcome.FAILED
            group.tasks.end_instance(instance, outcome, group.failed or outlook.skipped)

    def refuse(self, unit: Unit, problem: Diagnostic, sink: Sink, *, grows: bool) -> bool:
        """A task that fails by itself, since the results that it uses are not what it needs; False when it uses none.

        One of a group that `grows` fails by itself in any case: others of it may have been paid for already, or can be.

        While it waits for others it may yet be skipped, so that it fails no sooner than they have ended. One that stands for others
        asks for nothing, and each of them will tell what is wrong.
        """
        waits = find_open(unit.instance, self._build.stander, unit.env)
        if waits is None and grows and not unit.ghost:
            waits = ()
        if waits is None:
            return False
        sink[unit.address] = self._build.refuse(unit, problem, waits)
        if waits:
            unit.instance.note_may_skip()
        if unit.ghost:
            if unit.instance.tasks.node.step.when is None and not unit.instance.tasks.frame.conditions:
                self._refusals.suspect_others(unit.address, problem)
            else:
                self._refusals.suspect(problem)
            return True
        self._refusals.add(unit.address, problem, is_open=bool(waits))
        if not waits:
            self._build.resolver.learn(unit.address, Outcome.FAILED, (), unit.address)
        return True

    def find_gap(self, instance: Instance, problem: Diagnostic, env: Env) -> Gap | None:
        """What stands for edits that cannot be made of the results that are there; None when they use none.

        While their instance waits for others it may yet be skipped.
        """
        waits = None if instance.ghost else find_open(instance, self._build.stander, env)
        if waits is None:
            return None
        if waits:
            self._refusals.add(instance.address, problem, is_open=True)
        refused = build_refused_gap((), "?", problem)
        return replace(refused, after=tuple(waits), may_skip=bool(waits))

    def _close_refused(self, group: Group, problem: Diagnostic, sink: Sink) -> None:
        tasks = group.tasks
        if tasks.frame.ghost:
            self._refusals.suspect(problem)
        else:
            self._refusals.add(group.address, problem)
        closed = build_closed_task(
            group,
            origin=self._build.origin_of(tasks),
            cause=problem.message,
            skipped=False,
            hubs=(tasks.hub, *tasks.frame.hubs),
            depth=self._build.level_of(tasks.node),
        )
        sink[group.address] = replace(closed, reason=Reason.REFUSED)


def foresee(tasks: Iterable[Task]) -> Outlook:
    """The outlook of tasks that stand for others."""
    found = list(tasks)
    own = {task.address for task in found}
    calls = [task for task in found if task.action is Action.CALL]
    waits = dict.fromkeys(need for task in calls for need in task.needs if need not in own)
    if not found or any(task.action is not Action.SKIP for task in found):
        blocked = any(task.action not in (Action.SKIP, Action.CALL) for task in found)
        return Outlook(() if blocked else tuple(waits))
    first = found[0]
    return Outlook((), first.cause or first.address, first.reason is Reason.CONDITION_FALSE)


def foresee_edits(gaps: Iterable[Gap], skipped: str | None, built: Built | None) -> Outlook:
    """The outlook of edits in a row of which one failed or was `skipped`, by a pass that stands for them."""
    if skipped is not None:
        return Outlook((), skipped)
    found = foresee([] if built is None else [built.task])
    if found.skipped is not None:
        return found
    may_skip = [need for gap in gaps if gap.may_skip for need in gap.after]
    return Outlook(tuple(dict.fromkeys((*found.waits, *may_skip))))


def foresee_use(standing: Standing, entered: Outcome | None) -> Outlook:
    """The same of a use of a recipe, by what its conditions stand on."""
    if entered is None:
        return Outlook(tuple(standing.waits))
    return Outlook((), standing.skips if entered is Outcome.SKIPPED else None)


def find_end(gap: Gap, leaves: Sequence[Leaf], look: Callable[[Leaf], Outlook]) -> tuple[Gap, Outlook]:
    """How an opening ends of which nothing will come, with its tasks' outlook; what it waits for until that is known.

    Skipping comes before failing. What is skipped in part has failed where the other part has.
    """
    outlooks = [_foresee_leaf(leaf, look) for leaf in leaves]
    skips = [one.skipped is not None for one in outlooks]
    waits = dict.fromkeys(need for one in outlooks for need in one.waits)
    if any(not one.waits and one.skipped is None for one in outlooks):
        return gap, Outlook()
    if waits:
        return gap, Outlook(tuple(waits))
    if skips:
        return replace(gap, failed=None, problem=None, skipped=outlooks[0].skipped), outlooks[0]
    return gap, Outlook()


def _foresee_leaf(leaf: Leaf, look: Callable[[Leaf], Outlook]) -> Outlook:
    gaps = [gap for _, gap in leaf.gaps]
    skipped = next((gap.skipped for gap in gaps if gap.skipped is not None), None)
    # Of a list that may turn out to be empty nothing would have come, which is neither skipped nor failed.
    waits = [
        gap.after for gap in gaps if gap.after and (gap.may_skip or not (gap.is_closed or gap.bounds.low))
    ]
    if waits:
        return Outlook(tuple(dict.fromkeys(need for after in waits for need in after)))
    return Outlook((), skipped) if skipped is not None else look(leaf)


def find_closed(opening: Opening, leaves: Sequence[Leaf]) -> Gap | None:
    """The later list for which nothing will come of an opening, since it was skipped, if there are items of all others."""
    if opening.gap.may_skip or not leaves:
        return None
    found = [next((gap for _, gap in leaf.gaps if gap.skipped is not None), None) for leaf in leaves]
    there = all(gap.is_closed or gap.bounds.low for leaf in leaves for _, gap in leaf.gaps)
    return found[0] if there and None not in found else None
