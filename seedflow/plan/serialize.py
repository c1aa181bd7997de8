"""The plan as JSON: the same data that the terminal shows, every amount as `[min, max]`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from seedflow.images.facts import FileImage, UrlImage
from seedflow.money import to_json_usd
from seedflow.plan.estimate import find_asked, find_calls
from seedflow.plan.mentions import spell_mention
from seedflow.plan.model import (
    Action,
    Bounds,
    PendingImages,
    Plan,
    PlannedReference,
    StepImage,
    Task,
    Unknown,
)
from seedflow.recipe.views import View

PLAN_VERSION = 1


def build_plan_json(plan: Plan) -> dict[str, object]:
    """One JSON object: `recipe`, `provider`, `realm`, `tasks`, `totals`, `goes_on_without`, `empty_outputs`."""
    totals = plan.totals
    return {
        "seedflow_plan": PLAN_VERSION,
        "recipe": plan.recipe,
        "source": plan.source,
        "provider": plan.provider,
        "realm": plan.realm,
        "tasks": [build_task_json(task, plan.references, has_bucket=plan.has_bucket) for task in plan.tasks],
        "totals": {
            "tasks": list(totals.tasks),
            "calls": list(totals.calls),
            "images": list(totals.images),
            "cost_usd": _usd(totals.cost_usd),
            "list_cost_usd": _usd(totals.list_cost_usd),
        },
        "goes_on_without": {step: list(others) for step, others in plan.goes_on_without.items()},
        "empty_outputs": list(plan.empty_outputs),
    }


def build_task_json(task: Task, references: str = "auto", *, has_bucket: bool = False) -> dict[str, object]:
    """One task; unknown parameters are `{"known_after": [...]}`, references stand in their field in order.

    `references` is the setting of that name, and `has_bucket` whether there is one to upload to: how pictures travel. What
    is reused sends nothing.
    """
    params: dict[str, object] = {name: _param(value) for name, value in task.params.items()}
    if task.references_field is not None and task.references:
        sent = references if task.action is not Action.REUSE else None
        params[task.references_field] = [
            build_reference_json(item, sent, has_bucket=has_bucket) for item in task.references
        ]
    found: dict[str, object] = {
        "address": task.address,
        "step": task.step,
        "each": {name: _plain(value) for name, value in task.each.items()},
        "action": task.will_be.value,
        "reason": task.reason.value,
        "model": task.model,
        "params": params,
        "needs": list(task.needs),
        "take": task.take,
        "attempts": task.attempts,
        "fingerprint": task.fingerprint,
        "images": list(task.images),
        "calls": list(find_calls(task)),
        "images_asked": list(find_asked(task)),
        "cost_usd": _usd(task.cost_usd),
        "list_cost_usd": _usd(task.list_cost_usd),
    }
    if task.tasks is not None:
        found["tasks"] = list(task.tasks)
    if task.cause is not None:
        found["cause"] = task.cause
    if task.shares_with is not None:
        found["shares_with"] = task.shares_with
    return found


def build_reference_json(
    item: PlannedReference, references: str | None = "auto", *, has_bucket: bool = False
) -> dict[str, object]:
    """Where one reference comes from, what is known of it, and how it travels, if it does."""
    found: dict[str, object] = {} if item.name is None else {"name": item.name}
    match item.image:
        case UrlImage(url=url):
            found |= {"url": url}
        case FileImage(name=name, facts=facts):
            found |= {"file": name, "digest": facts.digest}
        case StepImage(address=address, number=number, facts=facts):
            found |= {"task": address, "number": number, "digest": facts.digest}
        case PendingImages(after=after, count=count):
            found |= {"known_after": [after], "mention": spell_mention(item.image), "count": list(count)}
    if references is not None:
        found["transport"] = " or ".join(find_transports(item.image, references, has_bucket=has_bucket))
    return found


def find_transports(
    image: UrlImage | FileImage | StepImage | PendingImages, references: str, *, has_bucket: bool
) -> tuple[str, ...]:
    """How a picture may travel: by its `url`, as `data` in the request, or by `upload` to a bucket.

    Whether a fresh URL still lives is known when the request is sent, and whether the account takes pictures in requests may
    have been found out by then. Pictures of earlier runs have no URL any more. `references` is the setting of that name.
    """
    if isinstance(image, UrlImage):
        return ("url",)
    if references == "upload":
        return ("upload",)
    if references == "url" and not isinstance(image, FileImage):
        return ("url",)
    by_bytes = ("data", "upload") if references == "auto" and has_bucket else ("data",)
    return ("url", *by_bytes) if references == "auto" and isinstance(image, PendingImages) else by_bytes


def _param(value: object) -> object:
    return {"known_after": list(value.after)} if isinstance(value, Unknown) else value


def _plain(value: object) -> object:
    if isinstance(value, View):
        subject = value.subject
        if isinstance(subject, UrlImage):
            return {"url": subject.url}
        if isinstance(subject, FileImage):
            return {"file": subject.name, "digest": subject.facts.digest}
        return {"digest": value.attributes.get("digest")}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def _usd(bounds: Bounds[Decimal]) -> list[float]:
    return [to_json_usd(bounds.low), to_json_usd(bounds.high)]
