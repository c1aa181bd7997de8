"""Tasks of one run with the same request: the first asks and pays, the others share whatever became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from seedflow.plan.model import Action, Task
from seedflow.run.status import TaskResult, TaskStatus


class SharedRequests:
    """Performs each request of a run once. A failure is shared like a picture: nobody pays for the same one again."""

    def __init__(self, perform: Callable[[Task], Awaitable[TaskResult]]) -> None:
        self._perform = perform
        self._found: dict[tuple[str, int], asyncio.Future[TaskResult | None]] = {}

    async def perform(self, task: Task) -> TaskResult:
        """What became of the task, or of the first one with its request."""
        key = (task.fingerprint or task.address, task.take)
        first = self._found.get(key)
        if first is not None:
            return _share(task, await asyncio.shield(first))
        mine: asyncio.Future[TaskResult | None] = asyncio.get_running_loop().create_future()
        self._found[key] = mine
        result: TaskResult | None = None
        try:
            result = await self._perform(task)
            return result
        finally:
            mine.set_result(result)


def _share(task: Task, first: TaskResult | None) -> TaskResult:
    if first is None or first.status is TaskStatus.CANCELLED:
        return TaskResult(task.address, TaskStatus.CANCELLED, task.action, take=task.take)
    if first.status.has_images:
        return TaskResult(task.address, TaskStatus.REUSED, Action.REUSE, first.images, take=first.take)
    problem = first.problem
    if problem is not None:
        message = f"it makes the same request as {first.address}: {problem.message}"
        problem = replace(problem, message=message, span=task.origin.span, unsaved=None)
    return TaskResult(task.address, first.status, task.action, take=task.take, problem=problem)
