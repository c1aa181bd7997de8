"""The whole way on one screen: load_recipe → check_recipe → plan_recipe → run_recipe.

Each stage takes what the one before gave and adds to it; diagnostics travel along and are never raised here. `Session`
holds what is the same for all recipes of one invocation: settings and the catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from seedflow.canonical import build_slug
from seedflow.checks.run_all import check_graph, sort_diagnostics
from seedflow.diagnostics import Diagnostic, has_errors
from seedflow.errors import BudgetError
from seedflow.graph.build import build_graph
from seedflow.graph.model import StepGraph
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.money import format_usd
from seedflow.plan.model import Plan
from seedflow.plan.planner import PlanContext, Planner
from seedflow.providers.registry import ProviderFacts, describe_provider, open_provider
from seedflow.recipe.given import GivenInputs
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import load_recipe
from seedflow.recipe.model import Recipe
from seedflow.recipe.values import resolve_values
from seedflow.run.events import Event
from seedflow.run.executor import run_plan
from seedflow.run.options import OnUnknown, RunControl, RunOptions
from seedflow.run.references import ReferenceMode
from seedflow.run.status import RunResult
from seedflow.settings.model import Settings
from seedflow.store.base import Budget
from seedflow.store.local import open_store
from seedflow.store.view import open_view


@dataclass(frozen=True, slots=True)
class Session:
    """What all recipes of one invocation share. `folder` is where paths on the command line start."""

    settings: Settings
    catalog: Catalog
    folder: Path

    @property
    def provider(self) -> ProviderFacts:
        """Who would be asked."""
        return describe_provider(self.settings.provider, cloudflare=self.settings.cloudflare)


@dataclass(frozen=True, slots=True)
class Checked:
    """A recipe and its graph, as far as they could be built, and every problem found without input values."""

    recipe: Recipe | None
    graph: StepGraph | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether it can be planned."""
        return self.graph is not None and not has_errors(self.diagnostics)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the planner that made it, which settles during the run what is unknown now."""

    checked: Checked
    plan: Plan | None
    planner: Planner | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether it can be run."""
        return self.plan is not None and not has_errors(self.diagnostics)


def open_session(settings: Settings, folder: Path) -> Session:
    """A session with the shipped catalog and the settings' prices."""
    return Session(settings, load_catalog(settings.prices), folder)


def check_recipe(path: Path, session: Session, *, name: str | None = None) -> Checked:
    """Stages 1 and 2: the text, then the graph; all problems in one go."""
    recipe, found = load_recipe(path, session.catalog, name=name)
    if recipe is None:
        return Checked(None, None, tuple(found))
    graph, wrong = build_graph(recipe, session.catalog)
    problems = [*found, *wrong, *check_graph(graph, session.catalog)]
    return Checked(recipe, graph, tuple(sort_diagnostics(_once(problems))))


def plan_recipe(checked: Checked, given: GivenInputs, session: Session) -> Planned:
    """Stage 3: a checked recipe and input values to a plan. Reads the store, writes nothing, opens no socket."""
    if not checked.ok or checked.recipe is None or checked.graph is None:
        return Planned(checked, None, None, checked.diagnostics)
    recipe = checked.recipe
    images = ImageFiles()
    inputs, wrong_inputs = resolve_inputs(recipe, given, folder=session.folder, images=images)
    values, wrong_values = resolve_values(recipe, inputs) if inputs is not None else (None, [])
    if inputs is None or values is None:
        return Planned(
            checked, None, None, tuple(_once([*checked.diagnostics, *wrong_inputs, *wrong_values]))
        )
    provider = session.provider
    with open_view(session.settings.state_folder) as view:
        context = PlanContext(
            provider=provider.name,
            realm=provider.realm,
            paid=provider.paid,
            recipe_id=recipe.name,
            view=view,
            catalog=session.catalog,
            images=images,
        )
        planner = Planner(checked.graph, inputs, values, context)
        plan, found = planner.start()
    problems = tuple(_once([*checked.diagnostics, *wrong_inputs, *wrong_values, *found]))
    return Planned(checked, plan, planner, problems)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a caller decides about one run. `out` None means the settings' folder, below it the recipe's name."""

    out: Path | None = None
    max_cost_usd: Decimal | None = None
    on_unknown: OnUnknown = OnUnknown.STOP


async def run_recipe(
    planned: Planned,
    session: Session,
    request: RunRequest,
    emit: Callable[[Event], None],
    control: RunControl | None = None,
) -> RunResult:
    """Stage 4: carry out that very plan.

    Raises:
        ValueError: the plan has errors.
        BudgetError: the plan's minimum is above a budget; nothing was sent.
        StoreError: the state cannot be read or written.
    """
    plan, planner = planned.plan, planned.planner
    if plan is None or planner is None:
        raise ValueError("a plan with errors cannot be run")
    settings = session.settings
    budgets = _budgets(plan, settings, request)
    for budget in budgets:
        if budget.scope == "run" and plan.totals.cost_usd.low > budget.limit_usd:
            raise BudgetError(
                f"the plan costs at least {format_usd(plan.totals.cost_usd.low)}, "
                f"more than the {format_usd(budget.limit_usd)} that this run may cost",
                help="raise --max-cost, or ask for less",
            )
    store = open_store(settings.state_folder)
    try:
        planner.use_store(store)
        provider = open_provider(settings.provider, catalog=session.catalog, cloudflare=settings.cloudflare)
        try:
            return await run_plan(
                plan,
                planner,
                store=store,
                provider=provider,
                catalog=session.catalog,
                options=RunOptions(
                    out=request.out or settings.outputs_folder / name_folder(plan.recipe),
                    budgets=budgets,
                    on_unknown=request.on_unknown,
                    most_in_flight=settings.concurrency,
                    references=ReferenceMode(settings.references),
                ),
                emit=emit,
                control=control,
            )
        finally:
            await provider.aclose()
    finally:
        store.close()


def _budgets(plan: Plan, settings: Settings, request: RunRequest) -> tuple[Budget, ...]:
    own = [amount for amount in (plan.limits_cost_usd, request.max_cost_usd) if amount is not None]
    return (*settings.budgets, *(Budget("run", amount) for amount in own))


def _once(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The same problem at the same place is said once, whichever stage found it first."""
    seen: dict[tuple[str, str], Diagnostic] = {}
    for found in diagnostics:
        seen.setdefault((found.code, str(found.span) if found.span is not None else found.message), found)
    return list(seen.values())


def name_folder(recipe: str) -> str:
    """The folder of a recipe's outputs: its name as a slug."""
    return build_slug(recipe)[0] or "recipe"
