"""The parts of a list that is nothing but what the tasks of a step give, task by task.

What has ended is known; each task that has not, and each place where tasks will come, has a gap of its own. What failed has as
many items as it was to give, where that is known: each of them has its key, and fails who asks for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from seedflow.diagnostics import Diagnostic
from seedflow.graph.outputs import find_main_output
from seedflow.plan.frames import Env, Later
from seedflow.plan.gaps import (
    MOST_ITEMS,
    Gap,
    Item,
    Listing,
    build_failed_gap,
    build_failed_gap_of_unit,
    build_gap_of_use,
    build_skipped_gap,
    count_least,
    count_most,
    find_gap,
    label_of_images,
    nest_part,
)
from seedflow.plan.instances import Group, Instance, Unit
from seedflow.plan.model import Bounds, Outcome
from seedflow.plan.pending_image import find_pending_image
from seedflow.plan.picking import Absent, NotThere, diagnose_absent
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing
from seedflow.plan.views import PendingTask, build_ghost_of_unit, build_ghost_view, find_common_each
from seedflow.plan.whole import find_whole, follow
from seedflow.recipe.model import Output
from seedflow.recipe.references import NameReference, Reference, StepReference, is_one
from seedflow.recipe.template import Template
from seedflow.recipe.views import View


class PartReader:
    """Reads the parts of mentions. `bound` says how many images an expression gives that is not nothing but one mention."""

    def __init__(self, resolver: Resolver, stander: Stander) -> None:
        self._resolver = resolver
        self._stander = stander
        self.bound: Callable[[Template, Env], Bounds[int]] = lambda *_: Bounds(0, MOST_ITEMS)

    def take_apart(self, whole: Reference, env: Env) -> Listing | None:
        """The parts of what a mention gives, by its tasks; None where nothing is known of these."""
        mention, where = follow(whole, env, self._resolver.refresh)
        if not isinstance(mention, (NameReference, StepReference)):
            return None
        parts = self._take_apart(mention, where)
        if parts is None or parts or where.frame.ghost:
            return parts
        # What was skipped while tasks of it were known skips these: so it does when it is known to be skipped before.
        standing = Standing()
        self._stander.add([mention], where, standing)
        return [] if standing.skips is None else [build_skipped_gap((), "?", standing.skips)]

    def _take_apart(self, mention: Reference, where: Env) -> Listing | None:
        if isinstance(mention, NameReference):
            return self._take_apart_name(mention, where)
        if mention.index is not None or mention.collection is None:
            return None
        standing = self._stander.of_arguments(mention, where)
        if standing.waits:
            return None
        tasks = self._resolver.find_tasks(mention, where)
        selected = self._resolver.select(mention, where)
        if isinstance(selected, NotThere):
            return None
        parts: Listing = []
        sources: Sequence[Instance | Group] = (
            list(tasks.walk()) if mention.selector is None else list(selected)
        )
        if mention.selector is not None and (tasks.groups or tasks.closed):
            wanted = self._resolver.find_wanted(mention, tasks, where)
            if not tasks.has_all(wanted) and (tasks.find_groups(wanted) or tasks.find_closed(wanted)):
                return None
        if not tasks.fanned or (mention.selector is not None and mention.selector.kind == "at"):
            skipped = next((one for one in selected if self._is_left_out(one)), None)
            if skipped is not None:
                return [build_skipped_gap((), "?", skipped.address)]
        for source in sources:
            parts.extend(self.parts_of(source, mention))
        return parts

    def _is_left_out(self, source: Instance) -> bool:
        """Whether one was skipped, of a use of a recipe all that it gives."""
        return (
            source.outcome if source.inner is None else self._stander.find_entered(source)
        ) is Outcome.SKIPPED

    def _take_apart_name(self, whole: NameReference, env: Env) -> Listing | None:
        """`each.task.images` and `each.task.outputs.NAME`, of a task that has not ended."""
        value = env.each.get(whole.name) if whole.root == "each" else None
        if isinstance(value, Later):
            return self._parts_of_any(value, whole.path[1:])
        if not isinstance(value, View) or not isinstance(value.subject, PendingTask):
            return None
        return self._parts_at(value.subject.instance, whole.path[1:])

    def _parts_of_any(self, value: Later, path: tuple[str | int, ...]) -> Listing | None:
        """One gap for what it will be of whichever of its tasks."""
        bounds: list[Bounds[int]] = []
        may_skip = False
        for instance in _list_instances(value.tasks):
            parts = self._parts_at(instance, path)
            if parts is None:
                return None
            gaps = [gap for part in parts if (gap := find_gap(part)) is not None]
            may_skip = may_skip or not parts or any(gap.may_skip or gap.is_closed for gap in gaps)
            bounds.append(Bounds(count_least(parts), count_most(parts)))
        if not bounds or not value.after:
            return None
        least, most = zip(*bounds, strict=True)
        counted = Bounds(0 if may_skip else min(least), max(most))
        return [Gap((), "?", value.after, counted, build_ghost_view(*value.after), may_skip=may_skip)]

    def _parts_at(self, instance: Instance, path: tuple[str | int, ...]) -> Listing | None:
        match path:
            case ("images",):
                return self.images_of_task(instance)
            case ("outputs", name) if instance.inner is not None:
                return self._parts_of_output(instance, instance.inner.frame.recipe.outputs.get(str(name)))
            case _:
                return None

    def images_of_task(self, instance: Instance) -> Listing:
        """The parts of the images of one task."""
        if instance.inner is not None:
            return self._parts_of_output(instance, find_main_output(instance.inner.frame.recipe))
        return list(self._images_of(instance, passes=False))

    def parts_of(self, source: Instance | Group, mention: StepReference) -> Listing:
        """The parts of a list that one instance or group gives; gaps know what they were read by."""
        return [
            replace(part, mention=mention) if isinstance(part, Gap) and part.mention is None else part
            for part in self._read_parts(source, mention)
        ]

    def _read_parts(self, source: Instance | Group, mention: StepReference) -> Listing:
        if isinstance(source, Group):
            if source.children is not None:
                return [part for child in source.children for part in self.parts_of(child, mention)]
            if source.skipped or (source.failed is not None and mention.fail_ok):
                return []
            if source.failed is not None:
                return [build_failed_gap(source)]
            bounds = self._bound_group(source, mention)
            return [
                Gap(
                    (source.order,),
                    f"{source.loop_label}-?",
                    (source.address,),
                    bounds,
                    self._stand_in_of(source, mention),
                    source=source,
                    may_skip=source.may_skip or any(self.may_skip(ghost) for ghost, _ in source.ghosts),
                )
            ]
        if source.inner is not None:
            return self._parts_of_call(source, mention)
        if mention.collection == "tasks":
            return self._task_of(source, mention)
        return list(self._images_of(source, passes=mention.collection == "passes", fail_ok=mention.fail_ok))

    def _stand_in_of(self, source: Group, mention: StepReference) -> object:
        """What stands for each value that a group will give."""
        if mention.collection != "tasks":
            return build_ghost_view(source.address)
        if not source.ghosts:
            return Later((source.address,))
        ghost, _ = source.ghosts[0]
        return self._resolver.pending_task(ghost)

    def _bound_group(self, group: Group, mention: StepReference) -> Bounds[int]:
        low = high = 0
        for ghost, count in group.ghosts:
            parts = self.parts_of(ghost, mention)
            least = count_least(parts)
            low += 0 if self.may_skip(ghost) else count.low * least
            high += count.high * count_most(parts)
        return Bounds(low, high)

    def may_skip(self, ghost: Instance) -> bool:
        """Whether what one stands for may turn out to be skipped, uses of recipes as a whole."""
        if ghost.inner is None:
            return ghost.may_skip
        standing = Standing()
        self._stander.add_instance(ghost, standing)
        return standing.may_be_skipped or standing.skips is not None

    def _task_of(self, source: Instance, mention: StepReference) -> Listing:
        if source.outcome is Outcome.SKIPPED or (source.outcome is Outcome.FAILED and mention.fail_ok):
            return []  # a task is all its takes
        if source.outcome is Outcome.GIVEN:
            return [Item((source.order, 0), self._resolver.task_view(source))]
        if source.outcome is Outcome.FAILED:  # it has its key, and fails who asks for more
            return [Item((source.order, 0), self._resolver.pending_task(source))]
        if source.may_be_missing or mention.fail_ok:
            return [self._missing_task(source, may_skip=source.may_skip)]
        return [Item((source.order, 0), self._resolver.pending_task(source))]

    def _missing_task(self, source: Instance, after: tuple[str, ...] = (), *, may_skip: bool = True) -> Gap:
        """A task that will only be there if it is not skipped, or does not fail."""
        units = tuple(unit.address for unit in source.units)
        to_come = () if source.complete or source.stands_for_others else tuple(source.tasks.groups)
        return Gap(
            (source.order,),
            f"{source.loop_key}-?",
            after or to_come or units or (source.address,),
            Bounds(0, 1),
            self._resolver.pending_task(source),
            source=source,
            may_skip=may_skip,
        )

    def images_of_unit(self, unit: Unit, mention: StepReference | None) -> Listing:
        """The parts of the images of one of the takes or passes of a task."""
        passes = mention is not None and mention.collection == "passes"
        units = unit.instance.units if passes else unit.instance.last_units()
        fail_ok = mention is not None and mention.fail_ok
        parts = self._images_of_unit(unit, units.index(unit), passes=passes, fail_ok=fail_ok)
        return [
            replace(part, mention=mention) if isinstance(part, Gap) and part.mention is None else part
            for part in parts
        ]

    def _images_of(self, source: Instance, *, passes: bool, fail_ok: bool = False) -> Iterator[Item | Gap]:
        if source.outcome is Outcome.SKIPPED:
            return
        units = source.units if passes else source.last_units()
        parts = None
        told = source.outcome is not Outcome.FAILED or all(
            one.address in source.tasks.images for one in units
        )
        if units and source.complete and not source.may_be_missing and (told or fail_ok):
            parts = [
                part
                for place, unit in enumerate(units)
                for part in self._images_of_unit(unit, place, passes=passes, fail_ok=fail_ok)
            ]
        # Nobody makes only some of the takes: what may be skipped is as one.
        apart = not (source.stands_for_others or source.may_skip) or source.outcome is not None
        if parts is not None and (apart or not any(isinstance(part, Gap) for part in parts)):
            yield from parts
            return
        if source.outcome is Outcome.FAILED:
            yield build_failed_gap(source)
            return
        bounds = [source.tasks.bounds[unit.address] for unit in units]
        low = sum(bound.low for bound in bounds) if not (fail_ok or source.may_skip) else 0
        high = sum(bound.high for bound in bounds)
        after = tuple(unit.address for unit in source.units)
        if not source.complete:
            after = tuple(source.tasks.groups) or after
            if source.to_come is not None:
                more = source.to_come.passes if passes else source.to_come.images
                low, high = low + more.low, high + more.high
        yield Gap(
            (source.order,),
            f"{source.loop_key}-?",
            after,
            Bounds(low, high),
            build_ghost_view(source.address, each=find_common_each(source)),
            source=source,
            passes=passes,
            may_skip=source.may_skip,
        )

    def _images_of_unit(self, unit: Unit, place: int, *, passes: bool, fail_ok: bool) -> Listing:
        """Those of one take, or of one pass: its own images, as many as it was to give where it failed, or a gap of its own."""
        source, tasks = unit.instance, unit.instance.tasks
        order = (source.order, place)
        there = unit.address in tasks.images
        if source.outcome is not None and not there:
            return [] if fail_ok or source.outcome is Outcome.SKIPPED else [build_failed_gap(source)]
        views = self._resolver.views_of_unit(unit, passes=passes, failed=not fail_ok)
        if views is not None and (there or not fail_ok):
            return [Item((*order, number), view) for number, view in enumerate(views)]
        if there:
            return [build_failed_gap_of_unit(unit, place, passes=passes)]
        bounds = tasks.bounds[unit.address]
        return [
            Gap(
                order,
                label_of_images(unit, passes=passes),
                (unit.address,),
                Bounds(0, bounds.high) if fail_ok else bounds,
                build_ghost_of_unit(unit.address, find_common_each(source)),
                source=source,
                unit=unit,
                passes=passes,
                may_skip=source.may_skip,
            )
        ]

    def _parts_of_call(self, source: Instance, mention: StepReference) -> Listing:
        if mention.collection == "tasks":
            return self._task_of_call(source, mention)
        output = self._resolver.find_call_output(source, mention)
        return self._parts_of_output(source, output, fail_ok=mention.fail_ok)

    def _parts_of_output(self, source: Instance, output: Output | None, *, fail_ok: bool = False) -> Listing:
        if source.inner is None or output is None:
            return []
        env = Env(source.inner)
        standing = Standing()
        self._stander.add_outputs(source, [output], standing, fail_ok=fail_ok)
        if standing.skips is not None:
            return []  # whatever else of it is still to come, or failed
        if not standing.waits and standing.failed is None:
            try:
                values = self._resolver.output_images(output, source)
            except Absent as absent:
                problem = diagnose_absent(absent.not_there, output.images)
                return self._refuse_output(source, output, problem, env)
            except Refused as refused:
                return self._refuse_output(source, output, refused.diagnostic, env)
            return [Item((source.order, number), value) for number, value in enumerate(values)]
        whole = find_whole(output.images)
        if isinstance(whole, StepReference) and whole.index is None:
            parts = self.take_apart(replace(whole, fail_ok=True) if fail_ok else whole, env)
            if parts is not None:
                return [nest_part(source.order, part) for part in parts]
        elif whole is not None and not fail_ok:
            view = find_pending_image(output.images, env, self._resolver)
            if view is not None:
                return [Item((source.order, 0), view)]
        if standing.failed is not None:
            return [build_failed_gap(source, standing.failed)]
        if not standing.waits:
            return []
        bounds = self.bound(output.images, env) if whole is None or not is_one(whole) else Bounds(1, 1)
        if standing.may_be_skipped or fail_ok:
            bounds = Bounds(0, bounds.high)
        return [build_gap_of_use(source, standing, bounds)]

    def _refuse_output(self, source: Instance, output: Output, problem: Diagnostic, env: Env) -> Listing:
        """What stands for an output that cannot be made: each of its parts, where one of them cannot, as while that was not known."""
        whole = find_whole(output.images)
        if isinstance(whole, StepReference) and whole.index is None:
            parts = self.take_apart(whole, env) or []
            if any(isinstance(part, Gap) and part.problem is not None for part in parts):
                return [nest_part(source.order, part) for part in parts]
        return [build_failed_gap(source, problem=problem)]

    def _task_of_call(self, source: Instance, mention: StepReference) -> Listing:
        standing = Standing()
        self._stander.add_instance(source, standing)
        if mention.fail_ok and standing.failed is not None:
            return []
        if not standing.waits:
            if standing.skips is not None:
                return []
        elif mention.fail_ok:
            after = () if source.stands_for_others else tuple(standing.waits)
            return [self._missing_task(source, after, may_skip=standing.may_be_skipped)]
        if source.tasks.frame.ghost and standing.may_be_skipped:
            return [self._missing_task(source)]
        return [Item((source.order, 0), self._resolver.pending_task(source))]


def _list_instances(sources: Iterable[Instance | Group]) -> Iterator[Instance]:
    """The instances among these, those that stand for others included."""
    for source in sources:
        if isinstance(source, Instance):
            yield source
        elif source.children is not None:
            yield from _list_instances(source.children)
        else:
            yield from (ghost for ghost, _ in source.ghosts)
