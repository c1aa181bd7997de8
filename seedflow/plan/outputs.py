"""Outputs: which images go where. Paths are worked out when planning, for every image that may come, and again to publish."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from seedflow.canonical import build_slug
from seedflow.diagnostics import Diagnostic, Related
from seedflow.images.facts import FileImage
from seedflow.plan.border import NotAdmitted
from seedflow.plan.build import TaskBuilder
from seedflow.plan.file_names import propose_file
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.instances import Unit
from seedflow.plan.model import PendingImages, PublishedImage, StepImage, Unsettled
from seedflow.plan.picking import NotThere, as_list
from seedflow.plan.requests import Refused
from seedflow.plan.slots import SlotFinder
from seedflow.plan.views import build_image_view, name_image
from seedflow.plan.whole import find_whole
from seedflow.recipe.file_paths import read_file_path
from seedflow.recipe.model import Output
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Scope, Skipped, Template, TemplateForm
from seedflow.recipe.views import View

_KEY = re.compile(r"[\w~-]+")

_NOT_PUBLISHED = "output-without-images"

MOST_CHECKED_NUMBERS = 100
"""A set of unknown size is checked for colliding names up to this many images of a task."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One image that an output publishes or may publish; `single` when its task can give no other one here.

    An input's image has no address; `view` is what the template of its file sees. `lone` when the output is this image alone.
    """

    address: str
    number: int
    image: StepImage | FileImage | None
    single: bool
    view: View | None = None
    lone: bool = False


class OutputPlanner:
    """Works out files for the outputs of one recipe."""

    def __init__(self, outputs: Mapping[str, Output], frame: FrameInstance, build: TaskBuilder) -> None:
        self._outputs = outputs
        self._env = Env(frame)
        self._build = build
        self._found = SlotFinder(build.resolver, build.stander)

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
            lone = self._is_lone(output.images, self._env)
            for slot in slots:
                path = self._path(output, slot, lone=lone)
                if isinstance(path, Diagnostic):
                    found.append(path)
                    break
                folded = path.casefold()
                other = taken.setdefault(folded, (output, _describe(slot)))
                if other != (output, _describe(slot)):
                    found.append(self._collide(output, slot, path, other))
                    break
        return found

    def publish(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published from the facts so far, and what cannot, with the reason."""
        published: dict[str, tuple[PublishedImage, ...]] = {}
        missing: list[Unsettled] = []
        taken: dict[str, tuple[Output, str]] = {}
        for output in self._outputs.values():
            slots = self._slots(output, possible=False)
            if isinstance(slots, NotThere):
                missing.append(Unsettled(output.name, slots.message, output.span, slots.code))
                slots = []
            published[output.name] = tuple(self._name_files(output, slots, taken, missing))
        return published, tuple(missing)

    def _name_files(
        self,
        output: Output,
        slots: Sequence[_Slot],
        taken: dict[str, tuple[Output, str]],
        missing: list[Unsettled],
    ) -> Iterator[PublishedImage]:
        lone = self._is_lone(output.images, self._env)
        for slot in slots:
            if slot.image is None:
                continue
            path = self._path(output, slot, lone=lone)
            if isinstance(path, Diagnostic):
                missing.append(Unsettled(output.name, path.message, path.span, path.code))
                continue
            other = taken.setdefault(path.casefold(), (output, _describe(slot)))
            if other != (output, _describe(slot)):
                found = self._collide(output, slot, path, other)
                missing.append(Unsettled(output.name, found.message, found.span, found.code))
                continue
            yield PublishedImage(output.name, f"{path}.{slot.image.facts.format.extension}", slot.image)

    def _slots(self, output: Output, *, possible: bool) -> list[_Slot] | NotThere:
        """The images of an output: of its one mention, or of whatever its expression gives once all of it is known."""
        standing = self._build.stander.of([output.images], self._env)
        blocked = standing.failed is not None or standing.skips is not None
        images = self._found.find(output.images, self._env)
        if isinstance(images, NotThere):
            # Where a task gave nothing, its own problem says why.
            return [] if blocked and not possible else images
        if images is not None:
            return list(self._slots_of(output, images, possible=possible))
        if standing.waits or blocked:
            # Nothing can be said of what an expression picks before all of it is there.
            return []
        return self._evaluate(output)

    def _slots_of(self, output: Output, images: Sequence[object], *, possible: bool) -> Iterator[_Slot]:
        at: dict[str, int] = {}
        whole = find_whole(output.images)
        one = isinstance(whole, StepReference) and isinstance(whole.index, int)
        for number, image in enumerate(images, 1):
            if isinstance(image, StepImage):
                yield _Slot(image.address, image.number, image, one or self._is_single(image.address))
            elif isinstance(image, FileImage):
                yield _Slot("", number, image, len(images) == 1)
            elif isinstance(image, PendingImages) and possible:
                address = image.after
                unit = self._build.resolver.find_unit(address)
                if unit is None or unit.ghost:
                    continue  # whose names are not known yet; publishing finds what collides
                single = one or self._is_single(address)
                for _ in range(min(image.count.high, MOST_CHECKED_NUMBERS)):
                    at[address] = at.get(address, 0) + 1
                    yield _Slot(address, at[address], None, single)

    def _is_single(self, address: str) -> bool:
        """Whether a task can give no other image, whatever is expected of it: a file keeps its name when that changes."""
        unit = self._build.resolver.find_unit(address)
        if unit is None:
            return False
        bounds = unit.instance.tasks.may_give.get(address)
        return bounds is not None and bounds.high == 1

    def _is_lone(self, images: Template, env: Env) -> bool:
        """Whether all images of an output come from one and the same task, whatever becomes of it."""
        mentions = [one for one in images.references if isinstance(one, StepReference)]
        if len(mentions) != 1:
            return False
        tasks = self._build.resolver.find_tasks(mentions[0], env)
        if tasks.fanned and (mentions[0].selector is None or mentions[0].selector.kind != "at"):
            return False
        if tasks.node.step.call is None:
            return tasks.takes == 1 and mentions[0].collection != "passes"
        inner = [
            (found.images, Env(instance.inner))
            for instance in tasks.instances
            if instance.inner is not None
            and (found := self._build.resolver.find_call_output(instance, mentions[0])) is not None
        ]
        return len(inner) == 1 and self._is_lone(*inner[0])

    def _evaluate(self, output: Output) -> list[_Slot] | NotThere:
        try:
            views = as_list(self._build.renderer.render(output.images, self._env))
        except (Refused, NotAdmitted) as refused:
            return NotThere(refused.diagnostic.message, refused.diagnostic.code)
        except Skipped:
            return []
        picked = self._find_picked(output)
        found: list[_Slot] = []
        for number, view in enumerate(views, 1):
            image = view.subject if isinstance(view, View) else None
            if isinstance(image, StepImage):
                one = (image.address, image.number) in picked
                single = one or self._is_single(image.address)
                found.append(_Slot(image.address, image.number, image, single, lone=one))
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

    def _find_picked(self, output: Output) -> set[tuple[str, int]]:
        """The images that an expression picks by their number, when it can only give one of them."""
        mentions = [one for one in output.images.references if isinstance(one, StepReference)]
        chosen = [one for one in mentions if isinstance(one.index, int)]
        found: set[tuple[str, int]] = set()
        for mention in chosen:
            slots = self._build.resolver.slots(mention, self._env)
            if isinstance(slots, tuple):
                found.update((slot.address, slot.number) for slot in slots if isinstance(slot, StepImage))
        return found if len(found) == 1 else set()

    def _collide(self, output: Output, slot: _Slot, path: str, other: tuple[Output, str]) -> Diagnostic:
        unit = self._build.resolver.find_unit(slot.address) if slot.address else None
        return _collision(output, slot, path, other, propose_file(unit, single=slot.single))

    def _path(self, output: Output, slot: _Slot, *, lone: bool) -> str | Diagnostic:
        unit = self._build.resolver.find_unit(slot.address) if slot.address else None
        if output.file is None:
            whole = find_whole(output.images)
            passes = isinstance(whole, StepReference) and whole.collection == "passes"
            return _default_path(output, slot, unit, lone=slot.lone or lone, passes=passes)
        each: Mapping[str, object] = {}
        if unit is not None:
            each = self._build.resolver.refresh(Env(unit.env.frame, unit.each)).each
        scope = Scope(
            each=each,
            recipe=self._env.frame.recipe,
            image=slot.view if unit is None else _image_view(slot, unit, each),
        )
        try:
            text = output.file.render(scope, as_text=True, finish=finish_part)
        except RenderError as error:
            return output.file.diagnose(error)
        if output.file.form is TemplateForm.EXPRESSION:
            text = finish_part(str(text))
        return read_file_path(output.file, str(text))


