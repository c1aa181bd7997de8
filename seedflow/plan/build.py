"""One task of an instance to a `Task`: whether it is done, what is asked, what is stored of it, what it costs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import partial

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import StepGraph, StepNode
from seedflow.money import ZERO_USD
from seedflow.plan.certain_items import find_certain_units, find_problem_of
from seedflow.plan.conditions import Judge, Verdict
from seedflow.plan.context import PlanContext
from seedflow.plan.crossings import CrossingJudge
from seedflow.plan.decide import UNSETTLED, Decider
from seedflow.plan.earlier import EarlierNames
from seedflow.plan.estimate import NOTHING_USD, bound_images, find_cost, narrow_images, refuse_no_price
from seedflow.plan.expect import Expectation
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.identity import identify_request
from seedflow.plan.impossible import find_impossible
from seedflow.plan.instances import StepTasks, Unit
from seedflow.plan.judge import Findings, doubt_smallest, judge_request
from seedflow.plan.kinds import Kinds
from seedflow.plan.levels import find_levels
from seedflow.plan.listing import Lister
from seedflow.plan.lost import Lost
from seedflow.plan.model import Action, Bounds, Least, Origin, Reason, Task
from seedflow.plan.models import ModelFinder
from seedflow.plan.options import OptionReader
from seedflow.plan.passes import PassReader
from seedflow.plan.payers import Payers
from seedflow.plan.picking import Absent
from seedflow.plan.promised import PromiseReader
from seedflow.plan.ranges import RangeFinder
from seedflow.plan.reference_counts import ReferenceCounter
from seedflow.plan.refused import Refused
from seedflow.plan.requests import Renderer, Request, RequestBuilder
from seedflow.plan.resolve import Resolver
from seedflow.plan.rows import Leaf
from seedflow.plan.ruled_out import find_doubt
from seedflow.plan.stander import Stander
from seedflow.recipe.model import Expression
from seedflow.recipe.template import Skipped

NONE = Bounds(0, 0)


@dataclass(frozen=True, slots=True)
class Built:
    """A task, and what has to end before everything of it is known."""

    task: Task
    waits: tuple[str, ...] = ()


class TaskBuilder:
    """Builds the tasks of one plan. Knows every step that was planned so far, and what became of its tasks."""

    def __init__(self, graph: StepGraph, context: PlanContext) -> None:
        self._graph = graph
        self._context = context
        self.resolver = Resolver()
        self.earlier = EarlierNames(graph, self.resolver.find_unit)
        self.stander = Stander(self.resolver)
        self.renderer = Renderer(self.resolver)
        self.lister = Lister(self.resolver, self.stander, self.renderer.render)
        self.ranges = RangeFinder(self.lister.lengths, self.resolver)
        self._reference_counts = ReferenceCounter(graph, context.catalog, self.lister.bound, self.ranges)
        self.crossings = CrossingJudge(self.ranges, self.stander, self.renderer)
        self.options = OptionReader(self.renderer, self.stander)
        self._promises = PromiseReader(self.options, self.ranges, self.stander, self.renderer)
        self._models = ModelFinder(context.catalog, self.renderer, self.stander)
        self._passes = PassReader(self.resolver, self.stander, self.renderer)
        self.judge = Judge(self.resolver, self.stander, self.renderer)
        self._builders: dict[str, RequestBuilder] = {}
        self.payers = Payers()
        self.identities: dict[str, Hashable] = {}
        """What each task asks that stands for others, by its address."""
        self.too_small: dict[tuple[str, str], Diagnostic] = {}
        """What numbers that only the run knows may be too small for, by code and place."""
        self.kinds, self.lost = Kinds(), Lost()
        self._decider = Decider(context, self.earlier, self.kinds)
        self._levels = find_levels(graph)

    @property
    def context(self) -> PlanContext:
        """What the plan is made with."""
        return self._context

    def use_context(self, context: PlanContext) -> None:
        """Decide by another view of the store from now on."""
        self._context = context
        self._decider.use_context(context)

    def add_step(self, node: StepNode, frame: FrameInstance, findings: Findings) -> StepTasks:
        """A step within one use of its recipe, without any instance yet. With errors others mention it all the same."""
        tasks = StepTasks(node, frame)
        self.resolver.steps[tasks.hub] = tasks
        if node.step.call is not None:
            return tasks
        model = self._models.find(node, frame, findings)
        if model is None:
            return tasks
        self._builders[tasks.hub] = RequestBuilder(
            node,
            model,
            frame,
            self.resolver,
            self.stander,
            self._context.images,
            partial(self._reference_counts.count, node=node),
            self.ranges,
        )
        try:
            tasks.takes = self.options.takes(node, Env(frame))
        except Refused as refused:
            findings.add(refused.diagnostic)
        return tasks

    def _is_refused(self, unit: Unit, env: Env) -> bool | None:
        """Whether a condition is false; None where one is wrong, which is said unless what it begins with was skipped."""
        try:
            return self.judge.refuses(unit.instance, env)
        except Refused:
            return None

    def build(self, unit: Unit, findings: Findings) -> Built | None:
        """The task as far as everything is known; None when something is wrong with it, which is in the findings."""
        tasks = unit.instance.tasks
        builder = self._builders.get(tasks.hub)
        if builder is None:
            return None  # nobody knows its model, which is said of the step
        try:
            env = self.resolver.refresh(unit.env)
            expressions = builder.expressions
            iterate = tasks.node.step.iterate
            refused = iterate is not None and self._is_refused(unit, env)
            if iterate is not None and refused is False:
                env = Env(env.frame, env.each, self._passes.find_before(unit, iterate, env))
            if iterate is not None and refused is not True and unit.before is None:
                expressions = (*expressions, iterate.start)
            if builder.is_plain(env) and not self.judge.has_conditions(unit):
                verdict = self.judge.begin(unit, env)
            else:
                verdict = self.judge.judge(unit, env, expressions)
            aside = self._set_aside(unit, builder, verdict)
            if aside is not None:
                return Built(aside, aside.needs if aside.action is Action.CALL else ())
            certain = not (unit.ghost or verdict.open or verdict.standing.may_be_skipped)
            try:
                request = builder.build(env, unit.keys, certain=certain)
            except Refused as refused:
                doubt = find_doubt(refused) if verdict.open else None
                if doubt is None:
                    raise
                for problem in doubt:
                    findings.add(problem, unit.address)
                waits = verdict.standing.waits
                return Built(self._leave_open(unit, waits, Reason.CONDITION_UNKNOWN), tuple(waits))
            expectation = self.options.expectation(tasks.node, env)
        except Refused as refused:
            findings.add(refused.diagnostic, unit.address)
            return None
        except Absent as absent:
            if unit.before is not None and tasks.images.get(unit.before.address) == ():
                return None  # nothing but that something is wrong with the edit before
            findings.add(
                Diagnostic(absent.not_there.code, absent.not_there.message, builder.origin.span), unit.address
            )
            return None
        except Skipped as skipped:
            return Built(self._aside(unit, builder, Action.SKIP, Reason.UPSTREAM_SKIPPED, skipped.cause))
        task = self._describe(unit, builder, request, verdict, expectation, findings)
        return Built(task, tuple(verdict.standing.waits))

    def judge_items(self, tasks: StepTasks, leaf: Leaf, findings: Findings) -> None:
        """What is wrong with the tasks of items that a list has for certain, of which nothing is known but that."""
        builder = self._builders.get(tasks.hub)
        if builder is None or tasks.node.step.iterate is not None:
            return
        for unit in find_certain_units(tasks, leaf, self.resolver, self.stander):
            problem = find_problem_of(unit, builder, self.judge)
            if problem is not None:
                findings.add(problem, unit.address)

    def refuse(self, unit: Unit, problem: Diagnostic, waits: Iterable[str]) -> Task:
        """A task that cannot be asked with the results that are there; while it waits for others, it may yet be skipped."""
        builder, needs = self._builders[unit.instance.tasks.hub], dict.fromkeys(waits)
        if needs:
            return self._leave_open(unit, needs, Reason.UPSTREAM_UNKNOWN)
        self.promise(unit)
        return self._aside(unit, builder, Action.BLOCKED, Reason.REFUSED, problem.message)

    def _leave_open(self, unit: Unit, waits: dict[str, None], reason: Reason) -> Task:
        """A task that asks for nothing before it is known whether it is skipped."""
        builder = self._builders[unit.instance.tasks.hub]
        self.promise(unit)
        unit.instance.note_may_skip()
        return self._aside(unit, builder, Action.CALL, reason, None, waits)

    def _set_aside(self, unit: Unit, builder: RequestBuilder, verdict: Verdict) -> Task | None:
        standing = verdict.standing
        if verdict.refused:
            return self._aside(unit, builder, Action.SKIP, Reason.CONDITION_FALSE, None, standing.needs)
        if standing.skips is not None:
            return self._aside(
                unit, builder, Action.SKIP, Reason.UPSTREAM_SKIPPED, standing.skips, standing.needs
            )
        if standing.failed is not None:
            if standing.waits and (verdict.open or standing.may_be_skipped):  # which comes before failing
                return self._leave_open(unit, standing.waits, Reason.UPSTREAM_UNKNOWN)
            self.promise(unit)
            return self._aside(
                unit, builder, Action.BLOCKED, Reason.UPSTREAM_FAILED, standing.failed, standing.needs
            )
        return None

    def promise(self, unit: Unit) -> Bounds[int]:
        """Note how many images a task was to give that will not be asked."""
        tasks = unit.instance.tasks
        found = tasks.bounds.get(unit.address)
        if found is None:
            builder, catalog = self._builders.get(tasks.hub), self._context.catalog
            model = catalog.find(catalog.default_id) if builder is None else builder.model
            found = Bounds(1, 1) if model is None else self._promises.find(tasks.node, model, unit.env)
            tasks.bounds[unit.address] = found
        return found

    def _describe(
        self,
        unit: Unit,
        builder: RequestBuilder,
        request: Request,
        verdict: Verdict,
        expectation: Expectation | None,
        findings: Findings,
    ) -> Task:
        tasks = unit.instance.tasks
        model, ghost = builder.model, unit.ghost
        self._judge_request(unit, builder, request, findings)
        decided = self._decider.decide(unit, model, request, expectation)
        take, decision, fingerprint = decided.take, decided.decision, decided.fingerprint
        names = (unit.address, tasks.hub, *tasks.frame.hubs)
        stays_lost = self.lost.take_in(names, decision.reason, verdict.standing.needs)
        may_be_free = decided.may_be_stored or stays_lost
        may_give = tasks.may_give[unit.address] = bound_images(model, request)
        impossible = find_impossible(tasks.node.step, expectation, may_give)
        if impossible is not None:
            findings.add(impossible, unit.address)
        usable = tasks.bounds[unit.address] = narrow_images(expectation, may_give)
        images = Bounds(usable.low, may_give.high)  # what is rejected is paid for as well
        if decision.result is not None:
            images = Bounds(len(decision.result.images), len(decision.result.images))
        if decision.action is Action.BLOCKED:
            images = NONE
        uncertain = verdict.open or verdict.standing.may_be_skipped
        if uncertain:
            unit.instance.note_may_skip()
        if uncertain and decision.action is Action.CALL:
            images = Bounds(0, images.high)
        price = model.price_usd(request.params)
        if price is None and self._context.paid:
            findings.add(refuse_no_price(builder.origin, model))
        called = decision.action is Action.CALL
        unsettled = decision is UNSETTLED
        attempts = expectation.attempts if unsettled and expectation is not None else decision.attempts
        list_cost = find_cost(model, request.params, price, images, attempts)
        identity = identify_request(
            model, request, fingerprint, decided.params_digest, take, expectation, self.kinds.find_first
        )
        shares_with = None
        if ghost:
            self.identities[unit.address] = identity
        elif called:
            shares_with = self.payers.find(identity, unit.address, certain=not uncertain)
        pays = called and shares_with is None
        cost = list_cost if pays and self._context.paid else NOTHING_USD
        if may_be_free:
            cost, list_cost = Bounds(ZERO_USD, cost.high), Bounds(ZERO_USD, list_cost.high)
        reason = decision.reason
        if verdict.open:
            reason = Reason.CONDITION_UNKNOWN
        elif unsettled or (called and uncertain):
            reason = Reason.UPSTREAM_UNKNOWN
        least: tuple[Least, ...] = ()
        if pays:
            kind = self.kinds.add(unit, model, request, decided.params_digest, take, new=not may_be_free)
            low = 0 if may_be_free else images.low
            traced = self.kinds.trace(request) if ghost else frozenset[str]()
            least = (Least(kind, min(low, 1), low, cost.low, list_cost.low, traced),)
            self.kinds.note_mentions(unit.address, traced)
        elif shares_with is not None:
            self.kinds.share(unit, shares_with)
        elif decision.result is not None:
            self.kinds.add_known(unit)
        return Task(
            address=unit.address,
            step=tasks.node.id,
            each=unit.env.each,
            action=decision.action,
            reason=reason,
            model=model.id,
            params=request.params,
            references_field=model.references_field,
            references=request.references,
            needs=tuple(verdict.standing.needs),
            take=take,
            fingerprint=None if ghost else fingerprint,
            params_digest=decided.params_digest,
            images=images,
            cost_usd=cost,
            list_cost_usd=list_cost if pays else NOTHING_USD,
            price_usd=price,
            result=decision.result,
            origin=builder.origin,
            shares_with=shares_with,
            may_be_stored=decided.may_be_stored,
            stays_lost=stays_lost,
            was_lost=stays_lost and decided.was_lost,
            cause=decision.complaint if decision.action is Action.BLOCKED else None,
            attempts=max(attempts, 1) if called else 1,
            attempts_made=decision.attempts_made,
            expectation=expectation,
            takes=tasks.takes,
            moved=decision.moved,
            hubs=(tasks.hub, *tasks.frame.hubs),
            depth=self._levels.get(tasks.node.id, 0),
            least=least,
        )

    def _judge_request(
        self, unit: Unit, builder: RequestBuilder, request: Request, findings: Findings
    ) -> None:
        for problem in judge_request(builder.model, request, builder):
            findings.add(problem, unit.address)
        for problem in doubt_smallest(builder.model, request, builder):
            self.too_small.setdefault((problem.code, str(problem.span)), problem)

    def _aside(
        self,
        unit: Unit,
        builder: RequestBuilder,
        action: Action,
        reason: Reason,
        cause: str | None,
        needs: dict[str, None] | None = None,
    ) -> Task:
        """A task that is not asked: skipped or blocked."""
        tasks = unit.instance.tasks
        tasks.bounds.setdefault(unit.address, NONE)
        return Task(
            address=unit.address,
            step=tasks.node.id,
            each=unit.env.each,
            action=action,
            reason=reason,
            model=builder.model.id,
            params={},
            references_field=builder.model.references_field,
            references=(),
            needs=tuple(needs or ()),
            take=unit.slot,
            fingerprint=None,
            params_digest=None,
            images=NONE,
            cost_usd=NOTHING_USD,
            list_cost_usd=NOTHING_USD,
            price_usd=None,
            result=None,
            origin=builder.origin,
            cause=cause,
            hubs=(tasks.hub, *tasks.frame.hubs),
            depth=self._levels.get(tasks.node.id, 0),
        )

    def get_unit(self, address: str) -> Unit:
        """The task of an address that was planned."""
        unit = self.resolver.find_unit(address)
        if unit is None:
            raise KeyError(address)
        return unit

    def expressions_of(self, hub: str) -> tuple[Expression, ...]:
        """All that the requests of a step mention."""
        builder = self._builders.get(hub)
        return builder.expressions if builder is not None else ()

    def origin_of(self, tasks: StepTasks) -> Origin:
        """Where the tasks of a step come from in the text."""
        builder = self._builders.get(tasks.hub)
        return builder.origin if builder is not None else Origin(tasks.node.step.span, {})

    def level_of(self, node: StepNode) -> int:
        """How many steps stand behind each other before this one, at the most."""
        return self._levels.get(node.id, 0)
