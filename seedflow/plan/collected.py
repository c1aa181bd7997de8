"""What collections stand on: all tasks of a step, or those of them that a selector picks, be they there or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seedflow.plan.instances import Group, Instance, StepTasks
from seedflow.plan.model import Outcome
from seedflow.plan.standing import Standing


def add_whole(tasks: StepTasks, standing: Standing, fail_ok: bool) -> None:
    """Take in all tasks of a step, those to come included."""
    if tasks.ended:
        standing.need(tasks.needs())
    else:
        standing.wait(tasks.needs(), tasks.node.id)
    if tasks.failed is not None and not fail_ok:
        standing.failed = standing.failed or tasks.failed
    count = len(tasks.instances)
    standing.given += count - tasks.skipped + len(tasks.groups)
    standing.certain += count - tasks.skipped - tasks.may_skip
    for group in tasks.groups.values():
        standing.certain += group.surely_gives
        standing.may_omit = standing.may_omit or group.may_be_skipped
    standing.may_omit = standing.may_omit or tasks.may_skip > 0
    if standing.omitted is None and (tasks.skipped or tasks.omitted is not None):
        standing.omitted = tasks.omitted or next(
            one.address for one in tasks.instances if one.outcome is Outcome.SKIPPED
        )


def add_one_of_many(instance: Instance, standing: Standing, fail_ok: bool) -> None:
    """Take in one task of those that a selector picks: it is left out when it was skipped."""
    if instance.outcome is not None:
        standing.need(spell_instance(instance))
    if instance.outcome is Outcome.SKIPPED:
        standing.omitted = standing.omitted or instance.address
        return
    standing.given += 1
    if instance.outcome is Outcome.FAILED and not fail_ok:
        standing.failed = standing.failed or instance.cause
    if instance.outcome is None:
        standing.wait(spell_instance(instance), instance.tasks.node.id)
        if not instance.complete:
            standing.wait((instance.tasks.hub,), instance.tasks.node.id)
    standing.certain += not instance.may_skip or instance.outcome is not None
    standing.may_omit = standing.may_omit or (instance.may_skip and instance.outcome is None)


def add_closed(
    groups: Sequence[Group], standing: Standing, *, single: bool, skip_ok: bool, fail_ok: bool
) -> None:
    """Take in groups of which nothing will come, and of which some might have been meant."""
    for group in groups:
        if group.failed is not None:
            standing.given += 1
            standing.certain += 1
            standing.failed = standing.failed or (None if fail_ok else group.failed)
        elif not single:
            standing.omitted = standing.omitted or group.address
        elif not skip_ok:
            standing.skipped = standing.skipped or group.address


def spell_instance(instance: Instance) -> Iterable[str]:
    """What has to end so that an instance has: its tasks, or the step that has no others."""
    tasks = instance.tasks
    return tasks.needs() if not tasks.fanned else [unit.address for unit in instance.units]
