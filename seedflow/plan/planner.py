"""The planner: expands steps, builds requests, decides; then, during a run, takes in facts and settles the rest.

`start` and `settle` share one way from an instance to its task, so that a run can only do what its plan said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from seedflow.canonical import digest_value
from seedflow.diagnostics import Diagnostic, Span
from seedflow.graph.model import StepGraph, StepNode
from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.money import ZERO_USD, format_usd
from seedflow.plan.decide import UNSETTLED, Decision, decide_settled
from seedflow.plan.estimate import NOTHING_USD, add_up, multiply
from seedflow.plan.expand import Instance, expand_step
from seedflow.plan.fingerprint import digest_params, digest_request
from seedflow.plan.judge import Findings, judge_request
from seedflow.plan.model import (
    Bounds,
    Plan,
    PublishedImage,
    StepImage,
    Task,
    TaskFacts,
    Unknown,
    Unsettled,
)
from seedflow.plan.outputs import OutputPlanner
from seedflow.plan.requests import Bindings, Refused, Request, RequestBuilder
from seedflow.plan.resolve import Resolver, StepTasks
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.model import Recipe
from seedflow.recipe.template import RenderError, Scope, TemplateForm
from seedflow.store.base import PastRequest, StoredResult, StoreView

FIRST_TAKE = 1
MOST_TASKS = 1_000_000
"""More instances than this of one step is a mistake, whatever the limits say."""


@dataclass(frozen=True, slots=True)
class PlanContext:
    """Who would be asked, and what is known already. `recipe_id` names the recipe in the store's history."""

    provider: str
    realm: str
    paid: bool
    recipe_id: str
    view: StoreView
    catalog: Catalog
    images: ImageFiles


