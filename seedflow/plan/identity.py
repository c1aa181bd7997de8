"""When two tasks of a plan make the same request, or may come to make it, before everything about them is known.

These are names within one plan, never stored: what makes two requests the same for good is `fingerprint`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.model import Model
from seedflow.plan.expect import Expectation
from seedflow.plan.model import PendingImages, StepImage, Task, Unknown
from seedflow.plan.requests import Request


def identify_request(
    model: Model, request: Request, fingerprint: str | None, take: int, expectation: Expectation | None
) -> str:
    """What two tasks share that make the same request and judge it alike; as far as that is known."""
    judged = "" if expectation is None else repr(expectation)
    if fingerprint is not None:
        return f"{fingerprint}#{take}{judged}"
    return f"{_spell(model, request, request.symbols, take)}{judged}"


def find_likely(model: Model, request: Request, take: int) -> str | None:
    """The same more loosely, for a request whose parameters are not all known; None when they are."""
    if not any(isinstance(value, Unknown) for value in request.params.values()):
        return None
    return _spell(model, request, request.skeletons, take)


def has_pending_reference(task: Task) -> bool:
    """Whether a task's request has an image that does not exist yet, so that no request of the past was the same."""
    return any(isinstance(item.image, PendingImages) for item in task.references)


def _spell(model: Model, request: Request, unknown: Sequence[str], take: int) -> str:
    known = {name: value for name, value in request.params.items() if not isinstance(value, Unknown)}
    settled = [
        item.image.url if isinstance(item.image, UrlImage) else item.image.facts.digest
        for item in request.references
        if isinstance(item.image, (UrlImage, FileImage, StepImage))
    ]
    return json.dumps([model.id, take, known, settled, list(unknown)], sort_keys=True)
