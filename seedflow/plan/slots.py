"""Templates that are nothing but mentions of images: which images these are, in order, be they there or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from seedflow.graph.outputs import find_main_output
from seedflow.graph.places import find_templates
from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.frames import Env, FrameInstance, Later
from seedflow.plan.image_slots import find_slots_of
from seedflow.plan.instances import Instance, Unit
from seedflow.plan.model import ANYWHERE, ELSEWHERE, Bounds, Outcome, PendingImages, StepImage
from seedflow.plan.picking import NotThere, as_list
from seedflow.plan.resolve import Resolver
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing
from seedflow.plan.views import PendingImage, PendingTask
from seedflow.plan.whole import find_part, find_whole, follow, look_behind, split
from seedflow.recipe.model import Expression, Input, InputType, Output
from seedflow.recipe.references import NameReference, Reference, Slice, StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.templating.forms import FirstOf, OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.views import View

Slots: TypeAlias = "tuple[UrlImage | FileImage | StepImage | PendingImages, ...]"


class SlotFinder:
    """Finds the images that whole mentions are, through `each`, `prev` and the inputs of used recipes."""

    def __init__(self, resolver: Resolver, stander: Stander) -> None:
        self._resolver = resolver
        self._stander = stander

    def find(self, template: Template, env: Env, *, given: bool = False) -> Slots | NotThere | None:
        """The images in order, or None when the template has to be rendered to know; what is `given` to an input takes no none."""
        items = split(template, env, given=given)
        return self.find_mention(template, env) if items is None else self._of_items(items, env)

    def find_mention(self, template: Template, env: Env) -> Slots | NotThere | None:
        """The same of a single mention, a part of it, or a choice between some; None for several that are put together."""
        whole = find_whole(template)
        if whole is not None:
            return self._of_mention(whole, env)
        part = find_part(template)
        return self._of_choice(template, env) if part is None else self._of_part(*part, env)

    def _of_mention(self, whole: Reference, env: Env) -> Slots | NotThere | None:
        return self._of_step(whole, env) if isinstance(whole, StepReference) else self._of_name(whole, env)

    def _of_items(self, items: Sequence[Template], env: Env) -> Slots | None:
        """Those of lists that are added up, or of images that are put into brackets. What there is not, rendering tells of the whole."""
        parts = [self._of_item(item, env) for item in items]  # each of them: who notes picks has to see all
        found = [part for part in parts if isinstance(part, tuple)]
        return tuple(slot for part in found for slot in part) if len(found) == len(parts) else None

    def _of_item(self, item: Template, env: Env) -> Slots | NotThere | None:
        found = self.find(item, env)
        return self._of_known(item, env) if found is None else found

    def _of_known(self, template: Template, env: Env) -> Slots | None:
        """Those that an input or a value holds which waits for nothing."""
        name = find_whole(template)
        if not isinstance(name, NameReference) or len(name.path) != 1 or look_behind(name, env, _as_it_is):
            return None
        if name.root not in ("inputs", "values"):
            return None
        held = env.frame.inputs if name.root == "inputs" else env.frame.values
        found: list[UrlImage | FileImage | StepImage | PendingImages] = []
        for value in as_list(held.get(name.name)):
            slots = self._of_value(value, ())
            if slots is None:
                return None
            found.extend(slots)
        return tuple(found)

    def _of_part(self, whole: Reference, cut: Slice, env: Env) -> Slots | NotThere | None:
        """Those of a list between two literal ends, when it is known which these are."""
        slots = self._of_mention(whole, env)
        if slots is None or isinstance(slots, NotThere):
            return slots
        if self._lacks_some(whole, env):
            return None
        return slots[cut.start : cut.stop : cut.step] if cut.step != 0 and _are_exact(slots) else None

    def find_sources(self, template: Template, env: Env) -> Iterator[str]:
        """The tasks and wholes that the images of a template may come from, and `ELSEWHERE` or `ANYWHERE`."""
        for mention in template.references:
            if isinstance(mention, StepReference):
                if self._resolver.find_tasks(mention, env).node.step.call is not None:
                    yield from self._sources_of_call(mention, env)
                else:
                    yield env.frame.prefix + mention.step
            else:
                yield from self._sources_of_name(mention, env)

    def _sources_of_call(self, mention: StepReference, env: Env) -> Iterator[str]:
        """What the outputs of used recipes come from: what is asked inside, or what goes through."""
        if self._stander.of_arguments(mention, env).waits:
            yield ANYWHERE
            return
        yield from self._resolver.find_tasks(mention, env).groups
        selected = self._resolver.select(mention, env)
        for instance in () if isinstance(selected, NotThere) else selected:
            output = self._resolver.find_call_output(instance, mention)
            if output is None or instance.inner is None:
                yield ELSEWHERE
            else:
                yield from self.find_sources(output.images, Env(instance.inner))

    def _sources_of_name(self, name: NameReference, env: Env) -> Iterator[str]:
        match name.root:
            case "inputs" if name.name in env.frame.later:
                argument, outer = env.frame.later[name.name]
                for template in find_templates(argument.expression):
                    yield from self.find_sources(template, self._resolver.refresh(outer))
                    if not template.references:
                        yield ELSEWHERE
            case "values" if name.name in env.frame.frame.recipe.values:
                yield from self.find_sources(env.frame.frame.recipe.values[name.name], Env(env.frame))
            case "each" | "prev":
                value = env.prev if name.root == "prev" else env.each.get(name.name)
                yield from _sources_of_value(value)
                subject = value.subject if isinstance(value, View) else None
                if isinstance(subject, PendingTask) and subject.instance.inner is not None:
                    inner = subject.instance.inner
                    for output in inner.frame.recipe.outputs.values():
                        yield from self.find_sources(output.images, Env(inner))
            case _:
                yield ELSEWHERE

    def _of_choice(self, template: Template, env: Env) -> Slots | NotThere | None:
        """`first_of(a, b)` and `optional(a)` of plain mentions, as soon as it is known which of them it will be."""
        node = template.expression
        if isinstance(node, FirstOf):
            arguments = node.arguments
        elif isinstance(node, OrNone):
            arguments = (node.argument,)
        else:
            return None
        for argument in arguments:
            if not isinstance(argument, Mentioned):
                return None
            mention = replace(argument.reference, skip_ok=False)
            standing = Standing()
            self._stander.add([mention], env, standing)
            if standing.skips is not None:
                continue
            return None if standing.may_be_skipped else self._of_step(mention, env)
        return () if isinstance(node, OrNone) else None

    def _of_step(self, mention: StepReference, env: Env) -> Slots | NotThere | None:
        if mention.selector is not None and any(
            isinstance(argument.value, NameReference) and self._is_unknown(argument.value, env)
            for argument in mention.selector.arguments
        ):
            return None
        tasks = self._resolver.find_tasks(mention, env)
        picks = isinstance(mention.index, Slice) or (mention.index is not None and tasks.takes > 1)
        if picks and self._lacks_some(mention, env):
            return None
        if tasks.node.step.call is None:
            return self._resolver.slots(mention, env)
        return self._of_call(mention, env)

    def _lacks_some(self, mention: Reference, env: Env) -> bool:
        """Whether some of what is mentioned failed, so that nobody knows which image a number or a slice of it would mean."""
        standing = Standing()
        self._stander.add([mention], env, standing)
        return standing.failed is not None

    def _of_call(self, mention: StepReference, env: Env) -> Slots | NotThere | None:
        """The output of the one use that is meant, as it would be found inside of it."""
        tasks = self._resolver.find_tasks(mention, env)
        selected = self._resolver.select(mention, env)
        if isinstance(selected, NotThere):
            return None if tasks.groups else selected
        if tasks.groups or mention.collection not in ("images", "outputs"):
            return None
        found: list[UrlImage | FileImage | StepImage | PendingImages] = []
        for instance in selected:
            output = self._resolver.find_call_output(instance, mention)
            if output is None or instance.inner is None:
                return None
            slots = self._of_output(instance, instance.inner, output)
            if isinstance(slots, NotThere) and self._stander.of_use(instance, output).failed:
                continue  # who may not go on without it is blocked
            if slots is None or isinstance(slots, NotThere):
                return slots
            found.extend(map(_may_fail, slots) if mention.fail_ok else slots)
        index = mention.index
        if index is None:
            return tuple(found)
        if not _are_exact(found):
            return None
        if isinstance(index, Slice):
            return tuple(found[index.start : index.stop : index.step])
        return (found[index],) if -len(found) <= index < len(found) else None

    def _of_name(self, name: NameReference, env: Env) -> Slots | NotThere | None:
        match name.root:
            case "each":
                return self._of_value(env.each.get(name.name), name.path[1:])
            case "prev":
                return self._of_value(env.prev, name.path)
            case "inputs" if len(name.path) == 1 and name.name in env.frame.later:
                argument, outer = env.frame.later[name.name]
                found = self._of_expression(argument.expression, self._resolver.refresh(outer))
                # What does not fit the input is said of what is given, and not of what would come of it.
                return found if _may_be_admitted(found, env.frame.frame.recipe.inputs[name.name]) else None
            case "values" if len(name.path) == 1 and name.name in env.frame.lazy_values:
                return self._of_expression(env.frame.lazy_values[name.name], Env(env.frame))
            case _:
                return None

    def _of_expression(self, expression: Expression, env: Env) -> Slots | NotThere | None:
        if isinstance(expression, Template):
            return None if expression.form is TemplateForm.LITERAL else self.find(expression, env, given=True)
        if not isinstance(expression, tuple):
            return None
        found: list[UrlImage | FileImage | StepImage | PendingImages] = []
        for item in expression:
            slots = self._of_expression(item, env)
            if slots is None or isinstance(slots, NotThere):
                return slots
            found.extend(slots)
        return tuple(found)

    def _of_value(self, value: object, path: tuple[str | int, ...]) -> Slots | None:
        if not isinstance(value, View):
            return None
        subject = value.subject
        match subject:
            case PendingImage(source=source, number=number) if not path and source.unit is not None:
                return (pending_image(source.unit, number),)
            case PendingImages() | UrlImage() | FileImage() | StepImage() if not path:
                return (subject,)
            case PendingTask(instance=instance) if path == ("images",) and instance.inner is None:
                return tuple(find_slots_of(instance))
            case PendingTask(instance=instance) if instance.inner is None:
                return self._of_task(instance, path)
            case PendingTask(instance=instance) if instance.inner is not None:
                return self._of_used_recipe(instance, instance.inner, path)
            case _:
                return None

    def _of_task(self, instance: Instance, path: tuple[str | int, ...]) -> Slots | None:
        """One image of a task that stands for itself, as soon as it is known to give that."""
        match path:
            case ("images", int(number)) if number >= 0 and not instance.stands_for_others:
                slots = tuple(find_slots_of(instance))
                return (slots[number],) if _are_exact(slots) and number < len(slots) else None
            case _:
                return None

    def _of_output(self, instance: Instance, inner: FrameInstance, output: Output) -> Slots | NotThere | None:
        """What one use gives; nothing when it is left out. As long as that is not known, so is whether anything goes through."""
        entered = self._stander.find_entered(instance)
        if entered in (Outcome.SKIPPED, Outcome.FAILED):
            return ()
        if self._is_of_several(output.images, Env(inner)):
            standing = self._stander.of_use(instance, output)
            if standing.skips is not None:  # of several, one that is skipped leaves out the others, too
                return ()
            if standing.may_be_skipped:
                return None
        slots = self.find(output.images, Env(inner), given=True)
        if entered is not None or not isinstance(slots, tuple):
            return slots
        return slots if all(_is_inside(slot, inner) for slot in slots) else None

    def _is_of_several(self, template: Template, env: Env) -> bool:
        """Whether it may be put together of several mentions, through what a caller gives as well."""
        part = find_part(template)
        whole = find_whole(template) if part is None else part[0]
        written = None if whole is None else follow(whole, env, self._resolver.refresh)[0]
        return not isinstance(written, StepReference | NameReference)

    def _of_used_recipe(
        self, instance: Instance, inner: FrameInstance, path: tuple[str | int, ...]
    ) -> Slots | None:
        """`each.task.images` and `each.task.outputs.NAME`, of a task that uses a recipe and has not ended."""
        recipe = inner.frame.recipe
        output = None
        if path == ("images",):
            output = find_main_output(recipe)
        elif len(path) == 2 and path[0] == "outputs":
            output = recipe.outputs.get(str(path[1]))
        found = None if output is None else self._of_output(instance, inner, output)
        return found if isinstance(found, tuple) else None

    def _is_unknown(self, name: Reference, env: Env) -> bool:
        """Whether the argument of a selector is not known yet; a whole image has its key, be it there or not."""
        if not isinstance(name, NameReference):
            return False
        if name.root == "each" and len(name.path) == 1:
            value = env.each.get(name.name)
            ghost = isinstance(value, View) and isinstance(value.subject, PendingImages)
            return ghost or isinstance(value, Later)
        if name.root in ("each", "prev"):
            return self._stander.waits_for_name(name, env)
        if name.root == "values":
            return name.name in env.frame.lazy_values and self._stander.waits_for_name(name, env)
        return name.root == "inputs" and name.name in env.frame.later


def _as_it_is(env: Env) -> Env:
    return env


def _may_fail(
    slot: UrlImage | FileImage | StepImage | PendingImages,
) -> UrlImage | FileImage | StepImage | PendingImages:
    """An image of which nobody minds whether it comes."""
    if not isinstance(slot, PendingImages):
        return slot
    return replace(slot, count=Bounds(0, slot.count.high), mention=f"succeeded {slot.mention}", number=0)


def _is_inside(slot: UrlImage | FileImage | StepImage | PendingImages, inner: FrameInstance) -> bool:
    """Whether an image comes of a task inside of a use of a recipe."""
    match slot:
        case StepImage(address=address) | PendingImages(after=address):
            return address.startswith(inner.prefix)
        case _:
            return False


def _may_be_admitted(found: Slots | NotThere | None, declared: Input) -> bool:
    if not isinstance(found, tuple) or not _are_exact(found):
        return True
    if not found:
        return False  # whether that is an empty list, or none at all, its value says
    if declared.type is InputType.IMAGE:
        return len(found) == 1
    if declared.type is not InputType.LIST:
        return True
    most = declared.max_items
    return (declared.min_items or 0) <= len(found) and (most is None or len(found) <= most)


def _are_exact(slots: Iterable[UrlImage | FileImage | StepImage | PendingImages]) -> bool:
    """Whether each stands for one image."""
    return all(not isinstance(slot, PendingImages) or slot.count == (1, 1) for slot in slots)


def _sources_of_value(value: object) -> Iterator[str]:
    if isinstance(value, Later):
        yield from (*value.after, ELSEWHERE)
        return
    match value.subject if isinstance(value, View) else None:
        case PendingImages(after=after, others=others):
            yield from (after, *others)
        case PendingImage(source=source):
            yield from source.addresses
        case PendingTask(instance=instance):
            yield instance.address
        case _:
            yield ELSEWHERE


def pending_image(unit: Unit, number: int) -> PendingImages:
    """One image that a task will give, as a reference."""
    return PendingImages(unit.address, Bounds(1, 1), f"{unit.address} image {number}", number=number)
