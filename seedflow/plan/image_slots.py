"""The images of one instance as a request takes them: known ones as they are, and the others as bounds."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.plan.instances import Instance
from seedflow.plan.model import Bounds, PendingImages, StepImage


def find_slots_of(
    instance: Instance, *, passes: bool = False, certain: bool = True
) -> Iterator[StepImage | PendingImages]:
    """The images of an instance in order. Unless it is `certain` to give some, they may be none as well."""
    tasks = instance.tasks
    units = instance.units if passes else instance.last_units()
    for unit in units:
        if unit.address in tasks.images or instance.outcome is not None:
            yield from tasks.images.get(unit.address, ())
            continue
        count = tasks.bounds[unit.address]
        if not certain:
            yield PendingImages(unit.address, Bounds(0, count.high), f"{unit.address} images")
        elif count.low != count.high:
            yield PendingImages(unit.address, Bounds(max(count.low, 1), count.high), f"{unit.address} images")
        else:
            for number in range(1, count.low + 1):
                yield PendingImages(
                    unit.address, Bounds(1, 1), f"{unit.address} image {number}", number=number
                )

    group = instance.to_come
    if group is not None and not instance.complete and instance.outcome is None and group.failed is None:
        images = group.passes if passes else group.images
        images = images if certain else Bounds(0, images.high)
        yield PendingImages(group.address, images, f"{group.address} {'passes' if passes else 'images'}")