class Planner:
    """Plans one recipe with one set of input values. Not thread-safe."""

    def __init__(
        self,
        graph: StepGraph,
        inputs: Mapping[str, object],
        values: Mapping[str, object],
        context: PlanContext,
    ) -> None:
        recipe = graph.recipe
        self._graph = graph
        self._context = context
        self._bindings = Bindings(inputs, values, {"name": recipe.name}, recipe.ref_words, recipe.folder)
        self._steps: dict[str, StepTasks] = {}
        self._resolver = Resolver(self._steps, inputs)
        self._builders: dict[str, RequestBuilder] = {}
        self._instances: dict[str, Instance] = {}
        self._tasks: dict[str, Task] = {}
        self._first_of_request: dict[str, str] = {}
        self._may_give: dict[str, Bounds[int]] = {}
        self._findings = Findings()
        self._outputs = OutputPlanner(graph.outputs, self._bindings, self._resolver, self._steps)

    def start(self) -> tuple[Plan | None, list[Diagnostic]]:
        """The plan, or None when it has errors; problems of all tasks in one go."""
        for step_id in self._graph.order:
            self._plan_step(self._graph.steps[step_id])
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

    def advance(self, facts: TaskFacts) -> None:
        """Take in what became of a task."""
        self._resolver.learn(facts.address, facts.images)

    def settle(self, address: str) -> Task | Unsettled:
        """The task with everything known."""
        planned = self._tasks[address]
        if planned.settled and planned.result is None:
            return planned
        instance = self._instances[address]
        findings = Findings()
        task = self._build_task(self._builders[planned.step], instance, findings)
        problem = findings.first_error()
        if problem is not None:
            return Unsettled(address, problem.message, problem.span, problem.code)
        if task is None or not task.settled:
            raise RuntimeError(f"{address} was settled before all that it needs had ended")
        if task.images.high > planned.images.high or task.cost_usd.high > planned.cost_usd.high:
            return Unsettled(
                address, "would pass what the plan said it may cost", planned.origin.span, "beyond-plan"
            )
        self._tasks[address] = task
        return task

    def outputs(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published of each output, from the facts so far."""
        return self._outputs.publish()

    def _plan_step(self, node: StepNode) -> None:
        model = self._model_of(node)
        if model is None:
            return
        builder = RequestBuilder(node, model, self._bindings, self._resolver, self._context.images)
        self._builders[node.id] = builder
        most = self._graph.recipe.limits.tasks
        limit = MOST_TASKS if most is None else max(most - len(self._tasks), 0)
        instances, problems = expand_step(node, builder.render_list, limit=limit)
        self._findings.extend(problems)
        bounds: dict[str, Bounds[int]] = {}
        variables = [name for variable in node.step.for_each for name in variable.names]
        self._steps[node.id] = StepTasks(instances, variables, bounds)
        for instance in instances:
            self._instances[instance.address] = instance
            task = self._build_task(builder, instance, self._findings)
            bounds[instance.address] = self._may_give.get(instance.address, Bounds(0, 0))
            if task is None:
                self._resolver.learn(instance.address, ())
                continue
            self._tasks[task.address] = task
            if task.result is not None:
                self._resolver.learn(task.address, images_of(task.address, task.result))

    def _model_of(self, node: StepNode) -> Model | None:
        template = node.generate.model
        if template is None:
            return self._context.catalog.find(self._context.catalog.default_id)
        scope = Scope(
            inputs=self._bindings.inputs, values=self._bindings.values, recipe=self._bindings.recipe
        )
        try:
            name = (
                template.literal(as_text=True)
                if template.form is TemplateForm.LITERAL
                else template.render(scope, as_text=True)
            )
        except RenderError as error:
            self._findings.add(template.diagnose(error))
            return None
        model = self._context.catalog.find(str(name))
        if model is None:
            known = ", ".join(self._context.catalog.ids)
            self._findings.add(
                Diagnostic(
                    "unknown-model", f"there is no model `{name}`; known: {known}", template.scalar.span
                )
            )
        return model

    def _build_task(self, builder: RequestBuilder, instance: Instance, findings: Findings) -> Task | None:
        try:
            request = builder.build(instance)
        except Refused as refused:
            findings.add(refused.diagnostic, instance.address)
            return None
        model = builder.model
        for problem in judge_request(model, request, builder):
            findings.add(problem, instance.address)
        decision, fingerprint, params_digest, may_be_stored = self._decide(model, request, instance)
        images = self._may_give[instance.address] = self._image_bounds(model, request)
        if decision.result is not None:
            images = Bounds(len(decision.result.images), len(decision.result.images))
        price = model.price_usd(request.params)
        if price is None and self._context.paid:
            findings.add(_no_price(builder, model))
        list_cost = multiply(price, images) if price is not None else NOTHING_USD
        called = decision.result is None
        shares_with = self._share(model, request, fingerprint, instance.address) if called else None
        pays = called and shares_with is None
        cost = list_cost if pays and self._context.paid else NOTHING_USD
        if may_be_stored:
            cost, list_cost = Bounds(ZERO_USD, cost.high), Bounds(ZERO_USD, list_cost.high)
        return Task(
            address=instance.address,
            step=instance.step,
            each=instance.each,
            action=decision.action,
            reason=decision.reason,
            model=model.id,
            params=request.params,
            references_field=model.references_field,
            references=request.references,
            needs=request.needs,
            take=FIRST_TAKE,
            fingerprint=fingerprint,
            params_digest=params_digest,
            images=images,
            cost_usd=cost,
            list_cost_usd=list_cost if pays else NOTHING_USD,
            price_usd=price,
            result=decision.result,
            origin=builder.origin,
            shares_with=shares_with,
            may_be_stored=may_be_stored,
        )

    def _decide(
        self, model: Model, request: Request, instance: Instance
    ) -> tuple[Decision, str | None, str | None, bool]:
        context = self._context
        unknown = any(isinstance(value, Unknown) for value in request.params.values())
        params_digest = None if unknown else digest_params(model.id, request.params)
        past = self._find_past(instance)
        if request.known and params_digest is not None:
            fingerprint = digest_request(params_digest, model.references_field, request.references)
            decision = decide_settled(
                context.view,
                realm=context.realm,
                fingerprint=fingerprint,
                params_digest=params_digest,
                take=FIRST_TAKE,
                past=past,
            )
            return decision, fingerprint, params_digest, decision.may_be_free
        may_be_stored = past is not None and params_digest in (None, past.params_digest)
        return UNSETTLED, None, params_digest, may_be_stored

    def _find_past(self, instance: Instance) -> PastRequest | None:
        """What the address asked for last time, under its step's earlier name if it has not asked yet under this one."""
        context = self._context
        past = context.view.find_past_request(context.realm, context.recipe_id, instance.address)
        step = self._graph.steps[instance.step]
        if past is None and step.step.was is not None:
            address = step.frame.step_id(step.step.was) + instance.address.removeprefix(instance.step)
            past = context.view.find_past_request(context.realm, context.recipe_id, address)
        return past

    def _image_bounds(self, model: Model, request: Request) -> Bounds[int]:
        """How many images the request may give, whatever is stored: names of files depend on it."""
        unknown = [name for name, value in request.params.items() if isinstance(value, Unknown)]
        known = {name: value for name, value in request.params.items() if name not in unknown}
        return Bounds(*model.image_bounds(known, unknown))

    def _share(self, model: Model, request: Request, fingerprint: str | None, address: str) -> str | None:
        identity = fingerprint or _symbolic_identity(model, request)
        first = self._first_of_request.setdefault(identity, address)
        return None if first == address else first

    def _check_limits(self, recipe: Recipe) -> None:
        totals = add_up(self._tasks.values())
        span = recipe.name_scalar.span if recipe.name_scalar is not None else Span(recipe.source, 0, 0)
        limits = recipe.limits
        if limits.tasks is not None and len(self._tasks) > limits.tasks:
            self._findings.add(
                Diagnostic(
                    "over-limit",
                    f"the recipe has {len(self._tasks)} tasks, but `limits.tasks` is {limits.tasks}",
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


def images_of(address: str, result: StoredResult) -> tuple[StepImage, ...]:
    """The images of a result as images of a task."""
    return tuple(StepImage(address, result.take, image.number, image.facts) for image in result.images)


def _no_price(builder: RequestBuilder, model: Model) -> Diagnostic:
    return Diagnostic(
        "no-price",
        f"the price of an image of `{model.id}` is not known, so nothing bounds what this step costs",
        builder.origin.span,
        help=f"put it into seedflow.yaml, for example: `prices: {{{model.id}: 0.04}}`",
    )


def _symbolic_identity(model: Model, request: Request) -> str:
    known = {name: value for name, value in request.params.items() if not isinstance(value, Unknown)}
    settled = [
        item.image.url if isinstance(item.image, UrlImage) else item.image.facts.digest
        for item in request.references
        if isinstance(item.image, (UrlImage, FileImage, StepImage))
    ]
    return digest_value(
        "symbolic/1", {"model": model.id, "params": known, "known": settled, "open": list(request.symbols)}
    )
