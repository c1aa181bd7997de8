"""Outputs: which images go where. Paths are worked out when planning, for every image that may come, and again to publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.model import StepGraph
from seedflow.graph.published import find_published_steps
from seedflow.images.facts import FileImage
from seedflow.plan.build import TaskBuilder
from seedflow.plan.collisions import TakenPaths
from seedflow.plan.file_names import NOT_KNOWN, FileNamer, Slot
from seedflow.plan.frames import NOTHING, Env, FrameInstance
from seedflow.plan.instances import Unit
from seedflow.plan.lacking import LackFinder
from seedflow.plan.model import Bounds, PendingImages, PublishedImage, StepImage, Unsettled
from seedflow.plan.output_finder import NOT_IMAGES, PartFinder
from seedflow.plan.output_parts import NoParts, OutputPart, add_places, hands_on
from seedflow.plan.picking import NotThere, diagnose_absent
from seedflow.plan.refused import Refused
from seedflow.plan.slots import SlotFinder, Slots
from seedflow.plan.standing import Standing
from seedflow.plan.views import is_pending
from seedflow.plan.whole import find_whole
from seedflow.recipe.input_images import build_file_view
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Output
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Skipped, Template

T = TypeVar("T")

MOST_CHECKED_NUMBERS = 100
"""A set of unknown size is checked for colliding names up to this many images of a task."""


class OutputPlanner:
    """Works out files for the outputs of one recipe."""

    def __init__(self, graph: StepGraph, frame: FrameInstance, build: TaskBuilder) -> None:
        self._outputs = graph.outputs
        self._steps = {name: find_published_steps(output, graph) for name, output in self._outputs.items()}
        self._env = Env(frame)
        self._build = build
        self._found = SlotFinder(build.resolver, build.stander)
        self._parts = PartFinder(build.resolver, build.stander, self._found, build.renderer.render)
        self._lacks = LackFinder(build.resolver, build.stander)
        self.has_unknown = False
        """Whether some names were not known when the paths were checked, or some images."""
        self._kept: dict[tuple[str, str], Any] | None = None

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """For the block nothing becomes known and no task is added, so that what an output has is looked up once."""
        self._kept = {}
        try:
            yield
        finally:
            self._kept = None

    def _find_images(self, output: Output) -> Slots | NotThere | None:
        return self._keep(output, "images", self._found.find_mention)

    def _find_parts(self, output: Output) -> Sequence[OutputPart]:
        return self._keep(output, "parts", self._parts.find)

    def _keep(self, output: Output, what: str, find: Callable[[Template, Env], T]) -> T:
        if self._kept is None:
            return find(output.images, self._env)
        key = (output.name, what)
        if key not in self._kept:
            self._kept[key] = find(output.images, self._env)
        found: T = self._kept[key]
        return found

    def check_paths(self) -> list[Diagnostic]:
        """Problems of all outputs: file templates that fail, and two results that could be published to one path."""
        return [problem for _, problem in self._find_wrong(possible=True)]

    def find_absent(self) -> Iterator[Diagnostic]:
        """What outputs mention that there is not, by what is known so far."""
        for output in self._outputs.values():
            standing = self._build.stander.of([output.images], self._env)
            if standing.failed is not None or standing.skips is not None or standing.may_be_skipped:
                continue  # where a task gave nothing, its own problem says why
            lack = self._lacks.find(output.images, self._env) if standing.waits else None
            if lack is not None:
                yield lack
                continue
            found: object = self._find_images(output)
            if not isinstance(found, NotThere):
                try:
                    parts = self._find_parts(output)
                except NoParts as wrong:
                    found = wrong.not_there
                else:
                    yield from self._find_nameless(output, parts)
            if isinstance(found, NotThere) and found.code != NOT_IMAGES:
                yield diagnose_absent(found, output.images)

    def _find_nameless(self, output: Output, parts: Sequence[OutputPart]) -> Iterator[Diagnostic]:
        """What is wrong with the names of local images, whatever else comes to an output."""
        namer = self._open_namer(output)
        images = (found.image for part in parts for found in part.found)
        local = (image for image in images if isinstance(image, FileImage))
        for image in islice(local, MOST_CHECKED_NUMBERS):
            slot = Slot("", 1, image, False, build_file_view(image))
            path = namer.find_path(slot) if _is_final(slot, output) else ""
            if isinstance(path, Diagnostic) and path.code == NOT_KNOWN:
                yield path
                return

    def find_wrong(self) -> Iterator[tuple[Output, Diagnostic]]:
        """The first problem of each output with the images that are there, of which all are made up."""
        return self._find_wrong(possible=False)

    def _find_wrong(self, *, possible: bool) -> Iterator[tuple[Output, Diagnostic]]:
        taken = TakenPaths(self._build.resolver, rehearsed=not possible)
        for output in self._outputs.values():
            slots = self._slots(output, possible=possible)
            if isinstance(slots, NotThere):
                if slots.code == NOT_IMAGES:
                    yield output, Diagnostic(slots.code, slots.message, output.images.scalar.span)
                continue
            namer = self._open_namer(output)
            doubt: Diagnostic | None = None
            for slot in slots:
                if slot.image is None and not possible:
                    continue
                path = namer.find_path(slot)
                not_known = isinstance(path, Diagnostic) and path.code == NOT_KNOWN
                if not_known and not (_is_final(slot, output) or (not possible and self._is_there(slot))):
                    self.has_unknown = True
                    continue
                problem = path if isinstance(path, Diagnostic) else taken.take(output, slot, path)
                if problem is None:
                    continue
                if problem.severity is Severity.ERROR:
                    yield output, problem
                    break
                doubt = doubt or problem
            else:
                if doubt is not None:
                    yield output, doubt

    def _is_there(self, slot: Slot) -> bool:
        """Whether nothing that the name of an image may be made of is still to come."""
        unit = self._build.resolver.find_unit(slot.address) if slot.address else None
        own = {} if unit is None else unit.each
        each = self._build.resolver.refresh(Env(self._env.frame, {**slot.around, **own})).each
        return slot.image is not None and not any(map(is_pending, each.values()))

    def publish(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published from the facts so far, and what cannot, with the reason."""
        published: dict[str, tuple[PublishedImage, ...]] = {}
        missing: list[Unsettled] = []
        taken = TakenPaths(self._build.resolver)
        for output in self._outputs.values():
            slots = self._slots(output, possible=False)
            if isinstance(slots, NotThere):
                problem = diagnose_absent(slots, output.images)
                missing.append(
                    Unsettled(output.name, problem.message, output.span, problem.code, problem.help)
                )
                slots = []
            missing.extend(self._find_missing(output))
            published[output.name] = tuple(self._name_files(output, slots, taken, missing))
        return published, tuple(missing)

    def _find_missing(self, output: Output) -> Iterator[Unsettled]:
        """The images that an output picks beside others, and that there are not."""
        if find_whole(output.images) is not None:
            return
        try:
            parts = self._find_parts(output)
        except NoParts:
            return  # all of it is told
        for part in parts:
            if part.absent is not None:
                problem = diagnose_absent(part.absent, output.images)
                yield Unsettled(output.name, problem.message, output.span, problem.code, problem.help)

    def find_empty(self) -> tuple[str, ...]:
        """The outputs that nothing will come to, by what is known so far."""
        return tuple(output.name for output in self._outputs.values() if self._is_empty(output))

    def _is_empty(self, output: Output) -> bool:
        try:
            parts = self._find_parts(output)
        except NoParts:
            return True
        return not any(part.found or part.open for part in parts)

    def _name_files(
        self, output: Output, slots: Sequence[Slot], taken: TakenPaths, missing: list[Unsettled]
    ) -> Iterator[PublishedImage]:
        namer = self._open_namer(output)
        given: set[tuple[str, int | str]] = set()
        waiting: list[str] = []
        for slot in slots:
            if slot.image is None or slot.place in given:
                continue
            given.add(slot.place)
            if slot.moves and output.file is None:
                waiting.append(slot.image.name if isinstance(slot.image, FileImage) else slot.describe())
                continue
            path = namer.find_path(slot)
            problem = path if isinstance(path, Diagnostic) else taken.take(output, slot, path)
            if problem is not None:
                missing.append(
                    Unsettled(output.name, problem.message, problem.span, problem.code, problem.help)
                )
                continue
            yield PublishedImage(output.name, f"{path}.{slot.image.facts.format.extension}", slot.image)
        if waiting:
            missing.append(_hold_back(output, waiting))

    def _open_namer(self, output: Output) -> FileNamer:
        lone = self._is_lone(output.images, self._env)
        return FileNamer(output, self._steps[output.name], self._env, self._build.resolver, lone=lone)

    def _slots(self, output: Output, *, possible: bool) -> list[Slot] | NotThere:
        """The images of an output, be they there or not, as far as these are known."""
        standing = self._build.stander.of([output.images], self._env)
        blocked = standing.failed is not None or standing.skips is not None
        images = self._find_images(output)
        if possible and images is None and (standing.waits or blocked):
            # The names of what an expression gives are tried where all of it is made up.
            self.has_unknown = True
            return []
        if isinstance(images, NotThere):
            # Where a task gave nothing, its own problem says why.
            return [] if blocked and not possible else images
        try:
            parts = self._find_parts(output)
        except NoParts as wrong:
            return wrong.not_there
        if images is None and not (standing.waits or blocked or any(part.absent for part in parts)):
            refused = self._find_refusal(output.images)
            if refused is not None:
                return refused
        return list(self._slots_of(output, parts, possible=possible, mentions=images is not None))

    def _find_refusal(self, images: Template) -> NotThere | None:
        """What is wrong with an expression as a whole."""
        try:
            self._build.renderer.render(images, self._env)
        except Refused as refused:
            return NotThere(refused.diagnostic.message, refused.diagnostic.code)
        except Skipped:
            return None
        return None

    def _slots_of(
        self, output: Output, parts: Sequence[OutputPart], *, possible: bool, mentions: bool
    ) -> Iterator[Slot]:
        """The images of parts in order; of an output that is nothing but a mention, or a choice between some, if it `mentions`."""
        at: dict[str, int] = {}
        whole = find_whole(output.images)
        one = isinstance(whole, StepReference) and isinstance(whole.index, int)
        picked = set() if mentions else self._find_picked(output)
        alone = not self._steps[output.name].labels  # beside others it has its step's name
        around = hands_on(output.images)
        all_of_it, before = add_places(parts), Bounds(0, 0)
        for part in parts:
            for number, found in enumerate(part.found, before.low + 1):
                image, each = found.image, found.handed.each if around else NOTHING
                if isinstance(image, StepImage):
                    is_picked = (image.address, image.number) in picked
                    single = one or is_picked or self._is_single(image.address)
                    lone = is_picked and alone
                    yield Slot(image.address, image.number, image, single, lone=lone, around=each)
                elif isinstance(image, FileImage):
                    view = found.handed.view or build_file_view(image)
                    moves = not part.exact or before.low != before.high
                    moves = moves or (number == 1 and all_of_it.low == 1 < all_of_it.high)
                    if moves and possible:
                        self.has_unknown = True
                        continue
                    yield Slot("", number, image, all_of_it == (1, 1), view, around=each, moves=moves)
                elif isinstance(image, PendingImages) and possible:
                    yield from self._slots_to_come(image, at, each, one=one)
            before = Bounds(before.low + part.places.low, before.high + part.places.high)

    def _slots_to_come(
        self, image: PendingImages, at: dict[str, int], around: Mapping[str, object], *, one: bool
    ) -> Iterator[Slot]:
        address = image.after
        unit = self._build.resolver.find_unit(address)
        if unit is None or unit.ghost:
            self.has_unknown = True
            return
        single = one or _is_single(unit)
        for _ in range(min(image.count.high, MOST_CHECKED_NUMBERS)):
            at[address] = at.get(address, 0) + 1
            yield Slot(address, at[address], None, single, around=around)

    def _is_single(self, address: str) -> bool:
        """Whether a task can give no other image, whatever is expected of it: a file keeps its name when that changes."""
        unit = self._build.resolver.find_unit(address)
        return unit is not None and _is_single(unit)

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

    def _find_picked(self, output: Output) -> set[tuple[str, int]]:
        """The images that an expression picks by their number, when it can only give one of them."""
        mentions = [one for one in output.images.references if isinstance(one, StepReference)]
        chosen = [one for one in mentions if isinstance(one.index, int)]
        found: set[tuple[str, int]] = set()
        for mention in chosen:
            slots = self._build.resolver.slots(mention, self._env)
            if isinstance(slots, tuple):
                found.update((slot.address, slot.number) for slot in slots if isinstance(slot, StepImage))
            standing = Standing()
            self._build.stander.add([mention], self._env, standing)
            if standing.failed is not None or standing.waits:  # it would be another one
                found.add((mention.step, 0))
        return found if len(found) == 1 else set()


def _is_final(slot: Slot, output: Output) -> bool:
    """Whether all is there that a name is made of: a local image, without values of tasks around it."""
    mentions = () if output.file is None else output.file.references
    return isinstance(slot.image, FileImage) and not any(
        isinstance(one, NameReference) and one.root == "each" for one in mentions
    )


def _hold_back(output: Output, names: Sequence[str]) -> Unsettled:
    """What is said of local images whose place is not known: another one would get their name in a further run."""
    if names[1:]:
        they = f"{quote(names[0])} and {len(names) - 1:,} more wait in output `{output.name}`: they are named by their places there"
    else:
        they = f"{quote(names[0])} waits in output `{output.name}`: it is named by its place there"
    return Unsettled(
        output.name,
        f"{they}, and nobody knows yet how many images come before",
        output.span,
        "place-not-known",
        'run it again once these are there, or name local images by what they are: `file: "{{ image.name }}"`',
    )


def _is_single(unit: Unit) -> bool:
    bounds = unit.instance.tasks.may_give.get(unit.address)
    return bounds is not None and bounds.high == 1
