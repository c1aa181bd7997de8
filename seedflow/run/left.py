"""What another run will ask for, after one that did not end well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from seedflow.plan.estimate import add_up
from seedflow.plan.model import Action, Bounds, Task, Totals
from seedflow.run.status import Remedy, TaskResult, TaskStatus


def find_left(tasks: Sequence[TaskResult], get_asked: Callable[[str], Task]) -> Totals | None:
    """What is left to do, as far as that is known by now; None when there is nothing of the kind.

    A call whose outcome is unknown may turn out to be answered, and asked again it is only when it was not billed. What was
    refused for nothing is asked again, too: as it is, it is refused again, and changed it may be answered.

    Args:
        tasks: how all of them ended.
        get_asked: a task as it would have been asked, by its address.
    """
    by_address = {task.address: task for task in tasks}
    unknown = any(task.status is TaskStatus.UNKNOWN for task in tasks)
    found = [task for task in tasks if _is_left(task, by_address)]
    payers = {task.address for task in found}
    left: list[Task] = []
    for task in found:
        asked = _leave_out(get_asked(task.address), task.earlier.attempts)
        payer = asked.shares_with
        if payer is not None and payer not in payers and not by_address[payer].status.has_images:
            # It came first in the run, and the other, which was to pay, took over what became of it.
            payers.add(payer)
            asked = get_asked(payer)
        left.append(asked if _is_certain(task, by_address, unknown=unknown) else replace(asked, least=()))
    return add_up(left) if left else None


def _leave_out(asked: Task, attempts: int) -> Task:
    """A task as it is asked once so many of its attempts were made, and were not as expected."""
    left = asked.attempts - attempts
    if not attempts or left < 1:
        return asked

    def scale(cost: Bounds[Decimal]) -> Bounds[Decimal]:
        return Bounds(cost.low, cost.high / asked.attempts * left)

    return replace(
        asked, attempts=left, cost_usd=scale(asked.cost_usd), list_cost_usd=scale(asked.list_cost_usd)
    )


def find_root(address: str, tasks: Mapping[str, TaskResult]) -> str:
    """What gave no images in the first place: the task that failed, where the one that is named was blocked by another."""
    seen: set[str] = set()
    while address not in seen and address in tasks and tasks[address].status is TaskStatus.BLOCKED:
        seen.add(address)
        address = tasks[address].cause or address
    return address


def _is_left(task: TaskResult, tasks: Mapping[str, TaskResult]) -> bool:
    """Whether another run asks for it: nobody came to it, it was asked and cost nothing, or nobody knows."""
    match task.status:
        case TaskStatus.FAILED:
            asked = task.action is Action.CALL and not _is_paid(task)
            return (asked or _may_prove_free(task)) and _may_come(task)
        case TaskStatus.BLOCKED:
            root = _find_cause(task, tasks)
            return root is None or _may_come(root)
        case _:
            return task.status in (TaskStatus.CANCELLED, TaskStatus.UNKNOWN)


def _is_paid(task: TaskResult) -> bool:
    """Whether its last call was paid, by this run or an earlier one, so that it is fetched and not asked for again."""
    problem = task.problem
    if problem is None:
        return bool(task.open_usd)
    return problem.paid or (bool(task.open_usd) and not problem.unbilled)


def _may_come(task: TaskResult) -> bool:
    """Whether another run, with nobody's consent, may bring its images."""
    if task.problem is None or task.problem.remedy is Remedy.RUN or _may_prove_free(task):
        return True
    return task.problem.remedy is Remedy.CHANGE and task.calls > 0 and not _is_paid(task)


def _may_prove_free(task: TaskResult) -> bool:
    """Whether the provider's log may yet tell that it cost nothing, or have its answer."""
    return task.problem is not None and task.problem.doubtful


def _is_certain(task: TaskResult, tasks: Mapping[str, TaskResult], *, unknown: bool) -> bool:
    """Whether another run has to ask for it to come to its end."""
    match task.status:
        case TaskStatus.BLOCKED:
            root = _find_cause(task, tasks)
            return not unknown and (root is None or _is_certain(root, tasks, unknown=unknown))
        case TaskStatus.FAILED:
            return (
                not task.open_usd
                and not _is_paid(task)
                and (task.problem is None or task.problem.remedy is Remedy.RUN)
            )
        case _:
            return task.status is not TaskStatus.UNKNOWN and not task.open_usd


def _find_cause(task: TaskResult, tasks: Mapping[str, TaskResult]) -> TaskResult | None:
    """Why it was blocked, in the first place."""
    return None if task.cause is None else tasks.get(find_root(task.cause, tasks))
