"""What became of a task, as its result: from what is stored, and what this run did for it."""

from __future__ import annotations

from collections.abc import Sequence

from seedflow.plan.model import Action, Task
from seedflow.run.services import Tally
from seedflow.run.status import Problem, TaskResult, TaskStatus
from seedflow.store.base import StoredResult


def done(task: Task, result: StoredResult, tally: Tally, warnings: Sequence[str]) -> TaskResult:
    """The end of a task whose result this run fetched; `warnings` is what is odd about its images."""
    return TaskResult(
        task.address,
        TaskStatus.DONE,
        Action.CALL,
        result.images,
        take=result.take,
        cost_usd=tally.cost_usd,
        calls=tally.calls,
        warnings=tuple(warnings),
        attempt=result.attempt,
    )


def reuse(task: Task, result: StoredResult) -> TaskResult:
    """The end of a task whose result was stored before."""
    return TaskResult(
        task.address,
        TaskStatus.REUSED,
        Action.REUSE,
        result.images,
        take=result.take,
        attempt=result.attempt,
    )


def without_images(task: Task, tally: Tally, status: TaskStatus, problem: Problem | None) -> TaskResult:
    """The end of a task that gave none."""
    return TaskResult(
        task.address,
        status,
        task.action,
        take=task.take,
        cost_usd=tally.cost_usd,
        calls=tally.calls,
        problem=problem,
    )
