"""Outputs: which images go where. Paths are worked out when planning, for every image that may come, and again to publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.model import StepGraph
from seedflow.graph.published import find_published_steps
from seedflow.images.facts import FileImage
from seedflow.plan.build import TaskBuilder
from seedflow.plan.collisions import TakenPaths
from seedflow.plan.file_names import NOT_KNOWN, FileNamer, Slot
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.handed import Handed, HandedFinder
from seedflow.plan.instances import Unit
from seedflow.plan.model import PendingImages, PublishedImage, StepImage, Unsettled
from seedflow.plan.picking import NotThere, as_list
from seedflow.plan.refused import Refused
from seedflow.plan.slots import SlotFinder
from seedflow.plan.whole import find_whole, keeps_all
from seedflow.recipe.input_images import build_file_view
from seedflow.recipe.model import Output
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Skipped, Template
from seedflow.recipe.views import View

_NOT_PUBLISHED = "output-without-images"

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
        self._handed = HandedFinder(build.resolver, build.stander, self._found)
        self.has_unknown = False
        """Whether some names were not known when the paths were checked, or some images."""

    def check_paths(self) -> list[Diagnostic]:
        """Problems of all outputs: file templates that fail, and two results that could be published to one path."""
        return [problem for _, problem in self._find_wrong(possible=True)]

    def find_wrong(self) -> Iterator[tuple[Output, Diagnostic]]:
        """The first problem of each output with the images that are there, of which all are made up."""
        return self._find_wrong(possible=False)

    def _find_wrong(self, *, possible: bool) -> Iterator[tuple[Output, Diagnostic]]:
        taken = TakenPaths(self._build.resolver, rehearsed=not possible)
        for output in self._outputs.values():
            slots = self._slots(output, possible=possible)
            if isinstance(slots, NotThere):
                if slots.code == _NOT_PUBLISHED:
                    yield output, Diagnostic(slots.code, slots.message, output.images.scalar.span)
                continue
            namer = self._open_namer(output)
            doubt: Diagnostic | None = None
            for slot in slots:
                if slot.image is None and not possible:
                    continue
                path = namer.find_path(slot)
                if isinstance(path, Diagnostic) and path.code == NOT_KNOWN:
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

    def publish(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published from the facts so far, and what cannot, with the reason."""
        published: dict[str, tuple[PublishedImage, ...]] = {}
        missing: list[Unsettled] = []
        taken = TakenPaths(self._build.resolver)
        for output in self._outputs.values():
            slots = self._slots(output, possible=False)
            if isinstance(slots, NotThere):
                missing.append(Unsettled(output.name, slots.message, output.span, slots.code))
                slots = []
            published[output.name] = tuple(self._name_files(output, slots, taken, missing))
        return published, tuple(missing)

    def _name_files(
        self, output: Output, slots: Sequence[Slot], taken: TakenPaths, missing: list[Unsettled]
    ) -> Iterator[PublishedImage]:
        namer = self._open_namer(output)
        given: set[str] = set()
        for slot in slots:
            if slot.image is None or slot.describe() in given:
                continue
            given.add(slot.describe())
            path = namer.find_path(slot)
            problem = path if isinstance(path, Diagnostic) else taken.take(output, slot, path)
            if problem is not None:
                missing.append(
                    Unsettled(output.name, problem.message, problem.span, problem.code, problem.help)
                )
                continue
            yield PublishedImage(output.name, f"{path}.{slot.image.facts.format.extension}", slot.image)

    def _open_namer(self, output: Output) -> FileNamer:
        lone = self._is_lone(output.images, self._env)
        return FileNamer(output, self._steps[output.name], self._env, self._build.resolver, lone=lone)

    def _slots(self, output: Output, *, possible: bool) -> list[Slot] | NotThere:
        """The images of an output: of its one mention, or of whatever its expression gives once all of it is known."""
        standing = self._build.stander.of([output.images], self._env)
        blocked = standing.failed is not None or standing.skips is not None
        images = self._found.find(output.images, self._env)
        if (
            not isinstance(images, tuple)
            and standing.failed
            and not standing.waits
            and keeps_all(output.images)
        ):
            return self._evaluate(output)  # what came is published, whatever failed
        if isinstance(images, NotThere):
            # Where a task gave nothing, its own problem says why.
            return [] if blocked and not possible else images
        if images is not None:
            return list(self._slots_of(output, images, possible=possible))
        if standing.waits or blocked:
            # Nothing can be said of what an expression picks before all of it is there.
            self.has_unknown = True
            return []
        return self._evaluate(output)

    def _slots_of(self, output: Output, images: Sequence[object], *, possible: bool) -> Iterator[Slot]:
        at: dict[str, int] = {}
        whole = find_whole(output.images)
        one = isinstance(whole, StepReference) and isinstance(whole.index, int)
        went = self._find_handed(output, len(images))
        for number, image in enumerate(images, 1):
            handed = went[number - 1]
            if isinstance(image, StepImage):
                single = one or self._is_single(image.address)
                yield Slot(image.address, image.number, image, single, around=handed.each)
            elif isinstance(image, FileImage):
                view = handed.view or build_file_view(image)
                yield Slot("", number, image, len(images) == 1, view, around=handed.each)
            elif isinstance(image, PendingImages) and possible:
                address = image.after
                unit = self._build.resolver.find_unit(address)
                if unit is None or unit.ghost:
                    self.has_unknown = True
                    continue
                single = one or _is_single(unit)
                for _ in range(min(image.count.high, MOST_CHECKED_NUMBERS)):
                    at[address] = at.get(address, 0) + 1
                    yield Slot(address, at[address], None, single, around=handed.each)

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

    def _evaluate(self, output: Output) -> list[Slot] | NotThere:
        try:
            views = as_list(self._build.renderer.render(output.images, self._env))
        except Refused as refused:
            return NotThere(refused.diagnostic.message, refused.diagnostic.code)
        except Skipped:
            return []
        picked = self._find_picked(output)
        found: list[Slot] = []
        went = self._find_handed(output, len(views))
        for number, view in enumerate(views, 1):
            image = view.subject if isinstance(view, View) else None
            around = went[number - 1].each
            if isinstance(image, StepImage):
                one = (image.address, image.number) in picked
                single = one or self._is_single(image.address)
                found.append(Slot(image.address, image.number, image, single, lone=one, around=around))
            elif isinstance(view, View) and isinstance(image, FileImage):
                found.append(Slot("", number, image, len(views) == 1, view, around=around))
            else:
                what = (
                    "an image behind a URL, which is never fetched" if image is not None else "something else"
                )
                return NotThere(
                    f"only images of steps and local files can be published, and this is {what}",
                    _NOT_PUBLISHED,
                )
        return found

    def _find_handed(self, output: Output, count: int) -> list[Handed]:
        """What each of so many images of an output went through; nothing where that is not known, or named by nobody."""
        went = None if output.file is None else self._handed.find(output.images, self._env)
        return went if went is not None and len(went) == count else [Handed()] * count

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


def _is_single(unit: Unit) -> bool:
    bounds = unit.instance.tasks.may_give.get(unit.address)
    return bounds is not None and bounds.high == 1
