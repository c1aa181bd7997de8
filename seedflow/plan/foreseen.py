"""What is known of the end of a task when planning."""

from __future__ import annotations

from seedflow.plan.model import Action, Outcome, StepImage, Task
from seedflow.store.base import StoredResult


def images_of(address: str, result: StoredResult) -> tuple[StepImage, ...]:
    """The images of a result as images of a task."""
    return tuple(StepImage(address, result.take, image.number, image.facts) for image in result.images)


def outcome_of(task: Task) -> Outcome | None:
    """What is known to become of a task when planning."""
    match task.action:
        case Action.REUSE:
            return Outcome.GIVEN
        case Action.SKIP:
            return Outcome.SKIPPED
        case Action.BLOCKED:
            return Outcome.FAILED
        case _:
            return None
