"""The images of one instance as a request takes them: known ones as they are, and the others as bounds."""

from __future__ import annotations

from seedflow.plan.instances import Instance, Unit
from seedflow.plan.model import Bounds, PendingImages, StepImage

_ONE = Bounds(1, 1)


def find_slots_of(
    instance: Instance, *, passes: bool = False, certain: bool = True
) -> list[StepImage | PendingImages]:
    """The images of an instance in order. Unless it is `certain` to give some, they may be none as well."""
    tasks = instance.tasks
    found: list[StepImage | PendingImages] = []
    for unit in instance.units:
        if not (passes or unit.last):
            continue
        if unit.address in tasks.images or instance.outcome is not None:
            found.extend(tasks.images.get(unit.address, ()))
        else:
            found.extend(_list_to_come(unit, tasks.bounds[unit.address], certain=certain))

    group = instance.to_come
    if group is not None and not instance.complete and instance.outcome is None and group.failed is None:
        images = group.passes if passes else group.images
        images = images if certain else Bounds(0, images.high)
        found.append(
            PendingImages(group.address, images, f"{group.address} {'passes' if passes else 'images'}")
        )
    return found


def _list_to_come(unit: Unit, count: Bounds[int], *, certain: bool) -> list[PendingImages]:
    address = unit.address
    if not certain:
        return [PendingImages(address, Bounds(0, count.high), f"{address} images")]
    if count.low != count.high:
        return [PendingImages(address, Bounds(max(count.low, 1), count.high), f"{address} images")]
    return [
        PendingImages(address, _ONE, f"{address} image {number}", number=number)
        for number in range(1, count.low + 1)
    ]
