"""When two tasks of a plan make the same request, or may come to make it, before everything about them is known.

These are names within one plan, never stored: what makes two requests the same for good is `fingerprint`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.model import Model
from seedflow.plan.expect import Expectation
from seedflow.plan.instances import Unit
from seedflow.plan.model import Least, PendingImages, StepImage, Task, Unknown
from seedflow.plan.requests import Request


def identify_request(
    model: Model, request: Request, fingerprint: str | None, take: int, expectation: Expectation | None
) -> str:
    """What two tasks share that make the same request and judge it alike; as far as that is known."""
    judged = "" if expectation is None else repr(expectation)
    if fingerprint is not None:
        return f"{fingerprint}#{take}{judged}"
    return f"{_spell(model, request, request.symbols, take)}{judged}"


def find_kind(model: Model, request: Request, fingerprint: str | None, take: int) -> str:
    """What requests have in common that may turn out to be the same one, whatever is expected of their pictures."""
    if fingerprint is not None:
        return f"{fingerprint}#{take}"
    return _spell(model, request, request.skeletons, take)


class Kinds:
    """Which tasks may turn out to give the same pictures: each stands for itself, or for the first of its kind."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], str] = {}
        self._stands_for: dict[str, str] = {}
        self._mentions: dict[str, frozenset[str]] = {}

    def add(self, address: str, least: Sequence[Least]) -> None:
        """Take in a task, or one that stands for others."""
        kinds = tuple(dict.fromkeys(one.kind for one in least))
        self._stands_for[address] = self._first.setdefault(kinds, address)
        if least:
            self._mentions[address] = frozenset.intersection(*(one.mentions for one in least))

    def share(self, address: str, first: str) -> None:
        """A task that shares the request of another one."""
        self._stands_for[address] = self.find_first(first)

    def find_first(self, address: str) -> str:
        """The first task of its kind."""
        return self._stands_for.get(address, address)

    def trace(self, request: Request) -> frozenset[str]:
        """The images to come that a request uses, and those that these come from."""
        found: set[str] = set()
        for item in request.references:
            if isinstance(item.image, PendingImages):
                found.add(item.image.mention)
                found |= self._mentions.get(item.image.after, frozenset())
        return frozenset(found)


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


def _spell(model: Model, request: Request, unknown: Sequence[str], take: int) -> str:
    known = {name: value for name, value in request.params.items() if not isinstance(value, Unknown)}
    settled = [
        item.image.url if isinstance(item.image, UrlImage) else item.image.facts.digest
        for item in request.references
        if isinstance(item.image, (UrlImage, FileImage, StepImage))
    ]
    return json.dumps([model.id, take, known, settled, list(unknown)], sort_keys=True)
