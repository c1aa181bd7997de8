"""What templates see of results: images and tasks that are there, and those that are still to come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from seedflow.plan.addresses import shorten_key
from seedflow.plan.frames import Later
from seedflow.plan.instances import ImageSource, Instance, Unit
from seedflow.plan.model import Bounds, PendingImages, StepImage
from seedflow.recipe.views import View

_LATER = "the image does not exist yet"
_PIXELS = ("width", "height", "format", "digest")
_OF_A_KEY = ("name", "key")


@dataclass(frozen=True, slots=True)
class PendingImage:
    """The subject of the view of an image that will be there once its task is done; `number` counts from 1."""

    source: ImageSource
    number: int


@dataclass(frozen=True, slots=True)
class PendingTask:
    """The subject of the view of a task that has not ended."""

    instance: Instance


def build_image_view(
    image: StepImage, unit: Unit, each: Mapping[str, object], *, passes: bool = False
) -> View:
    """What templates may ask an image of a step for; `each` are the values of its task."""
    return View(
        "image",
        {
            "width": image.facts.width_px,
            "height": image.facts.height_px,
            "format": image.facts.format.value,
            "digest": image.facts.digest,
            "name": name_image(unit, image.number),
            "number": image.number,
            "key": unit.instance.key,
            "take": image.take,
            "each": each,
        },
        image,
        one_of_passes=passes,
    )


def build_pending_view(unit: Unit, number: int, *, passes: bool = False) -> View:
    """What is known of an image before its task has ended."""
    known: dict[str, object] = {"number": number, "each": unit.each}
    missing = dict.fromkeys((*_PIXELS, "take"), _LATER)
    if unit.ghost:
        missing.update(dict.fromkeys(_OF_A_KEY, _LATER))
    else:
        known.update(name=name_image(unit, number), key=unit.instance.key)
    subject = PendingImage(ImageSource(unit.instance, unit), number)
    return View("image", known, subject, missing, passes)


def build_pending_task(instance: Instance, later: Mapping[str, Callable[[], object]] | None = None) -> View:
    """What is known of a task before it has ended; `later` gives its images and outputs as soon as they are there."""
    missing = {} if later else dict.fromkeys(("images", "outputs"), "the task has not ended")
    known: dict[str, object] = {"each": instance.each}
    if instance.stands_for_others:
        missing["key"] = "the task is not known yet"
    else:
        known["key"] = instance.key
    return View("task", LazyAttributes(known, later) if later else known, PendingTask(instance), missing)


class LazyAttributes(Mapping[str, object]):
    """Attributes of which some are worked out when somebody asks for them; what that raises passes through."""

    __slots__ = ("_known", "_later")

    def __init__(self, known: Mapping[str, object], later: Mapping[str, Callable[[], object]]) -> None:
        self._known = known
        self._later = later

    def __getitem__(self, name: str) -> object:
        return self._later[name]() if name in self._later else self._known[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._known
        yield from self._later

    def __len__(self) -> int:
        return len(self._known) + len(self._later)


def build_ghost_view(after: str, *others: str, each: Mapping[str, object] | None = None) -> View:
    """An image of which nothing is known but what it comes after: one of these; perhaps `each`, the values of its task."""
    return _build_unknown(
        PendingImages(after, count=Bounds(1, 1), mention=f"{after} image", others=(after, *others)), each
    )


def build_ghost_of_unit(address: str, each: Mapping[str, object] | None = None) -> View:
    """The same of an image that comes of this take or pass, and of no other of its task, which may have the same address."""
    return _build_unknown(PendingImages(address, count=Bounds(1, 1), mention=f"{address} image"), each)


def _build_unknown(images: PendingImages, each: Mapping[str, object] | None) -> View:
    unknown = (*_PIXELS, "name", "number", "key", "take", "each")
    known = {} if each is None else {"each": each}
    return View("image", known, images, {name: _LATER for name in unknown if name not in known})


def find_common_each(source: Instance) -> Mapping[str, object] | None:
    """The values that all images of an instance are made with; None where these are not known before the images are."""
    if source.stands_for_others or source.tasks.node.step.iterate is not None:
        return None
    return {**source.tasks.frame.each, **source.each}


def name_image(unit: Unit, number: int) -> str:
    """A file-name-like name: the step, its keys, the take and pass where there are several, and the number."""
    instance = unit.instance
    parts = [instance.tasks.node.step.name, *instance.tasks.frame.keys, *(key for _, key in instance.keys)]
    return "-".join([*parts, *_spell_unit(unit), str(number)])


def key_of_image(unit: Unit, number: int, *, passes: bool) -> str:
    """The key of an image as a value of `for_each`: its task's key and number. The first take is not spelled."""
    return spell_image_key(unit.instance.loop_key, unit, number, passes=passes)


def spell_image_key(start: str, unit: Unit, number: int, *, passes: bool) -> str:
    """The same with the key of its task, which may be one that it had."""
    parts = [start]
    if unit.slot > 1:
        parts.append(f"t{unit.slot}")
    if passes:
        parts.append(f"p{unit.number}")
    return shorten_key("-".join([*parts, str(number)]))


def _spell_unit(unit: Unit) -> list[str]:
    spelled = [] if unit.slot == 1 else [f"t{unit.slot}"]
    return spelled if unit.last else [*spelled, f"p{unit.number}"]


def is_pending(value: object) -> bool:
    """Whether a value of `each` is one that is still to come."""
    return isinstance(value, Later) or (
        isinstance(value, View) and isinstance(value.subject, (PendingImage, PendingTask, PendingImages))
    )


def is_unknown(value: object) -> bool:
    """Whether not even the key of a value of `each` is known yet."""
    return isinstance(value, Later) or (isinstance(value, View) and isinstance(value.subject, PendingImages))


def find_each(value: object, *, sees: bool) -> Mapping[str, object] | None:
    """The values of the task that an image or task comes from which is not there yet; None where these are not known.

    `sees` whether what stands for any of a task's images counts as one.
    """
    match value.subject if isinstance(value, View) else None:
        case PendingImage(source=source):
            return source.instance.each
        case PendingTask(instance=instance):
            return instance.each
        case PendingImages() if sees and isinstance(value, View):
            each = value.attributes.get("each")
            return each if isinstance(each, Mapping) else None
        case _:
            return None
