"""Tasks of one run with the same request: the first asks and pays, the others share whatever became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from seedflow.plan.model import Action, Task
from seedflow.run.status import TaskResult, TaskStatus

Ask = Callable[[Task, int], Awaitable[TaskResult]]
"""Gets the first result of a task's take whose attempt is above a number, or says why there is none."""


class SharedRequests:
    """Asks for each attempt of a request once in a run. A failure is shared like a picture: nobody pays for the same again.

    What is shared is an attempt and not a task's end: of two tasks that expect different things of one request, one may be
    content with an attempt after which the other asks for a further one.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._found: dict[tuple[str, int, int], asyncio.Future[TaskResult | None]] = {}

    async def ask(self, task: Task, after_attempt: int) -> TaskResult:
        """What became of the request, for this task or for the first one that made it."""
        key = (task.fingerprint or task.address, task.take, after_attempt)
        first = self._found.get(key)
        if first is not None:
            return _share(task, await asyncio.shield(first))
        mine: asyncio.Future[TaskResult | None] = asyncio.get_running_loop().create_future()
        self._found[key] = mine
        result: TaskResult | None = None
        try:
            result = await self._ask(task, after_attempt)
            return result
        finally:
            mine.set_result(result)


def _share(task: Task, first: TaskResult | None) -> TaskResult:
    if first is None or first.status is TaskStatus.CANCELLED:
        return TaskResult(task.address, TaskStatus.CANCELLED, task.action, take=task.take)
    if first.status.has_images:
        return TaskResult(
            task.address,
            TaskStatus.REUSED,
            Action.REUSE,
            first.images,
            take=first.take,
            attempt=first.attempt,
        )
    problem = first.problem
    if problem is not None:
        message = f"it makes the same request as {first.address}: {problem.message}"
        problem = replace(problem, message=message, span=task.origin.span, unsaved=None)
    return TaskResult(task.address, first.status, task.action, take=task.take, problem=problem)
