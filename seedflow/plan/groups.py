"""Groups: tasks that are not known yet, as one task of the plan that stands for them, with bounds on all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from seedflow.money import ZERO_USD
from seedflow.plan.estimate import Place, count_tasks, find_calls, join_kinds, stay, sum_up
from seedflow.plan.frames import Env
from seedflow.plan.instances import Group, Instance, Unit
from seedflow.plan.model import ELSEWHERE, Action, Bounds, Least, Origin, Reason, Task
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing

_NONE: Final = Bounds(0, 0)


def build_edit(instance: Instance, address: str, each: Mapping[str, object]) -> Unit:
    """A pass that stands for those of an instance that are to come; `each` is the value of `iterate` in it."""
    tasks = instance.tasks
    stand_in = Instance(
        tasks,
        address,
        {**instance.each, **each},
        instance.keys,
        instance.order,
        instance.sources,
        instance.behind,
        ghost=True,
    )
    return Unit(address, stand_in, 1, 0, True, Env(tasks.frame, stand_in.each))


@dataclass(slots=True)
class Totalled:
    """Sums over tasks that stand for others, at most; `first` is one of them, `kinds` what they take at least.

    `asks` when any of them may be asked. `place` gives the kind that another one has come to be part of.
    """

    place: Place
    tasks: Bounds[int] = _NONE
    images: int = 0
    cost_usd: Decimal = ZERO_USD
    list_cost_usd: Decimal = ZERO_USD
    attempts: int = 1
    first: Task | None = None
    asks: bool = False
    calls: int = 0
    kinds: dict[str, Least] = field(default_factory=dict)

    def add(self, tasks: Iterable[Task], count: Bounds[int], times: Callable[[Least], int]) -> None:
        """Take in so many times the tasks of one instance; `times` says how many of their requests differ at least."""
        for task in tasks:
            if self.first is None:
                self.first = task
            low, high = count_tasks(task)
            self.tasks = _plus(self.tasks, Bounds(count.low * low, count.high * high))
            if task.will_be is not Action.CALL:
                continue
            self.asks = True
            self.attempts = max(self.attempts, task.attempts)
            join_kinds(self.kinds, [_multiply(one, times(one)) for one in task.least], self.place)
            self.calls += count.high * find_calls(task).high
            self.images += count.high * task.images.high
            self.cost_usd += count.high * task.cost_usd.high
            self.list_cost_usd += count.high * task.list_cost_usd.high

    @property
    def least(self) -> tuple[Least, ...]:
        """What all of them take at least, kind by kind."""
        return tuple(self.kinds.values())


def _multiply(one: Least, times: int) -> Least:
    return replace(
        one,
        calls=one.calls * times,
        images=one.images * times,
        cost_usd=one.cost_usd * times,
        list_cost_usd=one.list_cost_usd * times,
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
    least = sum_up(totalled.least)
    return Task(
        address=group.address,
        step=group.tasks.node.id,
        each=each,
        action=Action.CALL,
        reason=_find_reason(totalled),
        model=first.model if first is not None else "",
        params=first.params if first is not None else {},
        references_field=first.references_field if first is not None else None,
        references=first.references if first is not None else (),
        needs=needs,
        take=1,
        fingerprint=None,
        params_digest=None,
        images=Bounds(least.images, totalled.images),
        cost_usd=Bounds(least.cost_usd, totalled.cost_usd),
        list_cost_usd=Bounds(least.list_cost_usd, totalled.list_cost_usd),
        price_usd=first.price_usd if first is not None else None,
        result=None,
        origin=origin,
        tasks=totalled.tasks,
        most_calls=totalled.calls,
        attempts=totalled.attempts,
        least=totalled.least,
        hubs=hubs,
        depth=depth,
    )


def _find_reason(totalled: Totalled) -> Reason:
    first = totalled.first
    if first is None:
        return Reason.UPSTREAM_UNKNOWN
    left_out = first.reason is Reason.CONDITION_FALSE and not totalled.asks
    return first.reason if left_out or first.reason is Reason.CONDITION_UNKNOWN else Reason.UPSTREAM_UNKNOWN


def build_closed_task(
    group: Group, *, origin: Origin, cause: str, skipped: bool, hubs: tuple[str, ...], depth: int
) -> Task:
    """The same for a group in which nothing will ever come, since what it waited for failed or was skipped."""
    found = build_group_task(group, Totalled(stay), origin=origin, each={}, needs=(), hubs=hubs, depth=depth)
    return replace(
        found,
        action=Action.SKIP if skipped else Action.BLOCKED,
        reason=Reason.UPSTREAM_SKIPPED if skipped else Reason.UPSTREAM_FAILED,
        cause=cause,
    )


def _plus(first: Bounds[int], second: Bounds[int]) -> Bounds[int]:
    return Bounds(first.low + second.low, first.high + second.high)


def count_none(least: Least) -> int:
    """For requests that may all be free."""
    del least
    return 0


def find_instance(group: Group) -> Instance:
    """The instance whose passes a group stands for."""
    if group.instance is None:
        raise ValueError(f"{group.address} has no passes")
    return group.instance


def find_sources_of_uses(group: Group, stander: Stander) -> Iterator[str]:
    """What the outputs of used recipes come from: what is inside, and what goes through."""
    for ghost, _ in group.ghosts:
        if ghost.inner is not None:
            standing = Standing()
            stander.add_instance(ghost, standing)
            yield from (*standing.needs, ELSEWHERE)
