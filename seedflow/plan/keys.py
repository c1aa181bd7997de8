"""Keys of the values of `for_each`: they depend on the value alone, so that adding or moving an item renames no other."""

from __future__ import annotations

from collections.abc import Mapping

from seedflow.canonical import build_key, build_slug
from seedflow.plan.instances import Instance, StepTasks, Unit
from seedflow.plan.model import StepImage
from seedflow.plan.views import PendingImage, PendingTask, key_of_image
from seedflow.recipe.views import Row, View


def find_key(value: object, units: Mapping[str, Unit], key_field: str | None = None) -> str | None:
    """The key of one value, or None for a record or list that declares none; `units` are the tasks that are known."""
    if isinstance(value, View):
        subject = value.subject
        if isinstance(subject, PendingImage) and subject.source.unit is not None:
            return key_of_image(subject.source.unit, subject.number, passes=value.one_of_passes)
        if isinstance(subject, StepImage):
            return key_of_image(units[subject.address], subject.number, passes=value.one_of_passes)
        if isinstance(subject, (PendingTask, Instance)):
            return (subject.instance if isinstance(subject, PendingTask) else subject).loop_key
        key = value.attributes.get("key")
        if key is None:
            return None
        return str(key) if is_path_like(str(key)) else build_key(str(key))
    if isinstance(value, Row) and key_field is None:
        return build_key(value.key) if value.key is not None else None
    if isinstance(value, Mapping):
        return None if key_field is None else find_key(value.get(key_field), units)
    if isinstance(value, (str, int, float)):
        return build_key(value)
    return None


def find_record_key(tasks: StepTasks, variable: str, value: object) -> str:
    """The key of the task that has this very value, for a record; one that no task has when there is none."""
    for instance in tasks.instances:
        if instance.each.get(variable) == value:
            return dict(instance.keys)[variable]
    return build_slug(str(value))[0] + "~none"


def is_path_like(text: str) -> bool:
    """Whether a key is a relative path, which stays readable in addresses as it is."""
    return bool(text) and all(character.isalnum() or character in "_./-" for character in text)
