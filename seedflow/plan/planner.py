"""The planner: expands steps, builds tasks; then, during a run, takes in facts, settles the rest and lets groups grow.

`start` and `settle` share one way from an instance to its tasks, so that a run can only do what its plan said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.model import StepGraph
from seedflow.money import ZERO_USD, format_usd
from seedflow.plan.amounts import doubt_amounts, explodes
from seedflow.plan.build import TaskBuilder
from seedflow.plan.collisions import doubt
from seedflow.plan.context import PlanContext
from seedflow.plan.estimate import add_up, find_most_images
from seedflow.plan.expand import MOST_TASKS, Explodes
from seedflow.plan.fitting import find_repeated, reword_count
from seedflow.plan.frames import FrameInstance
from seedflow.plan.instances import Group
from seedflow.plan.judge import Findings
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
    Totals,
    Unsettled,
    Waiting,
)
from seedflow.plan.outputs import OutputPlanner
from seedflow.plan.picked import PickJudge
from seedflow.plan.refusals import find_open
from seedflow.plan.rehearsal import (
    OTHERS,
    USUAL,
    Count,
    Look,
    Rehearsal,
    choose_most,
    count_least,
    count_some,
    rests_on_pictures,
)
from seedflow.plan.sure_references import SureReferences
from seedflow.plan.unfold import Unfolder
from seedflow.recipe.model import Recipe
from seedflow.store.base import StoreView
from seedflow.store.view import open_nothing


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
        self._context = context
        self._inputs = inputs
        self._values = values
        self._root = FrameInstance(graph.frame, "", inputs, values, recipe={"name": graph.recipe.name})
        self._unfolder = Unfolder(graph, self._build)
        self._outputs = OutputPlanner(graph, self._root, self._build)

    def start(self) -> tuple[Plan | None, list[Diagnostic]]:
        """The plan, or None when it has errors; problems of all tasks in one go."""
        self.unfold()
        with self._outputs.unchanged():
            return self._judge_whole()

    def _judge_whole(self) -> tuple[Plan | None, list[Diagnostic]]:
        """What is made of the tasks once all of them are there."""
        recipe = self._graph.recipe
        totals = add_up(self._unfolder.tasks.values())
        if not self._unfolder.findings.has_errors:  # of what is wrong nobody knows how many there are
            self._check_limits(recipe, totals)
            self._unfolder.findings.extend(doubt_amounts(self._unfolder.tasks.values(), self._graph))
        if not self._unfolder.findings.has_errors:
            self._unfolder.findings.extend(self._outputs.check_paths())
            self._unfolder.findings.extend(self._find_absent())
            self._unfolder.findings.extend(self._find_certain())
        if not self._unfolder.findings.has_errors:
            self._unfolder.findings.extend(self._foresee_files(totals.tasks.high))
        if not self._unfolder.findings.has_errors:
            self._unfolder.findings.merge(self._unfolder.refusals.as_doubts())
        diagnostics = self._unfolder.findings.diagnostics()
        if self._unfolder.findings.has_errors:
            return None, diagnostics
        tasks = tuple(self._unfolder.tasks.values())
        plan = Plan(
            recipe=self._context.recipe_id,
            source=recipe.source.name,
            provider=self._context.provider,
            realm=self._context.realm,
            tasks=tasks,
            totals=totals,
            limits_cost_usd=recipe.limits.cost_usd,
            limits_images=recipe.limits.images,
            empty_outputs=self._outputs.find_empty(),
            paid=self._context.paid,
        )
        return plan, diagnostics

    def unfold(self) -> Unfolder:
        """Plan all steps, whatever is wrong with them."""
        self._unfolder.plan_frame(self._root)
        self._build.payers.settle(self._unfolder.tasks)
        self._build.kinds.close(self._unfolder.tasks)
        return self._unfolder

    @cached_property
    def _picks(self) -> PickJudge:
        """Judges them by the tests around them as well; without errors, every task that there will be is known."""
        build, whole = self._build, not self._unfolder.findings.has_errors
        return PickJudge(self._graph, self._root, build.resolver, build.stander, build.ranges, whole=whole)

    @cached_property
    def _sure_places(self) -> frozenset[Span]:
        """Where images are picked that are there for certain, by the plan as it was first."""
        return self._build.resolver.sure.find_places(self._graph)

    @cached_property
    def _sure_references(self) -> SureReferences:
        """References that are there for certain, by the plan as it was first."""
        return SureReferences(self._graph, self._unfolder.tasks.values())

    def settles(self, doubt: Diagnostic) -> bool:
        """Whether the plan knows that what the text alone left open comes to nothing."""
        if doubt.code == "image-may-be-missing":
            place = doubt.span
            return place is not None and (place in self._sure_places or self._picks.settles(place))
        if doubt.code in ("may-be-none", "too-few-values"):
            return not self._unfolder.findings.has_errors and self._sure_references.settle(doubt)
        if doubt.code == "template-undefined":  # the plan looks itself, but for the ways that conditions take
            return all(task.reason is not Reason.CONDITION_UNKNOWN for task in self._unfolder.tasks.values())
        if doubt.code == "same-request" and doubt.span in self._loops:
            return not self._unfolder.findings.has_errors and doubt.span not in self._repeated
        return doubt.code == "too-many-items" and doubt.span in self._unfolder.fitting

    def confirms(self, doubt: Diagnostic) -> bool:
        """Whether numbers that only the run knows may be too small with these inputs as well, where the text says so."""
        return (doubt.code, str(doubt.span)) in self._build.too_small

    def sharpen(self, doubt: Diagnostic) -> Diagnostic:
        """The same with the numbers that the plan knows, where the text alone allows more."""
        if doubt.code != "image-may-be-missing" or doubt.span is None:
            return self._build.too_small.get((doubt.code, str(doubt.span)), doubt)
        count = self._counts.get(doubt.span) or self._picks.find_count(doubt.span)
        return doubt if count is None else replace(doubt, message=reword_count(doubt.message, count))

    @cached_property
    def _loops(self) -> frozenset[Span]:
        """The places of all variables of loops."""
        return frozenset(one.span for node in self._graph.steps.values() for one in node.step.for_each)

    @cached_property
    def _repeated(self) -> frozenset[Span]:
        """Those of loops that have several tasks, by the plan as it was first."""
        return find_repeated(self._build.resolver.steps.values())

    @cached_property
    def _counts(self) -> Mapping[Span, Bounds[int]]:
        return self._build.resolver.sure.find_counts(self._graph)

    def _find_certain(self) -> Iterator[Diagnostic]:
        """Of what is wrong with tasks whose results are there, what is wrong with whatever results: an error as it was before.

        That is what is wrong with the same plan where nothing is stored, which rests on no results at all.
        """
        refused = {(problem.code, problem.span) for problem in self._unfolder.refusals.problems()}
        if not refused:
            return
        fresh = Planner(
            self._graph, self._inputs, self._values, replace(self._context, view=open_nothing())
        ).unfold()
        for problem in (*fresh.findings.diagnostics(), *fresh.refusals.problems()):
            if problem.severity is Severity.ERROR and (problem.code, problem.span) in refused:
                yield problem

    def _find_absent(self) -> Iterator[Diagnostic]:
        """The same of what outputs mention."""
        absent = list(self._outputs.find_absent())
        if absent and self._build.resolver.knows_results:
            fresh = Planner(
                self._graph, self._inputs, self._values, replace(self._context, view=open_nothing())
            )
            fresh.unfold()
            certain = {(problem.code, problem.span) for problem in fresh._outputs.find_absent()}
            absent = [problem for problem in absent if (problem.code, problem.span) in certain]
        yield from absent

    def _foresee_files(self, most_tasks: int) -> Iterator[Diagnostic]:
        """What will be wrong with files whose names are not known yet: an error with however few images, else a doubt."""
        if not self._outputs.has_unknown:
            return
        most, whole = self._rehearse(choose_most(most_tasks))
        found = dict(most)
        least: dict[tuple[str, str], Diagnostic] = {}
        if most or not whole:
            least, _ = self._rehearse(count_least)
            found.update(least)
        if not whole:  # such as a list that passes its `at_most`
            some, _ = self._rehearse(count_some)
            found = {**some, **found}
        certain = most.keys() & least.keys()
        if rests_on_pictures(self._graph):
            certain = set()
            for look in OTHERS:
                found = {**self._rehearse(choose_most(most_tasks), look)[0], **found}
        for key, problem in found.items():
            yield problem if key in certain else doubt(problem)

    def _rehearse(self, count: Count, look: Look = USUAL) -> tuple[dict[tuple[str, str], Diagnostic], bool]:
        """The first problem of each output's files, by output and code, once each task gave so many images; whether all did."""
        fresh = Planner(self._graph, self._inputs, self._values, self._context)
        tasks = tuple(fresh.unfold().tasks.values())
        rehearsal = Rehearsal(fresh, fresh._build.resolver, count, look)
        rehearsal.play(tasks)
        found = {(output.name, problem.code): problem for output, problem in fresh._outputs.find_wrong()}
        return found, rehearsal.whole

    def use_store(self, view: StoreView) -> None:
        """Decide from now on by another view: the run's own, which sees what other runs add meanwhile."""
        self._context = replace(self._context, view=view)
        self._build.use_context(self._context)

    def advance(self, facts: TaskFacts) -> None:
        """Take in what became of a task, or of one that stood for others and could not grow."""
        found = self._unfolder.openings.pop(facts.address, None)
        if found is None:
            unit = self._build.resolver.find_unit(facts.address)
            if (
                unit is not None and not unit.ghost
            ):  # one that stood for others has the address of their group
                self._build.resolver.learn(facts.address, facts.outcome, facts.images, facts.address)
            return
        _, group = found
        self._close(group, facts.outcome, facts.address)

    def settle(self, address: str) -> Task | Grown | Waiting | Unsettled:
        """The task with everything known, or what it turned out to stand for."""
        planned = self._unfolder.tasks[address]
        if planned.action is Action.SKIP or (planned.action is Action.BLOCKED and not self._is_open(address)):
            return self._unfolder.refusals.find(address) or planned
        if address in self._unfolder.openings:
            return self._grow(address, planned)
        if planned.settled and planned.result is None and not planned.needs:
            return planned
        findings = Findings()
        unit = self._build.get_unit(address)
        built = self._build.build(unit, findings)
        problem = findings.first_error()
        if problem is not None:
            waits = find_open(unit.instance, self._build.stander, unit.env)
            if waits:
                return Waiting(address, tuple(waits))
            return Unsettled(address, problem.message, problem.span, problem.code, problem.help)
        if built is None:
            raise RuntimeError(f"{address} came to nothing without a reason")
        task = built.task
        if built.waits and task.action in (Action.CALL, Action.REUSE):
            return Waiting(address, built.waits)
        if task.action is Action.CALL and not task.settled:
            raise RuntimeError(f"{address} was settled before all that it needs had ended")
        if task.action is Action.CALL and (
            task.images.high > planned.images.high or task.cost_usd.high > _find_most_usd(planned)
        ):
            return _beyond_plan(address, planned)
        self._unfolder.tasks[address] = task
        return task

    def outputs(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published of each output, from the facts so far."""
        return self._outputs.publish()

    def _is_open(self, address: str) -> bool:
        """Whether nobody knows yet what becomes of a task: a condition may leave out what is stored, but not as expected."""
        unit = self._build.resolver.find_unit(address)
        return unit is not None and not unit.ghost and address not in unit.instance.tasks.images

    def _grow(self, address: str, planned: Task) -> Task | Grown | Waiting | Unsettled:
        unfolder = self._unfolder
        opening, group = unfolder.openings[address]
        tasks = group.tasks
        tasks.groups.remove(address)
        with unfolder.apart() as (made, findings):
            try:
                unfolder.grow(group, opening)
                problem = findings.first_error()
                if problem is not None and opening is not None and unfolder.leaves_out(group, opening):
                    problem = None
            except Explodes:
                problem = explodes(tasks.node, planned.origin.span, MOST_TASKS)
        if problem is not None:
            tasks.groups.add(group)
            unfolder.openings[address] = (opening, group)
            return Unsettled(address, problem.message, problem.span, problem.code, problem.help)
        again = made.pop(address, None)
        if again is not None and again.action is Action.CALL:
            return Waiting(address, again.needs)
        del unfolder.openings[address]
        if again is not None:
            return unfolder.refusals.find(address) or again
        if _passes(made.values(), planned):
            self._close(group, Outcome.FAILED, address)
            return _beyond_plan(address, planned)
        unfolder.tasks.update(made)
        return Grown(address, tuple(made.values()))

    def _close(self, group: Group, outcome: Outcome, cause: str) -> None:
        """Nothing will come of a group."""
        tasks = group.tasks
        tasks.groups.remove(group.address)
        if group.instance is not None:
            group.instance.complete = True
            tasks.end_instance(group.instance, outcome, cause)
        elif outcome is Outcome.FAILED:
            group.failed = cause
            tasks.close(group)

    # Limits

    def _check_limits(self, recipe: Recipe, totals: Totals) -> None:
        limits = recipe.limits
        if limits.tasks is not None and totals.tasks.high > limits.tasks:
            may_have = "has" if totals.tasks.low == totals.tasks.high else "may have up to"
            self._unfolder.findings.add(
                Diagnostic(
                    "over-limit",
                    f"the recipe {may_have} {totals.tasks.high} tasks, but `limits.tasks` is {limits.tasks}",
                    limits.spans.get("tasks"),
                    help="raise the limit, or shorten the lists",
                )
            )
        if limits.images is not None and totals.images.high > limits.images:
            self._unfolder.findings.add(
                Diagnostic(
                    "over-limit",
                    f"the recipe may ask for up to {totals.images.high} images, but `limits.images` is {limits.images}",
                    limits.spans.get("images"),
                    help="raise the limit, or ask for fewer images",
                )
            )
        if limits.cost_usd is not None and totals.cost_usd.low > limits.cost_usd:
            self._unfolder.findings.add(
                Diagnostic(
                    "over-limit",
                    f"the recipe costs at least {format_usd(totals.cost_usd.low)}, "
                    f"but `limits.cost_usd` is {format_usd(limits.cost_usd)}",
                    limits.spans.get("cost_usd"),
                    help="raise the limit, or ask for less",
                )
            )


def _beyond_plan(address: str, planned: Task) -> Unsettled:
    return Unsettled(
        address,
        "would pass what the plan said it may cost",
        planned.origin.span,
        "beyond-plan",
        "the plan was wrong in this, which is a mistake of seedflow; nothing was paid beyond it: run again, and the next plan "
        "is made anew from what is there",
    )


def _find_most_usd(planned: Task) -> Decimal:
    """What a task may cost. Of those that share a payment, whichever is ready first makes it."""
    if planned.shares_with is None or planned.price_usd is None:
        return planned.cost_usd.high
    return planned.price_usd * planned.images.high * planned.attempts


def _passes(tasks: Iterable[Task], planned: Task) -> bool:
    """Whether what came of a group is more than the plan said; what is skipped or blocked is nothing, however many lines tell of it."""
    count = images = 0
    cost = ZERO_USD
    for task in tasks:
        if task.action in (Action.SKIP, Action.BLOCKED):
            continue
        count += 1 if task.tasks is None else task.tasks.high
        images += find_most_images(task) if task.action is Action.CALL else 0
        cost += task.cost_usd.high if task.action is Action.CALL and task.shares_with is None else ZERO_USD
    most = planned.tasks.high if planned.tasks is not None else 1
    return count > most or images > find_most_images(planned) or cost > _find_most_usd(planned)
