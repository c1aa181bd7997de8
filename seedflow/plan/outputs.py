"""Outputs: which images go where. Paths are worked out when planning, for every image that may come, and again to publish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seedflow.canonical import build_slug
from seedflow.diagnostics import Diagnostic, Related
from seedflow.images.facts import FileImage
from seedflow.plan.expand import Instance
from seedflow.plan.model import PendingImages, PublishedImage, StepImage, Unsettled
from seedflow.plan.requests import Bindings, flatten, is_whole
from seedflow.plan.resolve import NotThere, Resolver, StepTasks, build_image_view, join_keys, name_image
from seedflow.recipe.file_paths import read_file_path
from seedflow.recipe.model import Output
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Scope, TemplateForm
from seedflow.recipe.views import View

_KEY = re.compile(r"[\w~-]+")

_NOT_PUBLISHED = "output-without-images"

MOST_CHECKED_NUMBERS = 100
"""A set of unknown size is checked for colliding names up to this many images of a task."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One image that an output publishes or may publish; `single` when its task can give no other one here.

    An input's image has no address; `view` is what the template of its file sees.
    """

    address: str
    number: int
    image: StepImage | FileImage | None
    single: bool
    view: View | None = None


class OutputPlanner:
    """Works out files for the outputs of one recipe."""

    def __init__(
        self,
        outputs: Mapping[str, Output],
        bindings: Bindings,
        resolver: Resolver,
        steps: Mapping[str, StepTasks],
    ) -> None:
        self._outputs = outputs
        self._bindings = bindings
        self._resolver = resolver
        self._steps = steps
        self._instances: dict[str, Instance] = {}

    def check_paths(self) -> list[Diagnostic]:
        """Problems of all outputs: file templates that fail, and two results that could be published to one path."""
        found: list[Diagnostic] = []
        taken: dict[str, tuple[Output, str]] = {}
        for output in self._outputs.values():
            slots = self._slots(output, possible=True)
            if isinstance(slots, NotThere):
                if slots.code == _NOT_PUBLISHED:
                    found.append(Diagnostic(slots.code, slots.message, output.images.scalar.span))
                continue
            for slot in slots:
                path = self._path(output, slot)
                if isinstance(path, Diagnostic):
                    found.append(path)
                    break
                folded = path.casefold()
                other = taken.setdefault(folded, (output, _describe(slot)))
                if other != (output, _describe(slot)):
                    found.append(_collision(output, slot, path, other))
                    break
        return found

    def publish(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published from the facts so far, and what cannot, with the reason."""
        published: dict[str, tuple[PublishedImage, ...]] = {}
        missing: list[Unsettled] = []
        for output in self._outputs.values():
            slots = self._slots(output, possible=False)
            if isinstance(slots, NotThere):
                # Where a task gave nothing, its own problem says why.
                if not any(self._resolver.lacks_images(mention, {}) for mention in _list_mentions(output)):
                    missing.append(Unsettled(output.name, slots.message, output.span, slots.code))
                slots = []
            files: list[PublishedImage] = []
            for slot in slots:
                path = self._path(output, slot)
                if slot.image is None:
                    continue
                if isinstance(path, Diagnostic):
                    missing.append(Unsettled(output.name, path.message, path.span, path.code))
                    continue
                files.append(
                    PublishedImage(output.name, f"{path}.{slot.image.facts.format.extension}", slot.image)
                )
            published[output.name] = tuple(files)
        return published, tuple(missing)

    def _slots(self, output: Output, *, possible: bool) -> list[_Slot] | NotThere:
        """The images of an output: of its one mention, or of whatever its expression gives once all of it is known."""
        mentions = _list_mentions(output)
        slots: list[_Slot] = []
        for mention in mentions:
            found = self._resolver.slots(mention, {})
            if isinstance(found, NotThere):
                return found
            slots.extend(self._slots_of(mention, found, possible=possible))
        if len(mentions) == 1 and is_whole(output.images, mentions[0]):
            return slots
        if any(self._resolver.waits_for(mention, {}) for mention in mentions):
            return slots if possible else []
        return self._evaluate(output, {(slot.address, slot.number): slot for slot in slots})

    def _evaluate(self, output: Output, slots: Mapping[tuple[str, int], _Slot]) -> list[_Slot] | NotThere:
        scope = Scope(
            inputs=self._bindings.inputs,
            values=self._bindings.values,
            recipe=self._bindings.recipe,
            resolve=lambda mention: self._resolver.value(mention, {}),
        )
        try:
            views = flatten(output.images.render(scope))
        except RenderError as error:
            return NotThere(error.message, error.code)
        found: list[_Slot] = []
        for number, view in enumerate(views, 1):
            image = view.subject if isinstance(view, View) else None
            if isinstance(image, StepImage):
                found.append(slots[image.address, image.number])
            elif isinstance(view, View) and isinstance(image, FileImage):
                found.append(_Slot("", number, image, len(views) == 1, view))
            else:
                what = (
                    "an image behind a URL, which is never fetched" if image is not None else "something else"
                )
                return NotThere(
                    f"only images of steps and local files can be published, and this is {what}",
                    _NOT_PUBLISHED,
                )
        return found

    def _slots_of(
        self, mention: StepReference, images: Sequence[StepImage | PendingImages], *, possible: bool
    ) -> list[_Slot]:
        slots: list[_Slot] = []
        bounds = self._steps[mention.step].bounds
        at: dict[str, int] = {}
        for image in images:
            address = image.address if isinstance(image, StepImage) else image.after
            single = isinstance(mention.index, int) or (address in bounds and bounds[address].high == 1)
            if isinstance(image, StepImage):
                slots.append(_Slot(address, image.number, image, single))
                continue
            if not possible:
                continue
            for _ in range(min(image.count.high, MOST_CHECKED_NUMBERS)):
                at[address] = at.get(address, 0) + 1
                slots.append(_Slot(address, at[address], None, single))
        return slots

    def _instance(self, address: str) -> Instance | None:
        if not self._instances:
            self._instances = {
                instance.address: instance for tasks in self._steps.values() for instance in tasks.instances
            }
        return self._instances.get(address)

    def _path(self, output: Output, slot: _Slot) -> str | Diagnostic:
        instance = self._instance(slot.address)
        if output.file is None:
            return _default_path(output, slot, instance)
        scope = Scope(
            each={} if instance is None else instance.each,
            recipe=self._bindings.recipe,
            image=slot.view if instance is None else _image_view(slot, instance),
        )
        try:
            text = output.file.render(scope, as_text=True, finish=finish_part)
        except RenderError as error:
            return output.file.diagnose(error)
        if output.file.form is TemplateForm.EXPRESSION:
            text = finish_part(str(text))
        return read_file_path(output.file, str(text))


