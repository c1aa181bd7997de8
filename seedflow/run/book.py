"""The tasks of a run: those of the plan, and those that come of them while it goes on, each settled when its turn has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from seedflow.plan.model import Action, Grown, Reason, Task, Unsettled, Waiting
from seedflow.plan.protocol import Advance
from seedflow.run.expecting import reuse_chosen
from seedflow.run.scheduler import Node, Scheduler
from seedflow.run.status import Problem, Remedy, TaskResult, TaskStatus

_BEYOND_PLAN: Final = "beyond-plan"
"""The next plan knows more, and says so before anything is paid."""


class TaskBook:
    """Keeps every task by its address; `scheduler` says whose turn it is. `tell` hears of each task that came to be others."""

    def __init__(
        self, planned: Iterable[Task], planner: Advance, tell: Callable[[str, tuple[Task, ...]], None]
    ) -> None:
        self._planner = planner
        self._tell = tell
        self._planned = tuple(planned)
        self._tasks = {task.address: task for task in self._planned}
        self._after: dict[str, tuple[str, ...]] = {}
        self.scheduler = Scheduler(map(_node_of, self._planned))

    def get(self, address: str) -> Task:
        """A task as far as it is known by now."""
        return self._tasks[address]

    def list_tasks(self) -> Iterator[Task]:
        """All tasks in the order of the plan, those that came of others in their place."""
        waiting = [task.address for task in self._planned][::-1]
        while waiting:
            address = waiting.pop()
            if address in self._after:
                waiting.extend(reversed(self._after[address]))
            else:
                yield self._tasks[address]

    def settle(self, address: str) -> Task | TaskResult | None:
        """A task to start, one that has ended already, or None for one that waits for more or that stood for others."""
        planned = self._tasks[address]
        if planned.result is not None and not planned.needs:
            return reuse_chosen(planned, planned.result)
        settled = self._planner.settle(address)
        match settled:
            case Unsettled():
                problem = Problem(
                    settled.code,
                    settled.message,
                    settled.help,
                    settled.span or planned.origin.span,
                    remedy=Remedy.RUN if settled.code == _BEYOND_PLAN else Remedy.CHANGE,
                )
                return TaskResult(
                    address,
                    TaskStatus.FAILED,
                    planned.action,
                    take=planned.take,
                    problem=problem,
                    reason=Reason.REFUSED,
                )
            case Waiting(needs=needs):
                if not self.scheduler.wait_again(address, needs):
                    raise RuntimeError(f"{address} waits for what has ended: {needs[:5]}")
                return None
            case Grown(tasks=tasks):
                self._grow(address, tasks)
                return None
            case Task():
                self._tasks[address] = settled
                return _find_end(settled) or settled

    def _grow(self, address: str, tasks: tuple[Task, ...]) -> None:
        """What a task stood for takes its place."""
        self._after[address] = tuple(task.address for task in tasks)
        self._tasks.update((task.address, task) for task in tasks)
        self._tell(address, tasks)
        self.scheduler.add(map(_node_of, tasks))
        self.scheduler.finish(address)


def _node_of(task: Task) -> Node:
    return Node(task.address, task.hubs, task.needs, task.depth)


def _find_end(task: Task) -> TaskResult | None:
    """What became of a task that is not to be asked."""
    if task.action is Action.SKIP:
        return TaskResult(task.address, TaskStatus.SKIPPED, task.action, take=task.take, cause=task.cause)
    if task.action is Action.BLOCKED:
        return _find_obstacle(task)
    return None if task.result is None else reuse_chosen(task, task.result)


def _find_obstacle(task: Task) -> TaskResult:
    if task.reason is Reason.REJECTED:
        problem = Problem(
            "unexpected",
            f"what is stored for it is not as expected: {task.cause}",
            f"ask for another one: --reroll '{task.selector}', or change what the step expects",
            task.origin.span,
            remedy=Remedy.CONSENT,
        )
        last = max(task.attempts_made, 1)
        return TaskResult(
            task.address, TaskStatus.FAILED, task.action, take=task.take, problem=problem, attempt=last
        )
    problem = Problem(
        "blocked", f"{task.address} uses {task.cause}, which gave no images", None, task.origin.span
    )
    return TaskResult(
        task.address, TaskStatus.BLOCKED, task.action, take=task.take, problem=problem, cause=task.cause
    )
