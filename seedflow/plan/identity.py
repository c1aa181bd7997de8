"""When two tasks of a plan make the same request, before everything about it is known.

These are names within one plan, never stored: what makes two requests the same for good is `fingerprint`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.model import Model
from seedflow.plan.expect import Expectation
from seedflow.plan.instances import Unit
from seedflow.plan.model import PendingImages, StepImage, Task, Unknown
from seedflow.plan.requests import Request


def identify_request(
    model: Model, request: Request, fingerprint: str | None, take: int, expectation: Expectation | None
) -> str:
    """What two tasks share that make the same request and judge it alike; as far as that is known."""
    judged = "" if expectation is None else repr(expectation)
    if fingerprint is not None:
        return f"{fingerprint}#{take}{judged}"
    return f"{_spell(model, request, take)}{judged}"


def has_pending_reference(task: Task) -> bool:
    """Whether a task's request has an image that does not exist yet, so that no request of the past was the same."""
    return any(isinstance(item.image, PendingImages) for item in task.references)


def uses_new_image(request: Request, find_unit: Callable[[str], Unit | None]) -> bool:
    """Whether a request has an image for certain that a task has yet to give, so that none of the past was the same."""
    return any(
        isinstance(item.image, PendingImages)
        and item.image.count.low > 0
        and item.image.mention.startswith(f"{item.image.after} ")
        and find_unit(item.image.after) is not None
        for item in request.references
    )


def find_earlier_address(unit: Unit) -> str | None:
    """The address that a task had under its step's earlier name, if it had one."""
    tasks = unit.instance.tasks
    step = tasks.node.step
    earlier = tasks.frame.earlier + (step.was or step.name) + unit.address.removeprefix(tasks.hub)
    return None if earlier == unit.address else earlier


def _spell(model: Model, request: Request, take: int) -> str:
    known = {name: value for name, value in request.params.items() if not isinstance(value, Unknown)}
    settled = [
        item.image.url if isinstance(item.image, UrlImage) else item.image.facts.digest
        for item in request.references
        if isinstance(item.image, (UrlImage, FileImage, StepImage))
    ]
    return json.dumps([model.id, take, known, settled, list(request.symbols)], sort_keys=True)
