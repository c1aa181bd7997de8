"""Stage 4: a plan, carried out against the store and the provider of the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from seedflow.canonical import build_slug
from seedflow.errors import BudgetError
from seedflow.money import format_usd
from seedflow.pipeline.plan import Planned
from seedflow.pipeline.session import Session
from seedflow.plan.model import Plan
from seedflow.providers.options import REALM_CLOUDFLARE
from seedflow.providers.registry import open_provider
from seedflow.run.events import Event
from seedflow.run.executor import run_plan
from seedflow.run.options import OnUnknown, RunControl, RunOptions
from seedflow.run.references import ReferenceMode
from seedflow.run.status import RunResult
from seedflow.settings.model import Settings
from seedflow.store.base import Budget
from seedflow.store.local import open_store


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
    bounds = _find_bounds(plan, settings, request)
    for limit_usd, where in bounds:
        if plan.totals.cost_usd.low > limit_usd:
            raise BudgetError(
                f"the plan costs at least {format_usd(plan.totals.cost_usd.low)}, "
                f"more than the {format_usd(limit_usd)} of {where}",
                help=f"raise {where}, or ask for less",
            )
    others = (budget for budget in settings.budgets if budget.scope != "run")
    budgets = (*others, *(Budget("run", limit_usd) for limit_usd, _ in bounds))
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
                    out=request.out or find_out_folder(plan, settings),
                    budgets=budgets,
                    on_unknown=request.on_unknown,
                    most_in_flight=settings.concurrency,
                    references=ReferenceMode(settings.references),
                    reconcile_for_s=settings.log_timeout_s,
                ),
                emit=emit,
                control=control,
            )
        finally:
            await provider.aclose()
    finally:
        store.close()


def _find_bounds(plan: Plan, settings: Settings, request: RunRequest) -> list[tuple[Decimal, str]]:
    """The bounds on what this run may cost, each with the words for where it was set."""
    bounds = [
        (budget.limit_usd, f"budget.run_usd ({settings.origins['budget.run_usd']})")
        for budget in settings.budgets
        if budget.scope == "run"
    ]
    if plan.limits_cost_usd is not None:
        bounds.append((plan.limits_cost_usd, "limits.cost_usd in the recipe"))
    if request.max_cost_usd is not None:
        bounds.append((request.max_cost_usd, "the run's own budget"))
    return bounds


def find_out_folder(plan: Plan, settings: Settings) -> Path:
    """Where outputs go unless somebody says otherwise: below `outputs`, apart for each realm that is not the real one."""
    name = build_slug(plan.recipe)[0] or "recipe"
    if plan.realm == REALM_CLOUDFLARE:
        return settings.outputs_folder / name
    return settings.outputs_folder / (build_slug(plan.realm)[0] or "other") / name