def _list_mentions(output: Output) -> list[StepReference]:
    return [found for found in output.images.references if isinstance(found, StepReference)]


def _default_path(output: Output, slot: _Slot, instance: Instance | None) -> str:
    if instance is None:
        return output.name if slot.single else f"{output.name}/{slot.number}"
    fanned = bool(instance.keys)
    if not fanned and slot.single:
        return output.name
    name = "-".join(key.replace("/", "-").strip(".") for _, key in instance.keys) if fanned else instance.step
    return f"{output.name}/{name}" if slot.single else f"{output.name}/{name}-{slot.number}"


def _describe(slot: _Slot) -> str:
    return f"{slot.address} image {slot.number}" if slot.address else f"image {slot.number}"


def _collision(output: Output, slot: _Slot, path: str, other: tuple[Output, str]) -> Diagnostic:
    span = output.file.scalar.span if output.file is not None else output.span
    related = (
        () if other[0] is output else (Related(other[0].span, f"output `{other[0].name}` writes it too"),)
    )
    return Diagnostic(
        "same-file",
        f"{other[1]} and {_describe(slot)} would both be published as `{path}`",
        span,
        help="tell them apart in `file:`, for example with `{{ image.key }}-{{ image.number }}`",
        related=related,
    )


def finish_part(text: str) -> str:
    """A value that is put into a path: its slug; keys are slugs already and keep their digest."""
    return text if _KEY.fullmatch(text) else build_slug(text)[0] or "_"


def _image_view(slot: _Slot, instance: Instance) -> View:
    if isinstance(slot.image, StepImage):
        return build_image_view(slot.image, instance)
    known = {"number": slot.number, "key": join_keys(instance), "take": 1, "each": instance.each}
    later = dict.fromkeys(("width", "height", "format", "digest"), "the image does not exist yet")
    return View("image", {**known, "name": name_image(instance, slot.number)}, None, later)
