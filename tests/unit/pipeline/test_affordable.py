"""What a plan costs at least, held against budgets before anything is sent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import seedflow
from seedflow.errors import BudgetError
from seedflow.pipeline.affordable import (
    NOTHING_SPENT,
    Spent,
    find_least_of_steps,
    find_pause,
    find_stop,
    refuse_unaffordable,
)
from seedflow.plan.model import Plan
from seedflow.store.base import Budget
from seedflow.store.budgets import day_of

RECIPE = """\
seedflow: 1
name: book
steps:
  one: {generate: {prompt: One}}
  many: {for_each: {n: [1, 2, 3]}, generate: {prompt: "Many {{ each.n }}"}}
  same: {generate: {prompt: One}}
  maybe: {when: "{{ steps.one.images | length > 3 }}", generate: {prompt: Maybe}}
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan of $0.16 at least, as it is where a call is paid: nothing is asked of this address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name, value in {
        "CLOUDFLARE_ACCOUNT_ID": "a" * 32,
        "CLOUDFLARE_API_TOKEN": "a-token",
        "SEEDFLOW_CLOUDFLARE_BASE_URL": "http://127.0.0.1:9/client/v4",
    }.items():
        monkeypatch.setenv(name, value)
    Path("book.yaml").write_text(RECIPE)
    return seedflow.plan_recipe("book.yaml").plan


def test_a_step_costs_for_certain_what_no_other_step_may_pay_for(plan: Plan) -> None:
    assert dict(find_least_of_steps(plan.tasks)) == {
        "one": 0,
        "many": Decimal("0.12"),
        "same": 0,
        "maybe": 0,
    }


@pytest.mark.parametrize(
    ("scope", "limit", "spent", "said"),
    [
        ("run", "0.16", "0", None),
        ("run", "0.159", "9", "the plan costs at least $0.16, more than the $0.159 of key"),
        ("step", "0.12", "9", None),
        ("step", "0.11", "0", "step many costs at least $0.12, more than the $0.11 of key"),
        ("day", "0.01", "0", None),
        ("project", "0.20", "0.04", None),
        (
            "project",
            "0.20",
            "0.30",
            "$0.00 is left of the $0.20 of key: $0.30 counts as spent in this project",
        ),
    ],
)
def test_each_budget_has_room_or_refuses(
    scope: str, limit: str, spent: str, said: str | None, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0)
    budgets = [Budget(scope, Decimal(limit), "key")]
    before = Spent(day_of(1_700_000_000.0), Decimal(spent), Decimal(spent))
    if said is None:
        refuse_unaffordable(plan, budgets, before)
        return
    with pytest.raises(BudgetError) as refused:
        refuse_unaffordable(plan, budgets, before)
    assert said in refused.value.message
    assert refused.value.message.endswith("; nothing was sent")


@pytest.mark.parametrize(
    ("limit", "spent", "said"),
    [
        ("0.20", "0.04", None),
        ("0.19", "0.04", "$0.15 is left of the $0.19 of key: $0.04 counts as spent today (UTC)"),
        ("0.01", "0", "the plan costs at least $0.16, more than the $0.01 of key"),
    ],
)
def test_the_budget_of_a_day_refuses_nothing_and_is_told(
    limit: str, spent: str, said: str | None, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0)
    before = Spent(day_of(1_700_000_000.0), Decimal(spent), Decimal(spent))
    told = find_pause(plan, [Budget("day", Decimal(limit), "key")], before)
    assert (told is None) == (said is None)
    assert said is None or said in str(told)


def test_what_was_spent_on_the_day_of_planning_is_forgotten_on_the_next(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_086_400.0)
    before = Spent(day_of(1_700_000_000.0), Decimal(1), Decimal(1))
    assert find_pause(plan, [Budget("day", Decimal(1), "key")], before) is None
    with pytest.raises(BudgetError):
        refuse_unaffordable(plan, [Budget("project", Decimal(1), "key")], before)


def test_without_budgets_everything_may_be_paid(plan: Plan) -> None:
    refuse_unaffordable(plan, [], NOTHING_SPENT)


