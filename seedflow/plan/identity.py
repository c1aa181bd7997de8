"""When two tasks of a plan make the same request, or may come to make it, before everything about them is known."""

from __future__ import annotations

from seedflow.canonical import digest_value
from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.model import Model
from seedflow.plan.expect import Expectation
from seedflow.plan.model import PendingImages, StepImage, Task, Unknown
from seedflow.plan.requests import Request


def _known_part(model: Model, request: Request) -> dict[str, object]:
    known = {name: value for name, value in request.params.items() if not isinstance(value, Unknown)}
    settled = [
        item.image.url if isinstance(item.image, UrlImage) else item.image.facts.digest
        for item in request.references
        if isinstance(item.image, (UrlImage, FileImage, StepImage))
    ]
    return {"model": model.id, "params": known, "known": settled}


def identify_request(
    model: Model, request: Request, fingerprint: str | None, take: int, expectation: Expectation | None
) -> str:
    """What two tasks share that make the same request and judge it alike; as far as that is known."""
    judged = "" if expectation is None else repr(expectation)
    if fingerprint is not None:
        return f"{fingerprint}#{take}{judged}"
    symbolic = digest_value(
        "symbolic/1", {**_known_part(model, request), "open": list(request.symbols), "take": take}
    )
    return symbolic + judged


def find_likely(model: Model, request: Request, take: int) -> str | None:
    """The same more loosely, for a request whose parameters are not all known; None when they are."""
    if not any(isinstance(value, Unknown) for value in request.params.values()):
        return None
    return digest_value(
        "likely/1", {**_known_part(model, request), "open": list(request.skeletons), "take": take}
    )


def has_pending_reference(task: Task) -> bool:
    """Whether a task's request has an image that does not exist yet, so that no request of the past was the same."""
    return any(isinstance(item.image, PendingImages) for item in task.references)
