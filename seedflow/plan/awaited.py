"""What is known of the tasks that something waits for: whether they may be stored, whether an earlier run asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from seedflow.plan.context import PlanContext
from seedflow.plan.model import Task


def may_be_stored(made: Mapping[str, Task], after: Iterable[str]) -> bool:
    """Whether something that is waited for may turn out to be stored or stays lost, so that what follows may cost nothing, too."""
    return any(task.may_be_stored or task.stays_lost for task in find_awaited(made, after))


def asked_before(made: Mapping[str, Task], after: Iterable[str], context: PlanContext) -> bool:
    """Whether something that is waited for was asked by an earlier run, so that what follows may have been, too."""
    return any(
        context.view.find_past_request(context.realm, context.recipe_id, task.address) is not None
        for task in find_awaited(made, after)
    )


def find_awaited(made: Mapping[str, Task], names: Iterable[str]) -> Iterator[Task]:
    """The tasks of addresses and wholes; instead of one that shares, the other."""
    for name in names:
        for task in [made[name]] if name in made else [one for one in made.values() if name in one.hubs]:
            yield made.get(task.shares_with, task) if task.shares_with is not None else task
