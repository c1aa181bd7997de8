"""The planner: expands steps, builds tasks; then, during a run, takes in facts, settles the rest and lets groups grow.

`start` and `settle` share one way from an instance to its tasks, so that a run can only do what its plan said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from seedflow.diagnostics import Diagnostic, Span
from seedflow.graph.model import StepGraph, StepNode
from seedflow.money import ZERO_USD, format_usd
from seedflow.plan.border import NotAdmitted
from seedflow.plan.build import TaskBuilder, has_pending_reference, images_of, outcome_of
from seedflow.plan.context import PlanContext
from seedflow.plan.estimate import add_up
from seedflow.plan.expand import Expander, Explodes, Leaf, Opening, Row, explodes
from seedflow.plan.frames import Env, FrameInstance, Later
from seedflow.plan.groups import Totalled, build_closed_task, build_group_task
from seedflow.plan.instances import Group, Instance, StepTasks, Unit, spell_address
from seedflow.plan.judge import Findings
from seedflow.plan.listing import Gap, Item, Listing, NotAList
from seedflow.plan.model import (
    Action,
    Bounds,
    Grown,
    Outcome,
    Plan,
    PublishedImage,
    Reason,
    Task,
    TaskFacts,
    Unsettled,
    Waiting,
)
from seedflow.plan.outputs import OutputPlanner
from seedflow.plan.requests import Refused
from seedflow.plan.resolve import Absent
from seedflow.plan.uses import UseBuilder
from seedflow.recipe.model import Iterate, Recipe
from seedflow.recipe.template import RenderError
from seedflow.store.base import StoreView

MOST_TASKS = 1_000_000
"""More instances than this of one step is a mistake, whatever the limits say."""


class Planner:
    """Plans one recipe with one set of input values. Not thread-safe."""

    def __init__(
        self,
        graph: StepGraph,
        inputs: Mapping[str, object],
        values: Mapping[str, object],
        context: PlanContext,
    ) -> None:
        self._graph = graph
        self._build = TaskBuilder(graph, context)
        self._uses = UseBuilder(self._build.renderer, context.images)
        self._context = context
        self._root = FrameInstance(graph.frame, "", inputs, values, recipe={"name": graph.recipe.name})
        self._expanders: dict[str, Expander] = {}
        self._openings: dict[str, tuple[Opening | None, Group]] = {}
        self._tasks: dict[str, Task] = {}
        self._sink: dict[str, Task] = self._tasks
        self._findings = Findings()
        self._outputs = OutputPlanner(graph.outputs, self._root, self._build)

    def start(self) -> tuple[Plan | None, list[Diagnostic]]:
        """The plan, or None when it has errors; problems of all tasks in one go."""
        self._plan_frame(self._root)
        recipe = self._graph.recipe
        self._check_limits(recipe)
        if not self._findings.has_errors:
            self._findings.extend(self._outputs.check_paths())
        diagnostics = self._findings.diagnostics()
        if self._findings.has_errors:
            return None, diagnostics
        tasks = tuple(self._tasks.values())
        plan = Plan(
            recipe=self._context.recipe_id,
            source=recipe.source.name,
            provider=self._context.provider,
            realm=self._context.realm,
            tasks=tasks,
            totals=add_up(tasks),
            limits_cost_usd=recipe.limits.cost_usd,
            limits_images=recipe.limits.images,
        )
        return plan, diagnostics

    def use_store(self, view: StoreView) -> None:
        """Decide from now on by another view: the run's own, which sees what other runs add meanwhile."""
        self._context = replace(self._context, view=view)
        self._build.use_context(self._context)

    def advance(self, facts: TaskFacts) -> None:
        """Take in what became of a task, or of one that stood for others and could not grow."""
        found = self._openings.pop(facts.address, None)
        if found is None:
            if self._build.resolver.find_unit(facts.address) is not None:
                self._build.resolver.learn(facts.address, facts.outcome, facts.images, facts.address)
            return
        _, group = found
        self._close(group, facts.outcome, facts.address)

    def settle(self, address: str) -> Task | Grown | Waiting | Unsettled:
        """The task with everything known, or what it turned out to stand for."""
        planned = self._tasks[address]
        if planned.action in (Action.SKIP, Action.BLOCKED):
            return planned
        if address in self._openings:
            return self._grow(address, planned)
        if planned.settled and planned.result is None and not planned.needs:
            return planned
        findings = Findings()
        built = self._build.build(self._build.get_unit(address), findings)
        problem = findings.first_error()
        if problem is not None:
            return Unsettled(address, problem.message, problem.span, problem.code)
        if built is None:
            raise RuntimeError(f"{address} came to nothing without a reason")
        task = built.task
        if built.waits and task.action in (Action.CALL, Action.REUSE):
            return Waiting(address, built.waits)
        if task.action is Action.CALL and not task.settled:
            raise RuntimeError(f"{address} was settled before all that it needs had ended")
        if task.action is Action.CALL and (
            task.images.high > planned.images.high or task.cost_usd.high > planned.cost_usd.high
        ):
            return Unsettled(
                address, "would pass what the plan said it may cost", planned.origin.span, "beyond-plan"
            )
        self._tasks[address] = task
        return task

    def outputs(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published of each output, from the facts so far."""
        return self._outputs.publish()

    # Steps and instances

    def _plan_frame(self, frame: FrameInstance) -> None:
        for node in self._graph.list_steps(frame.frame):
            self._plan_step(node, frame)

    def _plan_step(self, node: StepNode, frame: FrameInstance) -> None:
        tasks = self._build.add_step(node, frame, self._findings)
        if tasks is None:
            return
        most = self._graph.recipe.limits.tasks
        limit = MOST_TASKS if most is None else max(most - len(self._tasks), 0)
        expander = Expander(node, frame, self._build.lister, self._build.resolver, limit)
        self._expanders[tasks.hub] = expander
        try:
            for part in self._read(node, lambda: expander.rows(self._findings.add)):
                self._add(part, tasks)
        except Explodes:
            span = node.step.for_each[-1].span if node.step.for_each else node.step.span
            self._findings.add(explodes(node, span, limit))

    def _read(self, node: StepNode, read: Callable[[], Iterator[Row | Opening]]) -> Iterator[Row | Opening]:
        """What a list of `for_each` gives; what is wrong with it goes to the findings."""
        try:
            yield from read()
        except NotAList as error:
            self._findings.add(error.diagnose())
        except (Refused, NotAdmitted) as refused:
            self._findings.add(refused.diagnostic)
        except Absent as absent:
            found = absent.not_there
            self._findings.add(Diagnostic(found.code, found.message, node.step.for_each[0].span))
        except RenderError as error:
            self._findings.add(
                Diagnostic(error.code, error.message, node.step.for_each[0].span, help=error.help)
            )

    def _add(self, part: Row | Opening, tasks: StepTasks) -> Instance | Group | None:
        expander = self._expanders[tasks.hub]
        if isinstance(part, Opening):
            return self._add_group(part, tasks)
        instance = expander.build(tasks, part)
        if not tasks.add(instance):
            self._findings.add(_same_address(instance))
            return None
        self._fill(instance)
        return instance

    def _fill(self, instance: Instance) -> None:
        """The tasks of an instance: those of the recipe that it uses, or its takes and passes."""
        tasks = instance.tasks
        if tasks.node.step.call is not None:
            inner, problems = self._uses.enter(instance, self._graph.frames[tasks.node.id])
            self._findings.extend(problems)
            instance.inner = inner
            if not problems:
                self._plan_frame(inner)
            return
        self._add_units(instance)

    def _add_units(self, instance: Instance) -> None:
        """The takes and passes of an instance; it is complete then, unless its passes are still to come."""
        instance.complete = False
        tasks = instance.tasks
        frame = tasks.frame
        if tasks.node.step.iterate is None:
            for slot in range(1, tasks.takes + 1):
                address = instance.address if slot == 1 else f"{instance.address}#{slot}"
                self._add_unit(Unit(address, instance, slot, 0, True, Env(frame, instance.each)))
            instance.complete = True
        else:
            self._add_edits(instance, tasks.node.step.iterate)
        if not instance.ghost:
            self._build.resolver.end_instance(instance)

    def _add_edits(self, instance: Instance, iterate: Iterate) -> None:
        tasks = instance.tasks
        frame = tasks.frame
        env = self._build.resolver.refresh(Env(frame, instance.each))
        parts = list(self._read_passes(tasks.node, lambda: self._build.lister.read(iterate.over, env)))
        gaps = [part for part in parts if isinstance(part, Gap)]
        if gaps:
            self._add_passes(instance, iterate, gaps, len(parts) - len(gaps))
            return
        if not parts:
            self._findings.add(
                Diagnostic(
                    "nothing-to-apply",
                    f"`iterate` of {instance.address} has no item, so that the step would give no image",
                    iterate.span,
                    help="give at least one, or leave the step out with `when`",
                )
            )
            return
        for slot in range(1, tasks.takes + 1):
            before: Unit | None = None
            for number, part in enumerate(parts, 1):
                each = {**instance.each, iterate.name: part.value if isinstance(part, Item) else None}
                address = spell_address(tasks.hub, (*instance.keys, (iterate.name, str(number))))
                address = address if slot == 1 else f"{address}#{slot}"
                last = number == len(parts)
                before = Unit(address, instance, slot, number, last, Env(frame, each), before)
                self._add_unit(before)
        instance.complete = True

    def _read_passes(self, node: StepNode, read: Callable[[], Listing]) -> Listing:
        try:
            return read()
        except NotAList as error:
            self._findings.add(error.diagnose())
        except (Refused, NotAdmitted) as refused:
            self._findings.add(refused.diagnostic)
        except Absent as absent:
            self._findings.add(Diagnostic(absent.not_there.code, absent.not_there.message, node.step.span))
        return []

    def _add_unit(self, unit: Unit) -> None:
        resolver = self._build.resolver
        resolver.add_unit(unit)
        built = self._build.build(unit, self._findings)
        if built is None:
            unit.instance.tasks.bounds.setdefault(unit.address, Bounds(0, 0))
            if not unit.ghost:
                resolver.learn(unit.address, Outcome.GIVEN, (), None)
            return
        task = built.task
        self._sink[task.address] = task
        outcome = outcome_of(task)
        if outcome is not None and not unit.ghost:
            images = images_of(task.address, task.result) if task.result is not None else ()
            cause = task.cause if task.reason is Reason.UPSTREAM_FAILED else task.address
            resolver.learn(task.address, outcome, images, cause)

    # Groups

    def _add_group(self, opening: Opening, tasks: StepTasks) -> Group:
        expander = self._expanders[tasks.hub]
        gap = opening.gap
        address = expander.address_of(opening, tasks.hub)
        order = (*opening.row.order, gap.order)
        label = ".".join([*(key for _, key in opening.row.keys), gap.label])
        group = Group(address, label, tasks, order, gap.bounds, failed=gap.failed)
        if gap.failed is not None or gap.skipped is not None:
            self._add_closed(group, gap)
            return group
        names = frozenset(
            name for variable in tasks.node.step.for_each[opening.depth :] for name in variable.names
        )
        totalled = Totalled()
        free = self._may_be_stored(gap.after)
        apart = self._build.tells_apart(tasks.hub, names)
        for leaf in expander.leaves(opening):
            ghost, ghost_tasks = self._stand_in(tasks, leaf)
            group.ghosts.append((ghost, leaf.count))
            stale = self._asked_before(gap.after) and not any(map(has_pending_reference, ghost_tasks))
            totalled.add(ghost_tasks, leaf.count, told_apart=apart, may_be_stored=free or stale)
        tasks.groups[address] = group
        self._openings[address] = (opening, group)
        self._sink[address] = build_group_task(
            group,
            totalled,
            origin=self._build.origin_of(tasks),
            each=dict(opening.row.each),
            needs=gap.after,
            hubs=(tasks.hub, *tasks.frame.hubs),
            depth=self._build.level_of(tasks.node),
        )
        return group

    def _add_closed(self, group: Group, gap: Gap) -> None:
        tasks = group.tasks
        cause = gap.failed or gap.skipped or group.address
        if gap.failed is not None:
            tasks.failed = tasks.failed or gap.failed
            tasks.closed.append(group)
        else:
            tasks.omitted = tasks.omitted or group.address
        self._sink[group.address] = build_closed_task(
            group,
            origin=self._build.origin_of(tasks),
            cause=cause,
            skipped=gap.failed is None,
            hubs=(tasks.hub, *tasks.frame.hubs),
            depth=self._build.level_of(tasks.node),
        )

    def _add_passes(self, instance: Instance, iterate: Iterate, gaps: list[Gap], known: int) -> None:
        """A place where the passes of an instance will come, once the list of edits is known."""
        tasks = instance.tasks
        after = tuple(dict.fromkeys(address for gap in gaps for address in gap.after))
        low = known + sum(gap.bounds.low for gap in gaps)
        high = known + sum(gap.bounds.high for gap in gaps)
        address = spell_address(tasks.hub, (*instance.keys, (iterate.name, "?")))
        group = Group(
            address,
            "?",
            tasks,
            instance.order,
            Bounds(low, high),
            Bounds(tasks.takes, tasks.takes),
            [],
            instance,
        )
        stand_in = Instance(
            tasks,
            address,
            {**instance.each, iterate.name: Later(after)},
            instance.keys,
            instance.order,
            ghost=True,
        )
        group.failed = next((gap.failed for gap in gaps if gap.failed is not None), None)
        skipped = next((gap.skipped for gap in gaps if gap.skipped is not None), None)
        if group.failed is not None or skipped is not None:
            gap = replace(gaps[0], failed=group.failed, skipped=None if group.failed else skipped)
            self._add_closed(group, gap)
            outcome = Outcome.FAILED if group.failed is not None else Outcome.SKIPPED
            if not instance.ghost:
                tasks.end_instance(instance, outcome, group.failed or skipped)
            return
        ghost = Unit(address, stand_in, 1, 0, True, Env(tasks.frame, stand_in.each))
        built = self._build.build(ghost, Findings())
        totalled = Totalled()
        count = Bounds(low * tasks.takes, high * tasks.takes)
        if built is not None:
            totalled.add([built.task], count, told_apart=True, may_be_stored=self._may_be_stored(after))
        if not instance.ghost:
            tasks.groups[address] = group
            self._openings[address] = (None, group)
        self._sink[address] = build_group_task(
            group,
            totalled,
            origin=self._build.origin_of(tasks),
            each=dict(instance.each),
            needs=after,
            hubs=(tasks.hub, *tasks.frame.hubs),
            depth=self._build.level_of(tasks.node),
        )

    def _stand_in(self, tasks: StepTasks, leaf: Leaf) -> tuple[Instance, list[Task]]:
        """An instance that stands for some that are not known yet, and its tasks; what is wrong is said when they come."""
        instance = self._expanders[tasks.hub].build(tasks, leaf.row)
        instance.ghost = True
        sink, findings = self._sink, self._findings
        self._sink, self._findings = {}, Findings()
        try:
            if tasks.node.step.call is not None:
                inner, problems = self._uses.enter(instance, self._graph.frames[tasks.node.id])
                instance.inner = replace(inner, ghost=True)
                if not problems:
                    self._plan_frame(instance.inner)
            else:
                self._add_units(instance)
            made = list(self._sink.values())
            errors, self._findings = self._findings, findings
        finally:
            self._sink, self._findings = sink, findings
        self._findings.extend(errors.diagnostics())
        return instance, made

    def _may_be_stored(self, after: Iterable[str]) -> bool:
        """Whether something that is waited for may turn out to be stored, so that what follows may be, too."""
        return any(
            task.may_be_stored
            for address in after
            for task in ([self._tasks[address]] if address in self._tasks else self._of_hub(address))
        )

    def _asked_before(self, after: Iterable[str]) -> bool:
        """Whether something that is waited for was asked by an earlier run, so that what follows may have been, too."""
        context = self._context
        return any(
            context.view.find_past_request(context.realm, context.recipe_id, task.address) is not None
            for address in after
            for task in ([self._tasks[address]] if address in self._tasks else self._of_hub(address))
        )

    def _of_hub(self, hub: str) -> list[Task]:
        return [task for task in self._tasks.values() if hub in task.hubs]

    def _grow(self, address: str, planned: Task) -> Task | Grown | Waiting | Unsettled:
        opening, group = self._openings[address]
        tasks = group.tasks
        before, self._findings = self._findings, Findings()
        sink, self._sink = self._sink, {}
        del tasks.groups[address]
        try:
            if opening is None:
                self._grow_passes(group)
            else:
                expander = self._expanders[tasks.hub]
                group.children = []
                for part in self._read(tasks.node, lambda: expander.grow(opening, self._findings.add)):
                    added = self._add(part, tasks)
                    if added is not None:
                        group.children.append(added)
            made, problem = self._sink, self._findings.first_error()
        except Explodes:
            made, problem = self._sink, explodes(tasks.node, planned.origin.span, MOST_TASKS)
        finally:
            self._findings, self._sink = before, sink
        if problem is not None:
            tasks.groups[address] = group
            self._openings[address] = (opening, group)
            return Unsettled(address, problem.message, problem.span, problem.code)
        again = made.pop(address, None)
        if again is not None and again.action is not Action.CALL:
            self._openings.pop(address, None)
            return again
        if again is not None:
            return Waiting(address, again.needs)
        self._openings.pop(address, None)
        if _passes(made.values(), planned):
            self._close(group, Outcome.FAILED, address)
            return Unsettled(
                address, "would pass what the plan said it may cost", planned.origin.span, "beyond-plan"
            )
        self._tasks.update(made)
        return Grown(address, tuple(made.values()))

    def _grow_passes(self, group: Group) -> None:
        instance = group.instance
        if instance is None:
            raise ValueError(f"{group.address} has no passes")
        self._add_units(instance)

    def _close(self, group: Group, outcome: Outcome, cause: str) -> None:
        """Nothing will come of a group."""
        tasks = group.tasks
        tasks.groups.pop(group.address, None)
        if group.instance is not None:
            group.instance.complete = True
            tasks.end_instance(group.instance, outcome, cause)
        elif outcome is Outcome.FAILED:
            group.failed = cause
            tasks.failed = tasks.failed or cause
            tasks.closed.append(group)

    # Limits

    def _check_limits(self, recipe: Recipe) -> None:
        totals = add_up(self._tasks.values())
        span = recipe.name_scalar.span if recipe.name_scalar is not None else Span(recipe.source, 0, 0)
        limits = recipe.limits
        if limits.tasks is not None and totals.tasks.high > limits.tasks:
            may_have = "has" if totals.tasks.low == totals.tasks.high else "may have up to"
            self._findings.add(
                Diagnostic(
                    "over-limit",
                    f"the recipe {may_have} {totals.tasks.high} tasks, but `limits.tasks` is {limits.tasks}",
                    span,
                    help="raise the limit, or shorten the lists",
                )
            )
        if limits.images is not None and totals.images.high > limits.images:
            self._findings.add(
                Diagnostic(
                    "over-limit",
                    f"the recipe may ask for up to {totals.images.high} images, but `limits.images` is {limits.images}",
                    span,
                    help="raise the limit, or ask for fewer images",
                )
            )
        if limits.cost_usd is not None and totals.cost_usd.low > limits.cost_usd:
            self._findings.add(
                Diagnostic(
                    "over-limit",
                    f"the recipe costs at least {format_usd(totals.cost_usd.low)}, "
                    f"but `limits.cost_usd` is {format_usd(limits.cost_usd)}",
                    span,
                    help="raise the limit, or ask for less",
                )
            )


def _passes(tasks: Iterable[Task], planned: Task) -> bool:
    """Whether what came of a group is more than the plan said."""
    count = images = 0
    cost = ZERO_USD
    for task in tasks:
        count += 1 if task.tasks is None else task.tasks.high
        images += task.images.high * task.attempts if task.action is Action.CALL else 0
        cost += task.cost_usd.high if task.action is Action.CALL and task.shares_with is None else ZERO_USD
    most = planned.tasks.high if planned.tasks is not None else 1
    return count > most or images > planned.images.high * planned.attempts or cost > planned.cost_usd.high


def _same_address(instance: Instance) -> Diagnostic:
    return Diagnostic(
        "equal-keys",
        f"two items have the same key: {instance.address} would stand for both",
        instance.tasks.node.step.for_each[-1].span if instance.tasks.node.step.for_each else None,
        help="tell them apart",
    )
