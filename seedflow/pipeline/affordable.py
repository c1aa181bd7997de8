"""Whether a plan wants consent, and whether budgets have room for the least that it costs: seen before anything is sent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from seedflow.errors import BudgetError
from seedflow.money import ZERO_USD, format_usd
from seedflow.pipeline.session import Session
from seedflow.plan.estimate import add_up, find_calls
from seedflow.plan.model import Action, Plan, Task
from seedflow.settings.model import Settings
from seedflow.store.base import Budget
from seedflow.store.budgets import day_of, explain_refused
from seedflow.store.view import LocalView


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts as spent for good in the realm of a plan, as of when it was planned: on that UTC day, and in all.

    What is reserved, under way or unknown is not in it, but in what is `counted` alone: it may still turn out to have cost
    nothing. So may the `refused` part of it, once the provider's log is asked.
    """

    day: str
    day_usd: Decimal = ZERO_USD
    project_usd: Decimal = ZERO_USD
    project_refused_usd: Decimal = ZERO_USD
    day_counted_usd: Decimal = ZERO_USD
    project_counted_usd: Decimal = ZERO_USD


NOTHING_SPENT: Final = Spent("")


def look_up_spent(view: LocalView, session: Session) -> Spent:
    """What counts against the budgets of a day and of the project already, where there are any and anything is paid."""
    day, provider = day_of(time.time()), session.provider
    limits = {budget.scope: budget.limit_usd for budget in session.settings.budgets} if provider.paid else {}
    project_usd = view.settled_usd(provider.realm) if "project" in limits else ZERO_USD
    # It reads every call: only where enough is used up for it to matter.
    is_short = "project" in limits and project_usd * 2 > limits["project"]
    return Spent(
        day,
        view.settled_usd(provider.realm, day) if "day" in limits else ZERO_USD,
        project_usd,
        view.refused_usd(provider.realm) if is_short else ZERO_USD,
        view.counted_usd(provider.realm, day) if "day" in limits else ZERO_USD,
        view.counted_usd(provider.realm) if "project" in limits else ZERO_USD,
    )


def find_budgets(
    plan: Plan, settings: Settings, max_cost_usd: Decimal | None = None, max_cost_name: str = "max_cost_usd"
) -> tuple[Budget, ...]:
    """The bounds on what a run may cost, each with the words for where it was set; `max_cost_name` is what callers call theirs."""
    budgets = list(settings.budgets)
    if plan.limits_cost_usd is not None:
        budgets.append(Budget("run", plan.limits_cost_usd, "limits.cost_usd in the recipe"))
    if max_cost_usd is not None:
        budgets.append(Budget("run", max_cost_usd, max_cost_name))
    return tuple(budgets)


def find_priced_at_nothing(plan: Plan) -> tuple[str, ...]:
    """Models that a plan asks where that costs money, and whose price is nothing: no budget sees what they cost."""
    if not plan.paid:
        return ()
    return tuple(sorted({task.model for task in plan.tasks if task.price_usd == 0 and find_calls(task).high}))


def wants_consent(plan: Plan) -> bool:
    """Whether a run may ask somebody who is paid, whatever the price says that it costs."""
    return plan.totals.cost_usd.high > 0 or (plan.paid and plan.totals.calls.high > 0)


def refuse_unaffordable(plan: Plan, budgets: Sequence[Budget], spent: Spent) -> None:
    """Let only a plan pass whose least every budget has room for.

    Raises:
        BudgetError: one has not. Nothing was sent.
    """
    refusal = find_refusal(plan, budgets, spent)
    if refusal is not None:
        others = [budget for budget in budgets if budget.scope != "project"]
        of_project = find_refusal(plan, others, spent) != refusal
        refused_usd = spent.project_refused_usd if of_project else ZERO_USD
        advice = f"raise that budget, or ask for less{explain_refused(refused_usd)}"
        raise BudgetError(f"{refusal}; nothing was sent", help=advice)


def find_refusal(plan: Plan, budgets: Sequence[Budget], spent: Spent) -> str | None:
    """Which budget has no room for the least that a plan costs, and how much it lacks; None where all have.

    That of a day is none of them: a large recipe may be worked off day by day.
    """
    lacks = (_find_lack(plan, budget, spent) for budget in budgets if budget.scope != "day")
    return next((lack for lack in lacks if lack is not None), None)


def find_pause(plan: Plan, budgets: Sequence[Budget], spent: Spent) -> str | None:
    """Why a plan cannot be carried out today, if it cannot: what is left of the day's budget is not enough for its least."""
    lacks = (_find_lack(plan, budget, spent) for budget in budgets if budget.scope == "day")
    return next((lack for lack in lacks if lack is not None), None)


