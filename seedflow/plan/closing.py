"""Places where no task will come: what they wait for failed or was skipped, or its results are not what they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from seedflow.diagnostics import Diagnostic
from seedflow.plan.addresses import spell_address
from seedflow.plan.build import TaskBuilder
from seedflow.plan.expand import Leaf, Opening
from seedflow.plan.frames import Env, Later
from seedflow.plan.gaps import Gap
from seedflow.plan.groups import build_closed_task
from seedflow.plan.instances import Group, Instance, StepTasks, Unit
from seedflow.plan.judge import Findings
from seedflow.plan.model import Bounds, Outcome, Reason, Task
from seedflow.plan.refusals import Refusals, find_open
from seedflow.plan.refused import Refused
from seedflow.recipe.model import Iterate

Sink: TypeAlias = "dict[str, Task]"
"""Where planned tasks go, by address."""


class Closer:
    """Closes groups and refuses tasks of one plan; what they say goes into a sink."""

    def __init__(self, build: TaskBuilder, refusals: Refusals) -> None:
        self._build = build
        self._refusals = refusals

    def close(self, group: Group, gap: Gap, sink: Sink) -> None:
        """A group in which nothing will come, since what it waits for failed or was skipped."""
        tasks = group.tasks
        if gap.problem is not None:
            group.failed = group.address
            tasks.close(group)
            self._close_refused(group, gap.problem, sink)
            return
        cause = gap.failed or gap.skipped or group.address
        tasks.close(group)
        sink[group.address] = build_closed_task(
            group,
            origin=self._build.origin_of(tasks),
            cause=cause,
            skipped=gap.failed is None,
            hubs=(tasks.hub, *tasks.frame.hubs),
            depth=self._build.level_of(tasks.node),
        )

    def fail_all(self, group: Group) -> None:
        """What came of a group of which something is wrong: none of it will be asked, and nobody is to wait for it."""
        for child in group.children or ():
            if isinstance(child, Instance) and child.outcome is None and child.inner is None:
                child.complete = True
                group.tasks.end_instance(child, Outcome.FAILED, group.address)

    def leaves_out(
        self, instance: Instance, iterate: Iterate, env: Env, sink: Sink, findings: Findings
    ) -> bool:
        """Whether a condition leaves out all passes of an instance, or is none; they are skipped then."""
        try:
            if not self._build.judge.refuses(instance, env):
                return False
        except Refused as refused:
            findings.add(refused.diagnostic)
            return True
        tasks = instance.tasks
        address = spell_address(tasks.hub, (*instance.keys, (iterate.name, "?")))
        group = Group(address, "?", tasks, instance.order, Bounds(0, 0), instance=instance)
        self.close(group, Gap((), "?", (), Bounds(0, 0), None, skipped=address), sink)
        sink[address] = replace(sink[address], reason=Reason.CONDITION_FALSE, cause=None)
        if instance.ghost:
            instance.note_may_skip()
        else:
            tasks.end_instance(instance, Outcome.SKIPPED, address)
        return True

    def refuse(self, unit: Unit, problem: Diagnostic, sink: Sink) -> bool:
        """A task that fails by itself, since the results that it uses are not what it needs; False when it uses none.

        While it waits for others it may yet be skipped, so that it fails no sooner than they have ended.
        """
        if unit.ghost:
            return False
        waits = find_open(unit.instance, self._build.stander, unit.env)
        if waits is None:
            return False
        self._refusals.add(unit.address, problem, is_open=bool(waits))
        sink[unit.address] = self._build.refuse(unit, problem, waits)
        if waits:
            unit.instance.note_may_skip()
        else:
            self._build.resolver.learn(unit.address, Outcome.FAILED, (), unit.address)
        return True

    def find_gap(self, instance: Instance, problem: Diagnostic, env: Env) -> Gap | None:
        """What stands for edits that cannot be made of the results that are there, while their instance may yet be skipped."""
        waits = None if instance.ghost else find_open(instance, self._build.stander, env)
        if not waits:
            return None
        self._refusals.add(instance.address, problem, is_open=True)
        return Gap((), "?", tuple(waits), Bounds(0, 0), Later(tuple(waits)), may_skip=True)

    def refuse_edits(
        self, instance: Instance, iterate: Iterate, problem: Diagnostic, env: Env, sink: Sink
    ) -> bool:
        """All passes of an instance, which fails by itself; False when it uses no results."""
        if instance.ghost or find_open(instance, self._build.stander, env) is None:
            return False
        tasks = instance.tasks
        address = spell_address(tasks.hub, (*instance.keys, (iterate.name, "?")))
        group = Group(address, "?", tasks, instance.order, Bounds(0, 0), instance=instance, failed=address)
        self._close_refused(group, problem, sink)
        tasks.end_instance(instance, Outcome.FAILED, address)
        return True

    def refuse_list(self, tasks: StepTasks, problem: Diagnostic, sink: Sink) -> None:
        """The same for all of a step, since no list can be made of the results that are there."""
        keys = [(name, "?") for name in tasks.variables]
        group = Group(spell_address(tasks.hub, keys), "?", tasks, (), Bounds(0, 0))
        group.failed = group.address
        tasks.close(group)
        self._close_refused(group, problem, sink)

    def _close_refused(self, group: Group, problem: Diagnostic, sink: Sink) -> None:
        tasks = group.tasks
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


def find_closed(opening: Opening, leaves: Sequence[Leaf]) -> Gap | None:
    """The list for which nothing will come of an opening: its own, or a later one that was skipped, if there is an item of it."""
    gap = opening.gap
    if gap.failed is not None or gap.skipped is not None:
        return gap
    skipped = [next((one for _, one in leaf.gaps if one.skipped is not None), None) for leaf in leaves]
    certain = bool(skipped) and None not in skipped and gap.bounds.low > 0 and not gap.may_skip
    return skipped[0] if certain else None
