"""What a mention of another step gives: image and task views for templates, and slots for the references field.

Knows which results exist so far. What these are worth waiting for is `standing`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from seedflow.graph.outputs import find_main_output, find_output
from seedflow.plan.fitting import SurePicks
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.image_slots import find_slots_of
from seedflow.plan.instances import Group, Instance, StepTasks, Unit
from seedflow.plan.keys import find_key, find_record_key
from seedflow.plan.model import ANYWHERE, Outcome, PendingImages, StepImage
from seedflow.plan.picking import (
    Absent,
    NotThere,
    as_list,
    choose_slots,
    is_single,
    pick,
)
from seedflow.plan.refused import Refused
from seedflow.plan.standing import Standing
from seedflow.plan.views import (
    LazyAttributes,
    PendingImage,
    PendingTask,
    build_image_view,
    build_pending_task,
    build_pending_view,
    is_pending,
)
from seedflow.plan.whole import find_whole
from seedflow.recipe.model import Output
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import RenderError, Scope, Skipped, look_up
from seedflow.recipe.views import View


class Resolver:
    """Looks up mentions among the instances that are known and what became of them."""

    def __init__(self) -> None:
        self.steps: dict[str, StepTasks] = {}
        self.sure = SurePicks()
        self._units: dict[str, Unit] = {}
        self._views: dict[str, tuple[View, ...]] = {}
        self._whole: dict[str, tuple[View, ...]] = {}
        self.knows_results = False
        self.of_use: Callable[[Instance, Output | None], Standing] = lambda *_: Standing()
        """How far an output of a used recipe is, or all its outputs; whoever knows what these stand on says so."""

    # What is known

    def add_unit(self, unit: Unit) -> None:
        """A task that belongs to an instance."""
        self._units[unit.address] = unit
        unit.instance.units.append(unit)

    def find_unit(self, address: str) -> Unit | None:
        """The task of an address."""
        return self._units.get(address)

    def learn(self, address: str, outcome: Outcome, images: tuple[StepImage, ...], cause: str | None) -> None:
        """Take in what became of a task; once."""
        unit = self._units[address]
        tasks, instance = unit.instance.tasks, unit.instance
        if instance.outcome is not None or address in tasks.images:
            return
        tasks.images[address] = images
        self.knows_results = self.knows_results or outcome is not Outcome.SKIPPED
        if outcome is not Outcome.GIVEN:
            tasks.lost[address] = (outcome, cause or address)
        tasks.end_if_done(instance)

    def current(self, value: object) -> object:
        """A value of `each` as it is by now: an image that has come to be there in place of the one to come.

        Raises:
            Absent: there is no such image after all.
        """
        if not isinstance(value, View):
            return value
        if isinstance(value.subject, PendingTask):
            instance = value.subject.instance
            if instance.outcome is Outcome.SKIPPED and instance.inner is None:
                return build_pending_task(instance, {"images": partial(_skip, instance.address)})
            return self.task_view(instance) if instance.gave else value
        if not isinstance(value.subject, PendingImage):
            return value
        unit = value.subject.source.unit
        if unit is None or unit.address not in unit.instance.tasks.images:
            return value
        for image in unit.instance.tasks.images[unit.address]:
            if image.number == value.subject.number:
                return self._view(image, unit, passes=value.one_of_passes)
        if unit.address in unit.instance.tasks.lost:
            return value
        raise Absent(NotThere(f"`{unit.address}` gave no image {value.subject.number}"))

    def refresh(self, env: Env) -> Env:
        """The same surroundings with every value as it is by now."""
        if not any(is_pending(value) for value in env.each.values()) and (
            env.prev is None or not is_pending(env.prev)
        ):
            return env
        each = {name: self.current(value) for name, value in env.each.items()}
        prev = self.current(env.prev) if env.prev is not None else None
        return Env(env.frame, each, prev if isinstance(prev, View) else None)

    # Which tasks

    def find_tasks(self, mention: StepReference, env: Env) -> StepTasks:
        """The step that a mention is about, within the same use of its recipe."""
        return self.steps[env.frame.prefix + mention.step]

    def select(self, mention: StepReference, env: Env) -> Sequence[Instance] | NotThere:
        """The instances that a mention is about, as far as they are known."""
        tasks = self.find_tasks(mention, env)
        if mention.selector is None:
            return tasks.instances
        wanted = self.find_wanted(mention, tasks, env)
        found = tasks.find(wanted)
        if not found and (mention.selector.kind == "at" or tasks.lacks(wanted)):
            given = ", ".join(f"{name}={key}" for name, key in wanted.items())
            return NotThere(f"step `{mention.step}` has no task with `{given}`", "no-such-task")
        return found

    def find_wanted(self, mention: StepReference, tasks: StepTasks, env: Env) -> dict[str, str]:
        """The keys that a selector wants, by variable."""
        wanted: dict[str, str] = {}
        for argument in mention.selector.arguments if mention.selector is not None else ():
            value: object = argument.value
            if isinstance(value, NameReference):
                value = self.current(
                    look_up(value, Scope(inputs=env.frame.inputs, values=env.frame.values, each=env.each))
                )
            key = self.find_key(value)
            wanted[argument.variable] = (
                key if key is not None else find_record_key(tasks, argument.variable, value)
            )
        return wanted

    def find_key(self, value: object, key_field: str | None = None) -> str | None:
        """The key of one value of `for_each`, or None for a record or list that declares none."""
        return find_key(value, self._units, key_field)

    # Values

    def value(self, mention: StepReference, env: Env) -> object:
        """The value for a template; everything that it is about has ended.

        Raises:
            Absent: it does not exist after all.
            Skipped: it is a single result that was skipped.
        """
        tasks = self.find_tasks(mention, env)
        selected = self.select(mention, env)
        closed = tasks.find_closed(self.find_wanted(mention, tasks, env)) if tasks.closed else ()
        omitted = next((group.address for group in closed if group.skipped), None)
        if isinstance(selected, NotThere):
            if omitted is not None:
                raise Skipped(omitted)
            raise Absent(selected)
        if any(group.failed is not None for group in closed):  # so that not all of it was skipped
            mention = replace(mention, skip_ok=False)
        if tasks.node.step.call is not None:
            return self._value_of_call(mention, selected, omitted, single=is_single(mention, tasks))
        self._check_skipped(mention, tasks, selected, omitted)
        if mention.collection is None:
            return self.task_view(selected[0])
        if mention.collection == "tasks":
            return pick([self.task_view(one) for one in selected if one.gave], mention)
        if mention.collection == "passes":
            views = [view for one in selected if one.ended for view in self._views_of_passes(one)]
            return pick(views, mention)
        return pick(self._image_views(tasks, selected, whole=mention.selector is None), mention)

    def task_view(self, instance: Instance) -> View:
        """What templates may ask a task for."""
        each = self.refresh(Env(instance.tasks.frame, instance.each)).each
        attributes: dict[str, object] = {"each": each, "key": instance.key}
        if instance.inner is None:
            attributes["images"] = list(self.views_of(instance))
            return View("task", attributes, instance)
        return View("task", LazyAttributes(attributes, self._outputs_of(instance, instance.inner)), instance)

    def pending_task(self, instance: Instance) -> View:
        """A task of which it does not matter whether it has ended; one that uses a recipe gives each output once it is there."""
        if instance.inner is None:
            return build_pending_task(instance)
        return build_pending_task(instance, self._outputs_of(instance, instance.inner))

    def _outputs_of(self, instance: Instance, inner: FrameInstance) -> dict[str, Callable[[], object]]:
        """What a use of a recipe gives, each output for itself: one that was skipped, or is not there yet, is no matter for others."""
        recipe = inner.frame.recipe
        outputs = {
            name: partial(self.output_images, output, instance) for name, output in recipe.outputs.items()
        }
        later: dict[str, Callable[[], object]] = {"outputs": lambda: LazyAttributes({}, outputs)}
        main = find_main_output(recipe)
        if main is not None:
            later["images"] = lambda: self.output_images(main, instance)
        return later

    def views_of(self, instance: Instance) -> tuple[View, ...]:
        """The images of an instance that has ended."""
        views = self._views.get(instance.address)
        if views is None:
            views = tuple(view for unit in instance.last_units() for view in self._views_of_unit(unit))
            self._views[instance.address] = views
        return views

    def output_images(self, output: Output, instance: Instance) -> list[object]:
        """What an output of a used recipe gives: a list, also where its expression gives a single image.

        It is without what failed: nothing where that is the single image, one that goes through an input as well. Who may not
        go on without it is blocked, and never gets to see this.
        """
        if instance.inner is None:
            raise ValueError(f"{instance.address} uses no recipe")
        if instance.entered is Outcome.SKIPPED:
            raise Skipped(instance.address)
        if instance.entered is Outcome.FAILED:
            return []
        env = Env(instance.inner)
        if find_whole(output.images) is None:  # of its branches, also those that are not taken count
            self._refuse_skipped(instance, output)
        try:
            return as_list(output.images.render(self.build_scope(env)))
        except (Absent, Refused, RenderError) as error:
            if self.of_use(instance, output).failed is not None:
                return []
            if not isinstance(error, RenderError):
                raise
            raise Absent(
                NotThere(f"output `{output.name}` of {instance.address}: {error.message}", error.code)
            ) from None

    def find_call_output(self, instance: Instance, mention: StepReference) -> Output | None:
        """The output of a used recipe that a mention means."""
        if instance.inner is None:
            return None
        return find_output(instance.inner.frame.recipe, mention)

    def build_scope(self, env: Env, ref: Mapping[str, View] | None = None) -> Scope:
        """What a template with these surroundings may look at."""
        return Scope(
            inputs=env.frame.inputs,
            values=env.frame.values,
            each=env.each,
            recipe=env.frame.recipe,
            ref=ref,
            resolve=lambda mention: self.value(mention, env),
            prev=env.prev,
        )

    def _value_of_call(
        self, mention: StepReference, selected: Sequence[Instance], omitted: str | None, *, single: bool
    ) -> object:
        if mention.collection is None:
            return self.task_view(selected[0])
        found: list[object] = []
        given = False
        for instance in selected:
            if mention.collection == "tasks" and mention.fail_ok and self.of_use(instance, None).failed:
                given = True
                continue
            try:
                found.extend(self._find_given(mention, instance))
            except Skipped as skipped:
                if single:
                    raise
                omitted = omitted or skipped.cause
                continue
            given = True
        if omitted is not None and not given and mention.skip_ok:
            raise Skipped(omitted)
        return pick(found, mention)

    def _find_given(self, mention: StepReference, instance: Instance) -> Sequence[object]:
        if mention.collection == "tasks":
            self._refuse_skipped(instance, None)
            return [self.task_view(instance)]
        output = self.find_call_output(instance, mention)
        if output is None:
            raise Absent(
                NotThere(f"step `{mention.step}` has no output `{mention.output}`", "unknown-output")
            )
        images = self.output_images(output, instance)
        if not images:
            self._refuse_skipped(instance, output)
        return images

    def _refuse_skipped(self, instance: Instance, output: Output | None) -> None:
        """A use that gives nothing since all of it was skipped is left out where others are counted."""
        cause = self.of_use(instance, output).skips
        if cause is not None:
            raise Skipped(cause)

    def _check_skipped(
        self, mention: StepReference, tasks: StepTasks, selected: Sequence[Instance], omitted: str | None
    ) -> None:
        skipped = [one for one in selected if one.outcome is Outcome.SKIPPED]
        omitted = skipped[0].address if skipped else omitted
        all_of_them = mention.skip_ok and len(skipped) == len(selected)
        if omitted and (all_of_them or (skipped and is_single(mention, tasks))):
            raise Skipped(omitted)

    def _image_views(self, tasks: StepTasks, selected: Sequence[Instance], *, whole: bool) -> Sequence[View]:
        if not whole:
            return [view for one in selected if one.ended for view in self.views_of(one)]
        known = self._whole.get(tasks.hub)
        if known is None:
            known = tuple(view for one in selected if one.ended for view in self.views_of(one))
            if tasks.ended:
                self._whole[tasks.hub] = known
        return known

    def _views_of_unit(self, unit: Unit, *, passes: bool = False) -> Iterator[View]:
        for image in unit.instance.tasks.images.get(unit.address, ()):
            yield self._view(image, unit, passes=passes)

    def _views_of_passes(self, instance: Instance) -> Iterator[View]:
        for unit in instance.units:
            yield from self._views_of_unit(unit, passes=True)

    def _view(self, image: StepImage, unit: Unit, *, passes: bool = False) -> View:
        each = self.refresh(Env(unit.env.frame, unit.each)).each
        return build_image_view(image, unit, each, passes=passes)

    # Slots

    def slots(
        self, mention: StepReference, env: Env
    ) -> tuple[StepImage | PendingImages, ...] | NotThere | None:
        """The images of a mention in order, known ones as they are and the others as bounds; None for outputs."""
        tasks = self.find_tasks(mention, env)
        if tasks.node.step.call is not None or mention.collection not in ("images", "passes"):
            return None
        selected = self.select(mention, env)
        if isinstance(selected, NotThere):
            return None if tasks.groups or tasks.closed else selected
        passes = mention.collection == "passes"
        what: str = mention.collection
        if mention.selector is not None:
            wanted = self.find_wanted(mention, tasks, env).items()
            # Unlike the name of any other images of the same tasks.
            what += f" where {','.join(f'{name}={key}' for name, key in wanted)}" if wanted else ""
        slots: list[StepImage | PendingImages] = []
        single = is_single(mention, tasks) and not mention.fail_ok
        order: Iterable[Instance | Group] = selected
        if mention.selector is None:
            order = tasks.walk()
        elif mention.selector.kind == "where":  # which of them will be meant, and where, is not known
            to_come = tasks.find_groups(self.find_wanted(mention, tasks, env))
            order = [*(group for group in to_come if group.instance is None), *selected]
        for source in order:
            if isinstance(source, Group):
                if source.failed is None and not source.skipped:
                    anywhere = (ANYWHERE,) if mention.selector is not None else ()
                    images = source.count_images(passes=passes, certain=not anywhere and not mention.fail_ok)
                    slots.append(PendingImages(source.address, images, f"{source.address} {what}", anywhere))
                continue
            certain = single or not (source.may_skip or mention.fail_ok)
            slots.extend(find_slots_of(source, passes=passes, certain=certain))
        self.sure.note(env.frame.frame.recipe.source, mention, slots)
        return choose_slots(slots, mention, selected[0].address if len(selected) == 1 else tasks.hub, what)

    def pending_views(self, instance: Instance, *, passes: bool, failed: bool = False) -> list[View] | None:
        """The views of an instance's images, be they there or not; None when their number is not known.

        Those that `failed` are among them on demand, as many as there would have been.
        """
        units = instance.units if passes else instance.last_units()
        there = all(one.address in instance.tasks.images for one in units)
        if failed and instance.outcome is Outcome.FAILED and not (units and instance.complete and there):
            return None
        parts = [self.views_of_unit(unit, passes=passes, failed=failed) for unit in units]
        return None if None in parts else [view for part in parts for view in part or ()]

    def views_of_unit(self, unit: Unit, *, passes: bool, failed: bool = False) -> list[View] | None:
        """The same for one task of an instance."""
        tasks = unit.instance.tasks
        lost = failed and tasks.lost.get(unit.address, (None,))[0] is Outcome.FAILED
        if not lost and (unit.address in tasks.images or unit.instance.outcome is not None):
            return list(self._views_of_unit(unit, passes=passes))
        count = tasks.bounds[unit.address]
        if count.low != count.high or (lost and not count.high):
            return None
        return [build_pending_view(unit, number, passes=passes) for number in range(1, count.low + 1)]


def _skip(cause: str) -> object:
    raise Skipped(cause)
