"""Places where no task will come: what they wait for failed or was skipped, or its results are not what they need."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from seedflow.diagnostics import Diagnostic
from seedflow.plan.build import TaskBuilder
from seedflow.plan.frames import Env
from seedflow.plan.gaps import Gap
from seedflow.plan.groups import build_closed_task
from seedflow.plan.instances import Group, Instance, StepTasks, Unit, spell_address
from seedflow.plan.judge import Findings
from seedflow.plan.model import Bounds, Outcome, Reason, Task
from seedflow.plan.refusals import Refusals
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
        cause = gap.failed or gap.skipped or group.address
        if gap.failed is not None:
            tasks.failed = tasks.failed or gap.failed
            tasks.closed.append(group)
        else:
            group.skipped = True
            tasks.omitted = tasks.omitted or group.address
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

    def refuse(self, unit: Unit, problem: Diagnostic, sink: Sink) -> None:
        """A task that fails by itself, since the results that it uses are not what it needs."""
        self._refusals.add(unit.address, problem)
        sink[unit.address] = self._build.refuse(unit, problem)
        self._build.resolver.learn(unit.address, Outcome.FAILED, (), unit.address)

    def refuse_edits(self, instance: Instance, iterate: Iterate, problem: Diagnostic, sink: Sink) -> None:
        """The same for all passes of an instance."""
        tasks = instance.tasks
        address = spell_address(tasks.hub, (*instance.keys, (iterate.name, "?")))
        group = Group(address, "?", tasks, instance.order, Bounds(0, 0), instance=instance, failed=address)
        self._close_refused(group, problem, sink)
        tasks.end_instance(instance, Outcome.FAILED, address)

    def refuse_list(self, tasks: StepTasks, problem: Diagnostic, sink: Sink) -> None:
        """The same for all of a step, since no list can be made of the results that are there."""
        keys = [(name, "?") for name in tasks.variables]
        group = Group(spell_address(tasks.hub, keys), "?", tasks, (), Bounds(0, 0))
        group.failed = group.address
        tasks.failed = tasks.failed or group.address
        tasks.closed.append(group)
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