def test_the_python_interface_refuses_too(plan: Plan) -> None:
    del plan
    Path("seedflow.yaml").write_text("budget: {step_usd: 0.05}\n")
    with pytest.raises(BudgetError, match="step many costs at least"):
        seedflow.run_recipe("book.yaml", max_cost_usd=1)
    assert not Path(".seedflow").exists()


def test_a_budget_is_called_what_its_caller_called_it(plan: Plan) -> None:
    del plan
    with pytest.raises(BudgetError, match=r"more than the \$0\.01 of max_cost_usd"):
        seedflow.run_recipe("book.yaml", max_cost_usd="0.01")


@pytest.mark.parametrize(("scope", "told"), [("project", True), ("run", False)])
def test_what_was_refused_and_perhaps_not_billed_is_named_where_it_stands_in_the_way(
    plan: Plan, scope: str, told: bool
) -> None:
    spent = Spent("", Decimal(0), Decimal("0.04"), Decimal("0.04"))
    with pytest.raises(BudgetError) as caught:
        refuse_unaffordable(plan, [Budget(scope, Decimal("0.05"), "key")], spent)
    advice = "$0.04 of it was refused and perhaps not billed: `seedflow ledger reconcile` looks that up"
    assert (advice in (caught.value.help or "")) is told


OPEN = """\
seedflow: 1
name: open
steps:
  first: {generate: {prompt: First}}
  set: {generate: {prompt: Set, sequential_image_generation: auto, max_images: 3}}
  each: {for_each: {v: "{{ steps.set.images }}"}, generate: {prompt: Each, image_input: "{{ each.v }}"}}
"""
NO_ROOM = "A run stops before a call for which there is no room any more, if it comes to that: "


@pytest.mark.parametrize(
    ("scope", "limit", "said"),
    [
        ("run", "0.28", None),
        ("run", "0.27", NO_ROOM + "the plan may cost up to $0.28, more than the $0.27 of key"),
        (
            "run",
            "0.11",
            "A run stops before set, since one call of it may cost $0.12: the plan may cost up to $0.28, more than the $0.11 of key",
        ),
        ("step", "0.12", None),
        (
            "step",
            "0.10",
            "A run stops before set, since one call of it may cost $0.12: step set may cost up to $0.12, more than the $0.10 of key",
        ),
        (
            "project",
            "0.30",
            NO_ROOM
            + "the plan may cost up to $0.28, and $0.20 is left of the $0.30 of key: $0.10 counts as spent in this project",
        ),
    ],
)
def test_a_plan_says_that_a_run_stops_where_its_most_has_no_room(
    scope: str, limit: str, said: str | None, plan: Plan
) -> None:
    Path("open.yaml").write_text(OPEN)
    found = seedflow.plan_recipe("open.yaml").plan
    spent = Spent("", Decimal(0), Decimal("0.10"))
    assert find_stop(found, [Budget(scope, Decimal(limit), "key")], spent) == said
    assert find_stop(found, [], spent) is None


def test_calls_that_are_open_may_leave_too_little_room_for_the_most(plan: Plan) -> None:
    del plan
    Path("open.yaml").write_text(OPEN)
    found = seedflow.plan_recipe("open.yaml").plan
    spent = Spent("", project_usd=Decimal("0.04"), project_counted_usd=Decimal("0.12"))
    assert find_stop(found, [Budget("project", Decimal("0.40"), "key")], spent) is None
    said = find_stop(found, [Budget("project", Decimal("0.39"), "key")], spent)
    assert said == (
        "A run may stop on its way, as long as calls before it are open: the plan may cost up to $0.28, and $0.27 is left "
        "of the $0.39 of key: $0.12 counts as spent or is open in this project"
    )
    refuse_unaffordable(found, [Budget("project", Decimal("0.39"), "key")], spent)


def test_what_is_asked_only_perhaps_stops_no_run_for_certain(plan: Plan) -> None:
    (said,) = {find_stop(plan, [Budget("run", Decimal("0.19"), "key")], NOTHING_SPENT)}
    assert said == NO_ROOM + "the plan may cost up to $0.20, more than the $0.19 of key"
