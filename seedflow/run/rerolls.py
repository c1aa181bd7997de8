"""Tasks that show another take than their own: which one is written down before the first byte leaves, so that nothing paid is lost.

They are those that are asked anew, and those whose own take another one shows since it was asked anew.

A run that is killed leaves a note of the take that it asked for; the next one goes on with that very take. When nothing came
of it and nothing may have been paid, the address shows its earlier picture again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from seedflow.errors import StoreError
from seedflow.plan.model import Task
from seedflow.run.disk import Disk
from seedflow.run.notes import TakeNotes
from seedflow.run.status import Problem, TaskResult, TaskStatus


class Rerolls:
    """Performs tasks whose take is to be noted."""

    def __init__(self, notes: TakeNotes | None, disk: Disk) -> None:
        self._notes = notes
        self._disk = disk

    async def perform(self, task: Task, perform: Callable[[Task], Awaitable[TaskResult]]) -> TaskResult:
        """What became of the task. Its new take is noted before it is asked for."""
        if self._notes is None or task.fingerprint is None:
            return await perform(task)
        try:
            await self._disk.run(self._notes.show, task.address, task.take, task.fingerprint)
        except StoreError as error:
            problem = Problem(error.kind, error.message, error.help, task.origin.span)
            return TaskResult(task.address, TaskStatus.FAILED, task.action, take=task.take, problem=problem)
        result = await perform(task)
        if result.status is TaskStatus.FAILED and not result.cost_usd:
            try:
                await self._disk.run(self._notes.show_earlier, task.address, task.take)
            except StoreError:
                return result
        return result
