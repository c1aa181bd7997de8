"""When two tasks of a plan make the same request, before everything about it is known.

These are names within one plan, never stored: what makes two requests the same for good is `fingerprint`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable

from seedflow.images.facts import UrlImage
from seedflow.models.model import Model
from seedflow.plan.expect import Expectation
from seedflow.plan.model import PendingImages, Task
from seedflow.plan.requests import Request


def identify_request(
    model: Model,
    request: Request,
    fingerprint: str | None,
    params_digest: str | None,
    take: int,
    expectation: Expectation | None,
    find_first: Callable[[str], str],
) -> Hashable:
    """What two tasks share that make the same request and judge it alike; as far as that is known.

    `params_digest` is there when all parameters are known. `find_first` gives the task whose pictures another one shares, by
    their addresses.
    """
    if fingerprint is not None:
        return (fingerprint, take, expectation)
    known = params_digest or json.dumps([model.id, request.known_params], sort_keys=True)
    return (known, take, expectation, *_name_references(request, find_first))


def has_pending_reference(task: Task) -> bool:
    """Whether a task's request has an image that does not exist yet, so that no request of the past was the same."""
    return any(isinstance(item.image, PendingImages) for item in task.references)


def _name_references(
    request: Request, find_first: Callable[[str], str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The images that are there, and what stands for all that is not known yet."""
    settled: list[str] = []
    pending: list[str] = []
    for number, item in enumerate(request.references, 1):
        image = item.image
        if isinstance(image, PendingImages):
            pending.append(f"{number}:{_name_images(image, find_first)}")
        else:
            settled.append(image.url if isinstance(image, UrlImage) else image.facts.digest)
    return tuple(settled), (*pending, *request.symbols[len(pending) :])


def _name_images(image: PendingImages, find_first: Callable[[str], str]) -> str:
    """The same for the pictures of two tasks that share a request."""
    if set(image.others) <= {image.after} and image.mention.startswith(f"{image.after} "):
        return find_first(image.after) + image.mention.removeprefix(image.after)
    return image.mention