def find_stop(plan: Plan, budgets: Sequence[Budget], spent: Spent) -> str | None:
    """Why a run that begins stops on its way, for certain or perhaps: a budget has no room for the most of it. None where all have.

    A call is made only where there is room for the most that it may cost. What is open of calls before takes room as long as
    nobody knows that they cost nothing.
    """
    found: str | None = None
    with_open: str | None = None
    for budget in budgets:
        lack = _find_lack(plan, budget, spent, most=True)
        if lack is None:
            with_open = with_open or _find_lack(
                plan, budget, _count_open(spent), most=True, counts="counts as spent or is open"
            )
            continue
        left_usd = _find_left(budget, spent)
        task = next((task for task in plan.tasks if _find_call_usd(task) > left_usd), None)
        if task is not None:
            costs = f"one call of it may cost {format_usd(_find_call_usd(task))}"
            return f"A run stops before {task.address}, since {costs}: {lack}"
        found = (
            found
            or f"A run stops before a call for which there is no room any more, if it comes to that: {lack}"
        )
    if found is None and with_open is not None:
        return f"A run may stop on its way, as long as calls before it are open: {with_open}"
    return found


def _count_open(spent: Spent) -> Spent:
    """As if all that is open had been billed."""
    return replace(spent, day_usd=spent.day_counted_usd, project_usd=spent.project_counted_usd)


def _find_call_usd(task: Task) -> Decimal:
    """The most that a call costs which is made for certain; nothing where that is not known."""
    certain = task.settled and task.tasks is None and task.shares_with is None and find_calls(task).low > 0
    return task.price_usd * task.images.high if certain and task.price_usd is not None else ZERO_USD


def _find_left(budget: Budget, spent: Spent) -> Decimal:
    return max(ZERO_USD, budget.limit_usd - _find_spent(budget, spent))


def _find_spent(budget: Budget, spent: Spent) -> Decimal:
    match budget.scope:
        case "day":
            return spent.day_usd if spent.day == day_of(time.time()) else ZERO_USD
        case "project":
            return spent.project_usd
        case _:
            return ZERO_USD


def _find_lack(
    plan: Plan, budget: Budget, spent: Spent, *, most: bool = False, counts: str = "counts as spent"
) -> str | None:
    """How much of the least, or the most, that a plan costs is more than a budget has room for."""
    cost_usd, what = plan.totals.cost_usd.high if most else plan.totals.cost_usd.low, "the plan"
    if budget.scope == "step":
        steps = _find_most_of_steps(plan.tasks) if most else find_least_of_steps(plan.tasks)
        step, cost_usd = max(steps, key=lambda found: found[1], default=("", ZERO_USD))
        what = f"step {step}"
    spent_usd, left_usd = _find_spent(budget, spent), _find_left(budget, spent)
    if cost_usd <= left_usd:
        return None
    costs = f"{what} {'may cost up to' if most else 'costs at least'} {format_usd(cost_usd)}"
    limit = f"{format_usd(budget.limit_usd)} of {budget.where or 'its budget'}"
    if not spent_usd:
        return f"{costs}, more than the {limit}"
    since = "today (UTC)" if budget.scope == "day" else "in this project"
    return f"{costs}, and {format_usd(left_usd)} is left of the {limit}: {format_usd(spent_usd)} {counts} {since}"


def _find_most_of_steps(tasks: Iterable[Task]) -> Iterator[tuple[str, Decimal]]:
    """What each step costs at the most."""
    most: dict[str, Decimal] = {}
    for task in tasks:
        most[task.step] = most.get(task.step, ZERO_USD) + task.cost_usd.high
    yield from most.items()


def find_least_of_steps(tasks: Iterable[Task]) -> Iterator[tuple[str, Decimal]]:
    """What each step costs for certain, requests left out that another step may turn out to pay for."""
    steps: dict[str, list[Task]] = {}
    step_of: dict[str, str] = {}
    for task in tasks:
        step_of[task.address] = task.step
        if task.action is Action.CALL:
            steps.setdefault(task.step, []).append(task)
    kinds = Counter(
        kind
        for found in steps.values()
        for kind in {kind for task in found for one in task.least for kind in (one.kind, *one.beside)}
    )
    shared = {
        task.shares_with
        for found in steps.values()
        for task in found
        if task.shares_with is not None and step_of.get(task.shares_with) != task.step
    }
    for step, found in steps.items():
        own = [
            task
            for task in found
            if task.address not in shared
            and not any(kinds[kind] > 1 for one in task.least for kind in (one.kind, *one.beside))
        ]
        yield step, add_up(own).cost_usd.low
