"""Steps to instances, instances to tasks, and places where tasks will come to groups: when planning, and as groups grow.

What is made goes into the sink, what is wrong into the findings; both are changed for the time in which somebody wants to
have what is made for himself.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace

from seedflow.diagnostics import Diagnostic, Span, has_errors
from seedflow.graph.model import StepGraph, StepNode
from seedflow.plan.addresses import spell_address
from seedflow.plan.alike_groups import AlikeGroups
from seedflow.plan.amounts import explodes
from seedflow.plan.apart import Differences, sends_prev
from seedflow.plan.awaited import asked_before, find_awaited, may_be_stored
from seedflow.plan.border import TOO_LATE
from seedflow.plan.build import TaskBuilder
from seedflow.plan.closing import Closer, Outlook, find_closed, find_end, foresee_edits, foresee_use
from seedflow.plan.expand import MOST_GHOSTS, MOST_TASKS, Expander, Explodes
from seedflow.plan.fallout import Fallout
from seedflow.plan.fitting import FittingLists
from seedflow.plan.foreseen import images_of, outcome_of
from seedflow.plan.frames import Env, FrameInstance, Later
from seedflow.plan.gaps import Gap, Item, build_unmade_gap, cut_at_failed, find_gap
from seedflow.plan.groups import (
    Totalled,
    build_edit,
    build_group_task,
    count_none,
    find_instance,
    find_sources_of_uses,
)
from seedflow.plan.identity import has_pending_reference
from seedflow.plan.instances import Group, Instance, StepTasks, Unit
from seedflow.plan.judge import Findings
from seedflow.plan.model import Bounds, Outcome, Reason, Task
from seedflow.plan.reading import Part, read_parts, span_of_list
from seedflow.plan.refusals import Refusals, doubt_edits, refuse_nothing, refuse_same_address
from seedflow.plan.rows import FIRST_ROW, Leaf, Opening, Row
from seedflow.plan.uses import UseBuilder
from seedflow.recipe.model import Iterate


class Unfolder:
    """Unfolds the steps of one plan. `tasks` are all that were planned, `openings` the groups that may still grow."""

    def __init__(self, graph: StepGraph, build: TaskBuilder) -> None:
        self._graph = graph
        self._build = build
        self._uses = UseBuilder(build.renderer, build.context.images, build.crossings, build.earlier)
        self._expanders: dict[str, Expander] = {}
        self.tasks: dict[str, Task] = {}
        self.openings: dict[str, tuple[Opening | None, Group]] = {}
        self.refusals = Refusals()
        self._closer, self._alike = Closer(build, self.refusals), AlikeGroups(build)
        self._sink = self.tasks
        self._outer: list[dict[str, Task]] = []
        self._ghosts, self._grows = 0, False
        self._differences = Differences(build, lambda names: find_awaited(self._made(), names))
        self.findings, self.fitting = Findings(), FittingLists()
        self.fallout = Fallout(graph)

    @contextmanager
    def apart(self, *, drops: bool = False) -> Iterator[tuple[dict[str, Task], Findings]]:
        """For the block, a sink and findings of its own; what it `drops` is part of no plan, and pays for nobody."""
        before = self._sink, self.findings, self._build.payers
        self._build.payers = before[-1].copy() if drops else before[-1]
        self._outer.append(self._sink)
        self._sink, self.findings = {}, Findings()
        try:
            yield self._sink, self.findings
        finally:
            self._sink, self.findings, self._build.payers = before
            self._outer.pop()

    def grow(self, group: Group, opening: Opening | None) -> None:
        """What a group has come to be, into the sink.

        Raises:
            Explodes: more than there may be.
        """
        self._ghosts, self._grows = 0, True
        if opening is None:
            self._add_units(find_instance(group))
            return
        expander = self._expanders[group.tasks.hub]
        group.children = []
        parts = self._read(span_of_list(group.tasks.node), lambda: expander.grow(opening, self.findings.add))
        if self.findings.has_errors:
            return  # before any of them is there for others to wait for
        group.tasks.release(group.address)
        for part in parts:
            added = self._add(part, group.tasks)
            if added is not None:
                group.children.append(added)
        group.tasks.claim(group.address)
        if self.findings.first_error() is not None:
            self._closer.fail_all(group)

    def leaves_out(self, group: Group, opening: Opening) -> bool:
        """Whether a condition leaves out all that a group has come to be, so that it is skipped, whatever is wrong with it."""
        tasks = group.tasks
        _, leaves, _ = self._expanders[tasks.hub].leaves(opening)
        return not group.children and self._closer.leaves_out_all(
            group, opening.gap, leaves, lambda leaf: self._foresee(tasks, leaf), self._sink
        )

    def plan_frame(self, frame: FrameInstance) -> None:
        """All steps of one use of a recipe."""
        for node in self._graph.list_steps(frame.frame):
            before, self.findings = self.findings, Findings()
            self._plan_step(node, frame)
            found, self.findings = self.findings, before
            before.merge(found if self._grows or self._outer else self.fallout.keep(node, found))

    def _plan_step(self, node: StepNode, frame: FrameInstance) -> None:
        tasks = self._build.add_step(node, frame, self.findings)
        most = self._graph.recipe.limits.tasks
        limit = MOST_TASKS if most is None else max(most - len(self.tasks), 0)
        expander = Expander(tasks, self._build.lister, self._build.resolver, limit, self.fitting)
        self._expanders[tasks.hub] = expander
        before, self.findings = self.findings, Findings()
        try:
            parts = self._read(span_of_list(node), lambda: expander.rows(self.findings.add))
            found, self.findings = self.findings, before
            before.merge(found)
            for part in parts:
                self._add(part, tasks)
            if found.has_errors:
                self._stand_in_for_list(tasks)
        except Explodes:
            self.findings = before
            span = node.step.for_each[-1].span if node.step.for_each else node.step.span
            few = self._ghosts <= MOST_GHOSTS
            self.findings.add(explodes(node, span, limit if few else MOST_GHOSTS, most if few else None))
            self._stand_in_for_list(tasks)

    def _stand_in_for_list(self, tasks: StepTasks) -> None:
        """A place for the items of lists that cannot be made, so that who mentions their tasks is not told that there are none."""
        if self._grows or not tasks.fanned:
            return
        with self.apart(drops=True), suppress(Explodes):
            self._add_group(Opening(FIRST_ROW, 0, build_unmade_gap()), tasks)

    def _read(self, span: Span, read: Callable[[], Iterable[Part]]) -> list[Part]:
        return list(read_parts(span, read, self.findings))

    def _add(self, part: Row | Opening, tasks: StepTasks) -> Instance | Group | None:
        expander = self._expanders[tasks.hub]
        if isinstance(part, Opening):
            return self._add_group(part, tasks)
        instance = expander.build(tasks, part)
        if not tasks.add(instance):
            self.findings.add(refuse_same_address(instance.address, tasks.node))
            return None
        self._fill(instance)
        return instance

    def _fill(self, instance: Instance) -> None:
        """The tasks of an instance: those of the recipe that it uses, or its takes and passes."""
        tasks = instance.tasks
        if tasks.node.step.call is not None:
            inner, problems = self._uses.enter(instance, self._graph.frames[tasks.node.id])
            instance.inner = inner
            # With errors, others mention what is inside all the same; of that nothing more is to be said, or asked.
            with nullcontext() if not self._blame(problems) else self.apart(drops=True):
                self.plan_frame(inner)
            return
        self._add_units(instance)

    def _add_units(self, instance: Instance) -> None:
        """The takes and passes of an instance; it is complete then, unless its passes are still to come."""
        instance.complete = False
        tasks, frame = instance.tasks, instance.tasks.frame
        if tasks.node.step.iterate is None:
            for slot in range(1, tasks.takes + 1):
                address = instance.address if slot == 1 else f"{instance.address}#{slot}"
                self._add_unit(Unit(address, instance, slot, 0, True, Env(frame, instance.each)))
            instance.complete = True
        else:
            self._add_edits(instance, tasks.node.step.iterate)
        if not instance.ghost:
            tasks.end_if_done(instance)

    def _add_edits(self, instance: Instance, iterate: Iterate) -> None:
        tasks, frame = instance.tasks, instance.tasks.frame
        env = self._build.resolver.refresh(Env(frame, instance.each))
        before_all, self.findings = self.findings, Findings()
        parts = cut_at_failed(
            self._read(tasks.node.step.span, lambda: self._build.lister.read(iterate.over, env))
        )
        found, self.findings = self.findings, before_all
        gaps = [gap for part in parts if (gap := find_gap(part)) is not None]
        if not parts and self._closer.leaves_out(instance, iterate, env, self._sink, found):
            return
        if not parts and not found.has_errors:
            skips = self._build.stander.of([iterate.over], env).skips
            if skips is not None:
                gaps = [Gap((), "?", (), Bounds(0, 0), Later((skips,)), skipped=skips)]
            else:
                found.add(refuse_nothing(instance, iterate))
        problem = found.first_error()
        if problem is not None and not gaps and (gap := self._closer.find_gap(instance, problem, env)):
            gaps, parts, found = [gap], [gap], Findings()
        if gaps:
            self._add_passes(instance, iterate, gaps, max(0, len(parts) - len(gaps)))
            return
        self.findings.merge(found)
        if problem is not None:
            if not self._grows:
                with self.apart(drops=True):
                    self._add_passes(instance, iterate, [build_unmade_gap()], 0)
            return
        for slot in range(1, tasks.takes + 1):
            before: Unit | None = None
            for number, part in enumerate(parts, 1):
                each = {**instance.each, iterate.name: part.value if isinstance(part, Item) else None}
                address = spell_address(tasks.hub, (*instance.keys, (iterate.name, str(number))))
                address += "" if slot == 1 else f"#{slot}"
                before = Unit(address, instance, slot, number, number == len(parts), Env(frame, each), before)
                self._add_unit(before)
        instance.complete = True

    def _add_unit(self, unit: Unit) -> None:
        resolver, ghost = self._build.resolver, unit.ghost
        if ghost:
            self._ghosts += 1
            if self._ghosts > MOST_GHOSTS:
                raise Explodes
        resolver.add_unit(unit)
        found = Findings()
        built = self._build.build(unit, found)
        problem = found.first_error()
        if problem is not None and self._closer.refuse(unit, problem, self._sink, grows=self._grows):
            return
        self.findings.merge(found)
        if built is None:
            self._build.promise(unit)  # others are judged as if it came
            if not ghost and self._grows:
                resolver.learn(unit.address, Outcome.GIVEN, (), None)
            return
        task = built.task
        self._sink[task.address] = task
        outcome = outcome_of(task)
        if ghost and outcome is Outcome.SKIPPED:
            unit.instance.note_may_skip()
        # What it stands on may fail yet, or leave it out.
        waits = outcome is not Outcome.SKIPPED and bool(built.waits)
        if outcome is not None and not ghost and not waits:
            images = images_of(task.address, task.result) if task.result is not None else ()
            cause = task.cause if task.reason is Reason.UPSTREAM_FAILED else task.address
            resolver.learn(task.address, outcome, images, cause)

    def _blame(self, problems: Sequence[Diagnostic]) -> bool:
        return self.refusals.blame(problems, self.findings, suspicious=self._build.resolver.knows_results)

    def _made(self) -> ChainMap[str, Task]:
        """All tasks, those that only stand for others as well."""
        return ChainMap(self._sink, *reversed(self._outer), self.tasks)

    def _add_group(self, opening: Opening, tasks: StepTasks) -> Group | None:
        expander = self._expanders[tasks.hub]
        opening, leaves, problem = expander.leaves(opening)
        group = expander.build_group(tasks, opening, leaves)
        address, gap = group.address, opening.gap
        if not tasks.claim(address):
            self.findings.add(refuse_same_address(address, tasks.node))
            return None
        after = gap.after
        if gap.is_closed:
            if not leaves and problem is None:
                return None  # of nothing nothing is skipped, and nothing fails
            end, outlook = find_end(gap, leaves, lambda leaf: self._foresee(tasks, leaf))
            if not outlook.waits:
                self._closer.close(group, end, self._sink, by_condition=outlook.by_condition)
                return group
            after, leaves, group.may_skip = outlook.waits, [], True
        elif (closed := find_closed(opening, leaves)) is not None:
            self._closer.close(group, closed, self._sink)
            return group
        if problem is not None:
            self.refusals.add(address, problem)
        if gap.problem is not None:
            self.refusals.suspect(gap.problem)
        totalled = Totalled(self._build.kinds.place)
        free = may_be_stored(self._made(), after)
        stood = [(leaf, *self._stand_in(tasks, leaf)) for leaf in leaves]
        for leaf, ghost, ghost_tasks in stood:
            count = leaf.count
            if leaf.may_be_refused and self._build.lister.parts.may_skip(ghost):
                count = Bounds(0, count.high)  # a condition leaves out lists that cannot be made
            group.ghosts.append((ghost, count))
            stale = asked_before(self._made(), after, self._build.context) and not any(
                map(has_pending_reference, ghost_tasks)
            )
            times = count_none if free or stale or not count.high else self._differences.count(tasks, leaf)
            totalled.add(ghost_tasks, count, times)
        sources = find_sources_of_uses(group, self._build.stander)
        self._build.kinds.add_group(address, (tasks.hub, *tasks.frame.hubs), totalled.least, sources)
        tasks.groups.add(group)
        self.openings[address] = (opening, group)
        described = self._describe(group, totalled, opening.row.each, after)
        self._sink[address] = self._alike.share(group, [(leaf, made) for leaf, _, made in stood], described)
        return group

    def _describe(
        self, group: Group, totalled: Totalled, each: Mapping[str, object], needs: tuple[str, ...]
    ) -> Task:
        tasks, depth = group.tasks, self._build.level_of(group.tasks.node)
        origin, hubs = self._build.origin_of(tasks), (tasks.hub, *tasks.frame.hubs)
        return build_group_task(
            group, totalled, origin=origin, each=dict(each), needs=needs, hubs=hubs, depth=depth
        )

    def _foresee(self, tasks: StepTasks, leaf: Leaf) -> Outlook:
        """What becomes of the tasks that a leaf stands for, whose value of the loop failed."""
        if tasks.node.step.call is None:
            return self._closer.foresee(*self._stand_in(tasks, leaf))
        instance = self._expanders[tasks.hub].build_ghost(tasks, leaf)
        inner, _ = self._uses.enter(instance, self._graph.frames[tasks.node.id])
        instance.inner = replace(inner, ghost=True)
        standing = self._build.stander.of_conditions(instance)
        return foresee_use(standing, instance.entered)

    def _add_passes(self, instance: Instance, iterate: Iterate, gaps: list[Gap], known: int) -> None:
        """A place where the passes of an instance will come, once the list of edits is known."""
        tasks = instance.tasks
        after = tuple(dict.fromkeys(address for gap in gaps for address in gap.after))
        low = known + sum(gap.bounds.low for gap in gaps)
        high = known + sum(gap.bounds.high for gap in gaps)
        address = spell_address(tasks.hub, (*instance.keys, (iterate.name, "?")))
        group = Group(
            address, "?", tasks, instance.order, Bounds(low, high), instance.keys, instance=instance
        )
        failed = next((gap.failed for gap in gaps if gap.failed is not None), None)
        omitted = next((gap.skipped for gap in gaps if gap.skipped is not None), None)
        ghost = build_edit(instance, address, {iterate.name: Later(after, failed, omitted)})
        stand_in = ghost.instance
        wrong = Findings()
        built = self._build.build(ghost, wrong)
        if failed is not None or omitted is not None:
            outlook = foresee_edits(gaps, omitted, built)
            if not outlook.waits:
                self._closer.close_passes(group, outlook, gaps, self._sink)
                return
            low, high, built, after = 0, 0, None, outlook.waits
        skipped = built is not None and outcome_of(built.task) is Outcome.SKIPPED
        list_skips = any(gap.may_skip for gap in gaps)
        if skipped or stand_in.may_skip or list_skips:
            instance.note_may_skip()
        certain = low or failed is not None
        if not (skipped or stand_in.may_skip or certain) and self._build.lister.lengths.may_be_empty(
            iterate.over, ghost.env, skips=list_skips
        ):
            doubt_edits(instance, iterate, high, self.findings)
        totalled = Totalled(self._build.kinds.place)
        count = Bounds(low * tasks.takes, high * tasks.takes)
        if built is not None:
            chained = sends_prev(self._build.expressions_of(tasks.hub))
            fewest = count.low if chained else min(count.low, tasks.takes)
            least = 0 if may_be_stored(self._made(), after) else fewest
            totalled.add([built.task], count, lambda _: least)
            group.note_passes(count, built.task.images)
        else:
            if high:
                group.note_passes(count, self._build.promise(ghost))
            totalled.tasks = count
            problems = wrong.diagnostics()  # of every pass, and so of the first, if one comes for certain
            if low or any(high and one.code == TOO_LATE for one in problems):
                self._blame(problems)
        instance.to_come = group
        self._build.kinds.add_group(
            address, (instance.address, tasks.hub, *tasks.frame.hubs), totalled.least, ()
        )
        if not instance.ghost:
            tasks.groups.add(group)
            self.openings[address] = (None, group)
        self._sink[address] = self._describe(group, totalled, instance.each, after)

    def _stand_in(self, tasks: StepTasks, leaf: Leaf) -> tuple[Instance, list[Task]]:
        """An instance that stands for some that are not known yet, and its tasks; what is wrong is said when they come."""
        instance = self._expanders[tasks.hub].build_ghost(tasks, leaf)
        with self.apart() as (made, errors), nullcontext() if leaf.count.high else self.refusals.of_none():
            if tasks.node.step.call is not None:
                inner, problems = self._uses.enter(instance, self._graph.frames[tasks.node.id])
                instance.inner = replace(inner, ghost=True)
                errors.extend(problems)
                with nullcontext() if not has_errors(problems) else self.apart(drops=True):
                    self.plan_frame(instance.inner)
            else:
                self._add_units(instance)
        self._build.judge_items(tasks, leaf, errors)
        if leaf.count.high:  # else of nothing anything may be wrong
            self._blame(errors.diagnostics())
        return instance, list(made.values())
