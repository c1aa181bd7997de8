"""The bucket that the references of a plan may travel by, as the settings name it."""

from __future__ import annotations

from seedflow.images.facts import UrlImage
from seedflow.pipeline.session import Session
from seedflow.plan.model import Action, Plan, Task
from seedflow.providers.upload import UploadOptions


def find_bucket(plan: Plan, session: Session) -> UploadOptions | None:
    """The bucket; None where none is set, or nothing of the plan may travel by it.

    Raises:
        UsageError: only a part of it is set, or nothing although references are to be uploaded.
    """
    settings = session.settings
    uploaded = settings.references in ("auto", "upload")
    if not session.provider.paid or not uploaded or not any(_may_send_bytes(task) for task in plan.tasks):
        return None
    return settings.upload


def _may_send_bytes(task: Task) -> bool:
    """Whether a task may be asked with a reference that is not a URL of the author's own."""
    if task.action not in {Action.CALL, Action.COMPUTE}:
        return False
    return any(not isinstance(reference.image, UrlImage) for reference in task.references)
