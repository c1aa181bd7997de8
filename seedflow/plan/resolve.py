"""What a mention of another step gives: image and task views for templates, and slots for the references field.

Knows which results exist so far (`facts`), and says for everything else what it waits for and how many it can be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seedflow.canonical import build_slug
from seedflow.plan.expand import Instance, find_key
from seedflow.plan.model import Bounds, PendingImages, StepImage
from seedflow.recipe.references import NameReference, Slice, StepReference
from seedflow.recipe.template import Scope, look_up
from seedflow.recipe.views import View


@dataclass(frozen=True, slots=True)
class NotThere:
    """A mention of something that turned out not to exist, such as the third image of two."""

    message: str
    code: str = "no-such-image"


class StepTasks:
    """The instances of one step, findable by their keys, with the bounds of how many images each may give."""

    __slots__ = ("_by_keys", "bounds", "fanned", "instances", "variables")

    def __init__(
        self, instances: Sequence[Instance], variables: Sequence[str], bounds: dict[str, Bounds[int]]
    ) -> None:
        self.instances = tuple(instances)
        self.variables = tuple(variables)
        self.fanned = bool(variables)
        self.bounds = bounds
        self._by_keys: dict[tuple[str, ...], dict[tuple[str, ...], list[Instance]]] = {}

    def find(self, wanted: Mapping[str, str]) -> Sequence[Instance]:
        """Instances whose keys match, in `for_each` order."""
        names = tuple(sorted(wanted))
        index = self._by_keys.get(names)
        if index is None:
            index = {}
            for instance in self.instances:
                keys = dict(instance.keys)
                index.setdefault(tuple(keys[name] for name in names), []).append(instance)
            self._by_keys[names] = index
        return index.get(tuple(wanted[name] for name in names), ())


class Resolver:
    """Looks up mentions among the tasks of a plan and the facts that are known."""

    def __init__(
        self, steps: Mapping[str, StepTasks], inputs: Mapping[str, object], default_take: int = 1
    ) -> None:
        self._steps = steps
        self._inputs = inputs
        self._take = default_take
        self._facts: dict[str, tuple[StepImage, ...] | None] = {}
        self._views: dict[str, tuple[View, ...]] = {}
        self._whole: dict[str, tuple[View, ...]] = {}

    def learn(self, address: str, images: tuple[StepImage, ...] | None) -> None:
        """Take in what a task gave; None for nothing."""
        self._facts[address] = images

    def select(self, mention: StepReference, each: Mapping[str, object]) -> Sequence[Instance] | NotThere:
        """The tasks that a mention is about."""
        tasks = self._steps[mention.step]
        if mention.selector is None:
            return tasks.instances
        wanted: dict[str, str] = {}
        for argument in mention.selector.arguments:
            value: object = argument.value
            if isinstance(value, NameReference):
                value = look_up(value, Scope(inputs=self._inputs, each=each))
            key = find_key(value)
            wanted[argument.variable] = (
                key if key is not None else _record_key(tasks, argument.variable, value)
            )
        found = tasks.find(wanted)
        if not found:
            given = ", ".join(f"{name}={key}" for name, key in wanted.items())
            if mention.selector.kind == "at":
                return NotThere(f"step `{mention.step}` has no task with `{given}`", "no-such-task")
        return found

    def waits_for(self, mention: StepReference, each: Mapping[str, object]) -> tuple[str, ...]:
        """The addresses among the mentioned tasks whose results are not known; empty when all are."""
        if mention.selector is None and mention.step in self._whole:
            return ()
        selected = self.select(mention, each)
        if isinstance(selected, NotThere):
            return ()
        return tuple(instance.address for instance in selected if instance.address not in self._facts)

    def lacks_images(self, mention: StepReference, each: Mapping[str, object]) -> bool:
        """Whether a task among the mentioned ones has ended without images."""
        selected = self.select(mention, each)
        if isinstance(selected, NotThere):
            return False
        return any(self._facts.get(instance.address, ()) is None for instance in selected)

    def needs(self, mention: StepReference, each: Mapping[str, object]) -> tuple[str, ...]:
        """What has to be finished first: addresses, or the name of a whole step as one hub."""
        if mention.selector is None:
            return (mention.step,)
        selected = self.select(mention, each)
        return () if isinstance(selected, NotThere) else tuple(instance.address for instance in selected)

    def value(self, mention: StepReference, each: Mapping[str, object]) -> object:
        """The value for a template; every mentioned task is known. `NotThere` when it does not exist after all."""
        if mention.collection is None:
            selected = self.select(mention, each)
            return selected if isinstance(selected, NotThere) else self._task_view(selected[0])
        if mention.collection == "tasks":
            selected = self.select(mention, each)
            if isinstance(selected, NotThere):
                return selected
            return _pick([self._task_view(instance) for instance in selected], mention)
        images = self._image_views(mention, each)
        return images if isinstance(images, NotThere) else _pick(images, mention)

    def slots(
        self, mention: StepReference, each: Mapping[str, object]
    ) -> tuple[StepImage | PendingImages, ...] | NotThere:
        """The images of a mention in order, known ones as they are and the others as bounds."""
        selected = self.select(mention, each)
        if isinstance(selected, NotThere):
            return selected
        tasks = self._steps[mention.step]
        slots: list[StepImage | PendingImages] = []
        exact = True
        for instance in selected:
            known = self._facts.get(instance.address)
            if instance.address in self._facts:
                slots.extend(known or ())
                continue
            count = tasks.bounds[instance.address]
            if count.low != count.high:
                exact = False
                slots.append(PendingImages(instance.address, count, f"{instance.address} images"))
            else:
                slots.extend(
                    PendingImages(instance.address, Bounds(1, 1), f"{instance.address} image {number}")
                    for number in range(1, count.low + 1)
                )
        if mention.index is None:
            return tuple(slots)
        if exact:
            return _pick_slots(slots, mention)
        return (_narrowed(slots, mention, selected),)

    def _image_views(self, mention: StepReference, each: Mapping[str, object]) -> Sequence[View] | NotThere:
        if mention.selector is None:
            whole = self._whole.get(mention.step)
            if whole is None:
                whole = tuple(
                    view
                    for instance in self._steps[mention.step].instances
                    for view in self._views_of(instance)
                )
                self._whole[mention.step] = whole
            return whole
        selected = self.select(mention, each)
        if isinstance(selected, NotThere):
            return selected
        return [view for instance in selected for view in self._views_of(instance)]

    def _views_of(self, instance: Instance) -> tuple[View, ...]:
        views = self._views.get(instance.address)
        if views is None:
            views = tuple(build_image_view(image, instance) for image in self._facts[instance.address] or ())
            self._views[instance.address] = views
        return views

    def _task_view(self, instance: Instance) -> View:
        return View(
            "task",
            {"images": list(self._views_of(instance)), "each": instance.each, "key": join_keys(instance)},
            instance,
        )


def build_image_view(image: StepImage, instance: Instance) -> View:
    """What templates may ask an image of a step for."""
    key = join_keys(instance)
    return View(
        "image",
        {
            "width": image.facts.width_px,
            "height": image.facts.height_px,
            "format": image.facts.format.value,
            "digest": image.facts.digest,
            "name": name_image(instance, image.number),
            "number": image.number,
            "key": key,
            "take": image.take,
            "each": instance.each,
        },
        image,
    )


def name_image(instance: Instance, number: int) -> str:
    """A file-name-like name: the step, its keys and the number."""
    return "-".join([instance.step, *(key for _, key in instance.keys), str(number)])


def join_keys(instance: Instance) -> str:
    """The key of a task: its variables' keys joined, or the step's name without `for_each`."""
    return ",".join(key for _, key in instance.keys) or instance.step


def _record_key(tasks: StepTasks, variable: str, value: object) -> str:
    for instance in tasks.instances:
        if instance.each.get(variable) == value:
            return dict(instance.keys)[variable]
    return build_slug(str(value))[0] + "~none"


def _pick(items: Sequence[View], mention: StepReference) -> object:
    match mention.index:
        case None:
            return list(items)
        case Slice(start=start, stop=stop, step=step):
            return list(items[start:stop:step])
        case int(index):
            if -len(items) <= index < len(items):
                return items[index]
            return _no_image(mention, index, len(items))


def _pick_slots(
    slots: Sequence[StepImage | PendingImages], mention: StepReference
) -> tuple[StepImage | PendingImages, ...] | NotThere:
    match mention.index:
        case Slice(start=start, stop=stop, step=step):
            return tuple(slots[start:stop:step])
        case int(index) if -len(slots) <= index < len(slots):
            return (slots[index],)
        case int(index):
            return _no_image(mention, index, len(slots))
        case None:
            return tuple(slots)


def _no_image(mention: StepReference, index: int, count: int) -> NotThere:
    what = mention.collection or "images"
    return NotThere(
        f"`steps.{mention.step}.{what}[{index}]` does not exist: there {'is' if count == 1 else 'are'} {count}"
    )


def _narrowed(
    slots: Sequence[StepImage | PendingImages], mention: StepReference, selected: Sequence[Instance]
) -> PendingImages:
    low = sum(slot.count.low if isinstance(slot, PendingImages) else 1 for slot in slots)
    high = sum(slot.count.high if isinstance(slot, PendingImages) else 1 for slot in slots)
    after = selected[0].address if len(selected) == 1 else mention.step
    match mention.index:
        case Slice(start=start, stop=stop, step=step):
            count = Bounds(len(range(low)[start:stop:step]), len(range(high)[start:stop:step]))
            return PendingImages(
                after, Bounds(min(count), max(count)), f"{after} images[{_spell(mention.index)}]"
            )
        case index:
            return PendingImages(after, Bounds(1, 1), f"{after} images[{index}]")


def _spell(index: Slice) -> str:
    ends = ["" if part is None else str(part) for part in (index.start, index.stop)]
    return ":".join(ends if index.step is None else [*ends, str(index.step)])
