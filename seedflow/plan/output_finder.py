"""What an output is put together of: its parts in a row, each with the images that are there and how many places it takes.

A part stands for itself: what failed, was skipped or is still to come takes nothing from the others, and no place that is
theirs. What is more than putting together, such as a slice, is one part, which is there as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from seedflow.graph.places import Part as Place
from seedflow.graph.places import find_step_places
from seedflow.graph.shapes import SAME_ITEMS
from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.fallbacks import narrow_to_truth
from seedflow.plan.frames import NOTHING, Env
from seedflow.plan.handed import Handed, HandedFinder
from seedflow.plan.instances import Group, Instance, StepTasks
from seedflow.plan.model import Bounds, Outcome, PendingImages, StepImage
from seedflow.plan.output_parts import (
    ANY_PLACES,
    Found,
    NoParts,
    OutputPart,
    add_places,
    choose,
    hand,
    hands_on,
    may_all_be_left_out,
    merge,
)
from seedflow.plan.picking import NotThere, as_list, is_single
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.slots import SlotFinder
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing
from seedflow.plan.whole import follow
from seedflow.recipe.references import NameReference, Reference, StepReference
from seedflow.recipe.template import Skipped, Template
from seedflow.recipe.templating import nodes, operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named
from seedflow.recipe.templating.operation_nodes import Applied, Binary, Either, ListOf
from seedflow.recipe.views import View

Render: TypeAlias = "Callable[[Template, Env], object]"

NOT_IMAGES = "output-without-images"
_NONE = Bounds(0, 0)
_ONE = Bounds(1, 1)


class PartFinder:
    """Takes the expression of an output apart, through the used recipes that it goes through."""

    def __init__(self, resolver: Resolver, stander: Stander, slots: SlotFinder, render: Render) -> None:
        self._resolver = resolver
        self._stander = stander
        self._slots = slots
        self._handed = HandedFinder(resolver, stander, slots)
        self._render = render

    def find(self, template: Template, env: Env) -> list[OutputPart]:
        """The parts of an output in order.

        Raises:
            NoParts: the output is wrong, whatever failed.
        """
        node = template.expression
        return [] if node is None else self._of(node, template, env)

    def _of(self, node: nodes.Expression, around: Template, env: Env) -> list[OutputPart]:
        match node:
            case Binary(operator=operators.add, left=left, right=right):
                return [*self._of(left, around, env), *self._of(right, around, env)]
            case ListOf(items=items):
                return [part for item in items for part in self._of(item, around, env)]
            case WithoutFailed(argument=argument):
                return self._of(argument, around, env)
            case Applied(name=name, arguments=(first, *_)) if name in SAME_ITEMS:
                return self._in_order(node, first, around, env)
            case Either():
                return self._of_either(node, around, env)
            case FirstOf(arguments=arguments):
                return self._of_first(node, arguments, around, env)
            case OrNone(argument=argument):
                return self._of_first(node, (argument,), around, env)
            case Mentioned(reference=reference):
                return self._of_step(reference, env, around.narrow(node), env)
            case Named(root="inputs" | "values" as root, name=name):
                return self._of_name(NameReference(root, (name,), node.start, node.end), node, around, env)
            case _:
                return self._of_leaf(around.narrow(node), env)

    def _in_order(
        self, node: Applied, first: nodes.Expression, around: Template, env: Env
    ) -> list[OutputPart]:
        parts = self._of(first, around, env)
        if node.name == "list":
            return parts
        if node.name == "reverse":
            return [replace(part, found=part.found[::-1]) for part in reversed(parts)]
        if all(part.exact for part in parts):
            return self._of_leaf(around.narrow(node), env)
        return merge(parts)  # what is behind what nobody knows

    def _of_either(self, node: Either, around: Template, env: Env) -> list[OutputPart]:
        """Of the branch that is taken, whatever became of the other one."""
        template = narrow_to_truth(around, node.test)
        standing = self._stander.of([template], env)
        if standing.skips is not None:
            return []
        if standing.waits or standing.failed is not None:
            branches = [self._of(one, around, env) for one in (node.then, node.otherwise)]
            return choose(branches, open_yet=bool(standing.waits))
        taken = self._evaluate(template, env)
        return self._of(node.then if taken else node.otherwise, around, env) if taken is not None else []

    def _of_first(
        self, node: nodes.Expression, arguments: Sequence[nodes.Expression], around: Template, env: Env
    ) -> list[OutputPart]:
        """Of the first argument that is not skipped, as soon as it is known which that is."""
        if not all(isinstance(argument, Mentioned | Named) for argument in arguments):
            return self._of_leaf(around.narrow(node), env)
        possible: list[list[OutputPart]] = []
        parts: list[OutputPart] = []
        waits = False
        for argument in arguments:
            standing = self._strictly(around.narrow(argument).references, env)
            if standing.skips is not None:
                continue
            parts = self._of(argument, around, env)
            possible.append(self._as_taken(argument, parts, env))
            waits = waits or bool(standing.waits)
            failed = standing.failed is not None and may_all_be_left_out(parts)
            if not (standing.may_be_skipped or failed):
                break
        else:
            possible.append([])
        return parts if len(possible) == 1 else choose(possible, open_yet=waits)

    def _as_taken(self, argument: nodes.Expression, parts: list[OutputPart], env: Env) -> list[OutputPart]:
        """The places of an argument where it is the one that is taken: a task of its own then gives an image."""
        if not isinstance(argument, Mentioned):
            return parts
        tasks = self._resolver.find_tasks(argument.reference, env)
        if tasks.node.step.call is not None or not is_single(argument.reference, tasks):
            return parts
        return [
            replace(part, places=Bounds(max(part.places.low, min(part.places.high, 1)), part.places.high))
            for part in parts
        ]

    def _of_name(
        self, name: NameReference, node: nodes.Expression, around: Template, env: Env
    ) -> list[OutputPart]:
        """Of what the caller of a used recipe gives, where that is one mention."""
        written, where = follow(name, env, self._resolver.refresh)
        if isinstance(written, StepReference) and written.index is None:
            parts = self._of_step(written, where, around.narrow(node), env)
            return [hand(part, NOTHING) for part in parts]
        return self._of_leaf(around.narrow(node), env)

    # Steps

    def _of_step(
        self, mention: StepReference, env: Env, template: Template, seen_from: Env
    ) -> list[OutputPart]:
        """Of what a step gives; the `template` that comes to that may stand inside of a recipe that this one uses."""
        tasks = self._resolver.find_tasks(mention, env)
        if mention.collection not in ("images", "passes", "outputs"):
            return self._of_leaf(template, seen_from)
        arguments = self._stander.of_arguments(mention, env)
        if arguments.waits or arguments.failed is not None:
            return [OutputPart((), ANY_PLACES, bool(arguments.waits))]
        if mention.index is not None:
            alone = is_single(mention, tasks) and tasks.takes == 1
            if not alone and self._strictly([mention], env).failed is not None:
                return [OutputPart((), _ONE if isinstance(mention.index, int) else ANY_PLACES)]
            return self._of_leaf(template, seen_from)
        if tasks.node.step.call is not None:
            uses = self._of_uses(mention, tasks, env)
            return self._of_leaf(template, seen_from) if uses is None else uses
        found = self._slots.find(template, seen_from)
        if not isinstance(found, tuple):
            return self._of_leaf(template, seen_from)
        counted = [
            self._count(source, passes=mention.collection == "passes")
            for source in self._walk(mention, tasks, env)
        ]
        open_yet = any(one.open for one in counted)
        return [OutputPart(tuple(map(Found, found)), add_places(counted), open_yet)]

    def _walk(self, mention: StepReference, tasks: StepTasks, env: Env) -> Iterator[Instance | Group]:
        """The tasks that are meant, and the places where more may come or would have come."""
        if mention.selector is None:
            yield from tasks.walk()
            return
        wanted = self._resolver.find_wanted(mention, tasks, env)
        if not tasks.has_all(wanted):
            yield from (one for one in tasks.find_groups(wanted) if one.instance is None)
            yield from tasks.find_closed(wanted)
        yield from tasks.find(wanted)

    def _count(self, source: Instance | Group, *, passes: bool) -> OutputPart:
        """How many images a task gave, will give or was to give."""
        if isinstance(source, Group):
            if source.skipped:
                return OutputPart((), _NONE)
            if source.failed is not None:
                return OutputPart((), ANY_PLACES)
            return OutputPart((), source.count_images(passes=passes, certain=True), True)
        if source.outcome is Outcome.SKIPPED:
            return OutputPart((), _NONE)
        tasks = source.tasks
        low = high = 0
        for unit in source.units:
            if not (passes or unit.last):
                continue
            if unit.address in tasks.images and unit.address not in tasks.lost:
                count = len(tasks.images[unit.address])
                low, high = low + count, high + count
            elif tasks.lost.get(unit.address, (Outcome.FAILED,))[0] is not Outcome.SKIPPED:
                bounds = tasks.bounds.get(unit.address, ANY_PLACES)
                low, high = low + bounds.low, high + bounds.high
        if source.to_come is not None and not source.complete:
            bounds = source.to_come.passes if passes else source.to_come.images
            low, high = low + bounds.low, high + bounds.high
        sure = source.gave or self._is_made(source)
        return OutputPart((), Bounds(low if sure else 0, high), source.outcome is None)

    def _is_made(self, instance: Instance) -> bool:
        """Whether a task is asked for certain, also where it failed: nothing is open that may leave it out."""
        if not instance.may_skip or any(instance.tasks.images.get(unit.address) for unit in instance.units):
            return True
        if instance.outcome is None:
            return False
        templates = [
            place.template
            for place in find_step_places(instance.tasks.node)
            if place.part is not Place.FOR_EACH
        ]
        for unit in instance.units[:1]:
            standing = self._stander.of(templates, self._resolver.refresh(unit.env))
            return not standing.waits and standing.failed is None
        return False

    # Uses of recipes

    def _of_uses(self, mention: StepReference, tasks: StepTasks, env: Env) -> list[OutputPart] | None:
        """Of an output of each use; None where there is none of them."""
        parts: list[OutputPart] = []
        sources = list(self._walk(mention, tasks, env))
        for source in sources:
            if isinstance(source, Group):
                if not source.skipped:
                    parts.append(OutputPart((), ANY_PLACES, source.failed is None))
                continue
            output = self._resolver.find_call_output(source, mention)
            if output is None or source.inner is None:
                return None
            standing = self._stander.of_use(source, output)
            parts.extend(self._of_use(source, output.images, Env(source.inner), standing))
        return parts if sources else None

    def _of_use(self, use: Instance, images: Template, env: Env, standing: Standing) -> list[OutputPart]:
        """Of one output of a used recipe. Its value is whole: skipped as a whole, and until that is known not there."""
        entered = self._stander.find_entered(use)
        if entered is Outcome.SKIPPED or standing.skips is not None:
            return []
        try:
            parts = self.find(images, env)
            absent = next((part.absent for part in parts if part.absent is not None), None)
            if absent is not None:
                raise NoParts(absent)
        except NoParts:
            if standing.failed is None:
                raise
            return [OutputPart((), ANY_PLACES)]
        further = hands_on(images)
        parts = [hand(part, env.frame.each, further_in=further) for part in parts]
        if entered is Outcome.FAILED:
            places = add_places(parts)
            return [OutputPart((), places if not env.frame.conditions else Bounds(0, places.high))]
        if entered is None or (standing.may_be_skipped and standing.waits):
            inside = tuple(
                found
                for part in parts
                for found in part.found
                if not isinstance(found.image, FileImage | UrlImage)
            )
            return [OutputPart(inside, Bounds(0, add_places(parts).high), True)]
        if standing.failed is not None and any(part.may_be_none for part in parts):
            return merge(parts)
        return parts

    # Everything else

    def _of_leaf(self, template: Template, env: Env) -> list[OutputPart]:
        """What is there as a whole or not at all."""
        standing = self._stander.of([template], env)
        if standing.skips is not None:
            return []
        one = isinstance(template.expression, Mentioned) and isinstance(
            template.expression.reference.index, int
        )
        to_be = ANY_PLACES if not one else Bounds(0, 1) if standing.may_be_skipped else _ONE
        slots = self._slots.find(template, env)
        hindered = bool(standing.waits) or standing.failed is not None
        if isinstance(slots, tuple):
            counts = [slot.count if isinstance(slot, PendingImages) else _ONE for slot in slots]
            places = Bounds(sum(count.low for count in counts), sum(count.high for count in counts))
            if standing.failed is not None and not (one and slots):
                places = to_be
            went = self._look(template, env, hindered=hindered)
            if went is None or len(went) != len(slots):
                went = [Handed()] * len(slots)
            return [OutputPart(tuple(map(Found, slots, went)), places, bool(standing.waits))]
        if hindered:
            return [OutputPart((), to_be, bool(standing.waits))]
        try:
            if isinstance(slots, NotThere):
                raise NoParts(slots)
            return self._of_views(as_list(self._evaluate(template, env)))
        except NoParts as wrong:
            if not one or wrong.not_there.code != "no-such-image":
                raise
            return [OutputPart((), to_be, absent=wrong.not_there)]

    def _look(self, template: Template, env: Env, *, hindered: bool) -> list[Handed] | None:
        """What each image went through, or at least what templates see of it once all of it is there."""
        went = self._handed.find(template, env)
        if went is not None or hindered:
            return went
        views = as_list(self._evaluate(template, env))
        return [Handed(view=view if isinstance(view, View) else None) for view in views]

    def _of_views(self, views: Sequence[object]) -> list[OutputPart]:
        found: list[Found] = []
        for view in views:
            image = view.subject if isinstance(view, View) else None
            if not isinstance(view, View) or not isinstance(image, StepImage | FileImage):
                what = (
                    "an image behind a URL, which is never fetched" if image is not None else "something else"
                )
                raise NoParts(
                    NotThere(
                        f"only images of steps and local files can be published, and this is {what}",
                        NOT_IMAGES,
                    )
                )
            found.append(Found(image, Handed(view=view)))
        return [OutputPart(tuple(found), Bounds(len(found), len(found)))]

    def _evaluate(self, template: Template, env: Env) -> object:
        try:
            return self._render(template, env)
        except Refused as refused:
            raise NoParts(NotThere(refused.diagnostic.message, refused.diagnostic.code)) from None
        except Skipped:
            return None

    def _strictly(self, references: Iterable[Reference], env: Env) -> Standing:
        """How far what is mentioned is where nothing goes around it."""
        standing = Standing()
        self._stander.add(
            [
                replace(one, skip_ok=False, fail_ok=False) if isinstance(one, StepReference) else one
                for one in references
            ],
            env,
            standing,
        )
        return standing
