"""What another run will ask for, after one that did not end well: what a plan made anew says, as far as nobody's consent is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from seedflow.plan.estimate import add_up
from seedflow.plan.model import Action, Reason, Task, Totals
from seedflow.run.status import Remedy, TaskResult, TaskStatus


def find_left(results: Sequence[TaskResult], again: Sequence[Task]) -> Totals | None:
    """What is left to do, as far as that is known by now; None when there is nothing of the kind.

    A call whose outcome is unknown may turn out to be answered, and asked again it is only when it was not billed. What was
    refused for nothing is asked again, too: as it is, it is refused again, and changed it may be answered. What was answered and
    paid is fetched, and asked again with consent alone.

    Args:
        results: how all tasks of the run ended.
        again: the tasks of a plan that was made after it.
    """
    fetched = {task.address for task in results if _is_paid(task)}
    left = [
        task
        for task in again
        if task.action is Action.CALL and task.address not in fetched and not _wants_consent(task)
    ]
    unsure = _find_behind(again, fetched | {task.address for task in results if _is_doubtful(task)})
    counted = [replace(task, least=()) if task.address in unsure else task for task in left]
    return add_up(counted) if counted else None


def find_root(address: str, tasks: Mapping[str, TaskResult]) -> str:
    """What gave no images in the first place: the task that failed, where the one that is named was blocked by another."""
    seen: set[str] = set()
    while address not in seen and address in tasks and tasks[address].status is TaskStatus.BLOCKED:
        seen.add(address)
        address = tasks[address].cause or address
    return address


def _wants_consent(task: Task) -> bool:
    """Whether it is asked only where somebody consents to paying again for it, or for what it waits for."""
    return task.reason is Reason.LOST_PAID or task.stays_lost


def _is_paid(task: TaskResult) -> bool:
    """Whether its last call was answered and paid, so that it is fetched and not asked for again."""
    problem = task.problem
    if task.status is not TaskStatus.FAILED or problem is None or problem.doubtful:
        return False
    return problem.paid or (bool(task.open_usd) and not problem.unbilled)


def _is_doubtful(task: TaskResult) -> bool:
    """Whether asking it again may come to the same as before, or to nothing."""
    if task.status is TaskStatus.UNKNOWN:
        return True
    problem = task.problem
    return (
        task.status is TaskStatus.FAILED
        and problem is not None
        and (problem.remedy is not Remedy.RUN or problem.doubtful)
    )


def _find_behind(tasks: Iterable[Task], doubtful: Iterable[str]) -> set[str]:
    """The addresses of tasks that are doubtful, or wait for one that is."""
    users: dict[str, list[Task]] = {}
    by_address: dict[str, Task] = {}
    for task in tasks:
        by_address[task.address] = task
        for need in task.needs:
            users.setdefault(need, []).append(task)
    found: set[str] = set()
    waiting = [by_address[address] for address in doubtful if address in by_address]
    while waiting:
        task = waiting.pop()
        if task.address not in found:
            found.add(task.address)
            for name in (task.address, *task.hubs):
                waiting.extend(users.get(name, ()))
    return found
