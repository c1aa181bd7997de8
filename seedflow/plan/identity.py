"""When two tasks of a plan make the same request, before everything about it is known.

These are names within one plan, never stored: what makes two requests the same for good is `fingerprint`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.model import Model
from seedflow.plan.expect import Expectation
from seedflow.plan.model import PendingImages, StepImage, Task
from seedflow.plan.requests import Request


def identify_request(
    model: Model,
    request: Request,
    fingerprint: str | None,
    take: int,
    expectation: Expectation | None,
    find_first: Callable[[str], str],
) -> str:
    """What two tasks share that make the same request and judge it alike; as far as that is known.

    `find_first` gives the task whose pictures another one shares, by their addresses.
    """
    judged = "" if expectation is None else repr(expectation)
    if fingerprint is not None:
        return f"{fingerprint}#{take}{judged}"
    return f"{_spell(model, request, take, find_first)}{judged}"


def has_pending_reference(task: Task) -> bool:
    """Whether a task's request has an image that does not exist yet, so that no request of the past was the same."""
    return any(isinstance(item.image, PendingImages) for item in task.references)


def _spell(model: Model, request: Request, take: int, find_first: Callable[[str], str]) -> str:
    known = request.known_params
    settled = [
        item.image.url if isinstance(item.image, UrlImage) else item.image.facts.digest
        for item in request.references
        if isinstance(item.image, (UrlImage, FileImage, StepImage))
    ]
    pending = [
        f"{number}:{_name_images(item.image, find_first)}"
        for number, item in enumerate(request.references, 1)
        if isinstance(item.image, PendingImages)
    ]
    symbols = [*pending, *request.symbols[len(pending) :]]
    return json.dumps([model.id, take, known, settled, symbols], sort_keys=True)


def _name_images(image: PendingImages, find_first: Callable[[str], str]) -> str:
    """The same for the pictures of two tasks that share a request."""
    if set(image.others) <= {image.after} and image.mention.startswith(f"{image.after} "):
        return find_first(image.after) + image.mention.removeprefix(image.after)
    return image.mention
