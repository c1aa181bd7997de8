"""What another run will ask for, after one that did not end well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from seedflow.plan.estimate import add_up
from seedflow.plan.model import Action, Task, Totals
from seedflow.run.status import Remedy, TaskResult, TaskStatus


def find_left(tasks: Sequence[TaskResult], get_asked: Callable[[str], Task]) -> Totals | None:
    """What is left to do, as far as that is known by now; None when there is nothing of the kind.

    A call whose outcome is unknown may turn out to be answered, and asked again it is only when it was not billed.

    Args:
        tasks: how all of them ended.
        get_asked: a task as it would have been asked, by its address.
    """
    by_address = {task.address: task for task in tasks}
    unknown = any(task.status is TaskStatus.UNKNOWN for task in tasks)
    left: list[Task] = []
    for task in tasks:
        if not _is_left(task, by_address):
            continue
        asked = get_asked(task.address)
        certain = not unknown or task.status not in (TaskStatus.UNKNOWN, TaskStatus.BLOCKED)
        left.append(asked if certain else replace(asked, least=()))
    return add_up(left) if left else None


def find_root(address: str, tasks: Mapping[str, TaskResult]) -> str:
    """What gave no images in the first place: the task that failed, where the one that is named was blocked by another."""
    seen: set[str] = set()
    while address not in seen and address in tasks and tasks[address].status is TaskStatus.BLOCKED:
        seen.add(address)
        address = tasks[address].cause or address
    return address


def _is_left(task: TaskResult, tasks: Mapping[str, TaskResult]) -> bool:
    """Whether another run asks for it: nobody came to it, it failed at no cost and not for what it is, or nobody knows."""
    if task.status is TaskStatus.FAILED:
        return task.action is Action.CALL and _helps(task) and not task.cost_usd
    if task.status is TaskStatus.BLOCKED and task.cause is not None:
        root = tasks.get(find_root(task.cause, tasks))
        return root is None or _helps(root)
    return task.status in (TaskStatus.CANCELLED, TaskStatus.BLOCKED, TaskStatus.UNKNOWN)


def _helps(task: TaskResult) -> bool:
    """Whether running again is all that it takes."""
    return task.problem is None or task.problem.remedy is Remedy.RUN
