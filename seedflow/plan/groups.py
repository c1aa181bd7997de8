"""Groups: tasks that are not known yet, as one task of the plan that stands for them, with bounds on all of them together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from seedflow.plan.estimate import NOTHING_USD
from seedflow.plan.instances import Group
from seedflow.plan.model import Action, Bounds, Origin, PendingImages, Reason, Task

_NONE: Final = Bounds(0, 0)


@dataclass(slots=True)
class Totalled:
    """Sums over tasks that stand for others; `first` is one of them."""

    tasks: Bounds[int] = _NONE
    images: Bounds[int] = _NONE
    cost_usd: Bounds[Decimal] = NOTHING_USD
    list_cost_usd: Bounds[Decimal] = NOTHING_USD
    attempts: int = 1
    first: Task | None = None

    def add(
        self, tasks: Iterable[Task], count: Bounds[int], *, told_apart: bool, may_be_stored: bool
    ) -> None:
        """Take in so many times the tasks of one instance.

        Where nothing tells their requests apart, the least is what one of them takes.
        """
        for task in tasks:
            if self.first is None:
                self.first = task
            low, high = (1, 1) if task.tasks is None else task.tasks
            self.tasks = _plus(self.tasks, Bounds(count.low * low, count.high * high))
            if task.action is not Action.CALL:
                continue
            least = count.low if told_apart or is_told_apart(task) else min(count.low, 1)
            if may_be_stored or task.may_be_stored:
                least = 0
            self.attempts = max(self.attempts, task.attempts)
            self.images = _plus(self.images, Bounds(least * task.images.low, count.high * task.images.high))
            self.cost_usd = Bounds(
                self.cost_usd.low + least * task.cost_usd.low,
                self.cost_usd.high + count.high * task.cost_usd.high,
            )
            self.list_cost_usd = Bounds(
                self.list_cost_usd.low + least * task.list_cost_usd.low,
                self.list_cost_usd.high + count.high * task.list_cost_usd.high,
            )


def build_group_task(
    group: Group,
    totalled: Totalled,
    *,
    origin: Origin,
    each: dict[str, object],
    needs: tuple[str, ...],
    hubs: tuple[str, ...],
    depth: int,
) -> Task:
    """The task of a plan that stands for those of a group."""
    first = totalled.first
    return Task(
        address=group.address,
        step=group.tasks.node.id,
        each=each,
        action=Action.CALL,
        reason=first.reason
        if first is not None and first.reason is Reason.CONDITION_UNKNOWN
        else Reason.UPSTREAM_UNKNOWN,
        model=first.model if first is not None else "",
        params=first.params if first is not None else {},
        references_field=first.references_field if first is not None else None,
        references=first.references if first is not None else (),
        needs=needs,
        take=1,
        fingerprint=None,
        params_digest=None,
        images=totalled.images,
        cost_usd=totalled.cost_usd,
        list_cost_usd=totalled.list_cost_usd,
        price_usd=first.price_usd if first is not None else None,
        result=None,
        origin=origin,
        tasks=totalled.tasks,
        attempts=totalled.attempts,
        hubs=hubs,
        depth=depth,
    )


def build_closed_task(
    group: Group, *, origin: Origin, cause: str, skipped: bool, hubs: tuple[str, ...], depth: int
) -> Task:
    """The same for a group in which nothing will ever come, since what it waited for failed or was skipped."""
    found = build_group_task(group, Totalled(), origin=origin, each={}, needs=(), hubs=hubs, depth=depth)
    return replace(
        found,
        action=Action.SKIP if skipped else Action.BLOCKED,
        reason=Reason.UPSTREAM_SKIPPED if skipped else Reason.UPSTREAM_FAILED,
        cause=cause,
    )


def _plus(first: Bounds[int], second: Bounds[int]) -> Bounds[int]:
    return Bounds(first.low + second.low, first.high + second.high)


def is_told_apart(task: Task) -> bool:
    """Whether the request has an image that comes with the instance, so that no two of them make the same request."""
    return any(
        isinstance(item.image, PendingImages)
        and ("each." in item.image.mention or item.image.mention == f"{item.image.after} image")
        for item in task.references
    )