def _default_path(output: Output, slot: _Slot, unit: Unit | None, *, lone: bool, passes: bool = False) -> str:
    if unit is None:
        return output.name if slot.single else f"{output.name}/{slot.number}"
    instance = unit.instance
    keys = [*instance.tasks.frame.keys, *(key for _, key in instance.keys)]
    takes = instance.tasks.takes > 1
    if not keys and slot.single and lone:
        return output.name
    name = (
        "-".join(key.replace("/", "-").strip(".") for key in keys) if keys else instance.tasks.node.step.name
    )
    if takes:
        name = f"{name}-t{unit.slot}"
    if passes or not unit.last:
        name = f"{name}-p{unit.number}"
    return f"{output.name}/{name}" if slot.single else f"{output.name}/{name}-{slot.number}"


def _describe(slot: _Slot) -> str:
    return f"{slot.address} image {slot.number}" if slot.address else f"image {slot.number}"


def _collision(
    output: Output, slot: _Slot, path: str, other: tuple[Output, str], proposal: str
) -> Diagnostic:
    span = output.file.scalar.span if output.file is not None else output.span
    related = (
        () if other[0] is output else (Related(other[0].span, f"output `{other[0].name}` writes it too"),)
    )
    written = "" if output.file is None else output.file.scalar.value
    by_key = proposal in written or (".key" in written and "each." not in proposal)
    return Diagnostic(
        "same-file",
        f"{other[1]} and {_describe(slot)} would both be published as `{path}`",
        span,
        help="rename what they come from: of a value only letters, digits, `_` and `-` stay in a path"
        if by_key
        else f"tell them apart in `file:`, for example with `{proposal}`",
        related=related,
    )


def finish_part(text: str) -> str:
    """A value that is put into a path: its slug; keys are slugs already and keep their digest."""
    return text if _KEY.fullmatch(text) else build_slug(text)[0] or "_"


def _image_view(slot: _Slot, unit: Unit, each: Mapping[str, object]) -> View:
    if isinstance(slot.image, StepImage):
        return build_image_view(slot.image, unit, each)
    known = {
        "number": slot.number,
        "key": unit.instance.key,
        "take": unit.slot,
        "each": each,
        "name": name_image(unit, slot.number),
    }
    later = dict.fromkeys(("width", "height", "format", "digest"), "the image does not exist yet")
    return View("image", known, None, later)
