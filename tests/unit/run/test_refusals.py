"""A refusal that may have been billed is looked up: what the log knows of it counts, and what it does not know stays perhaps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from world import MODEL, World, blame, reject, statuses

from seedflow.errors import Billed, Retry
from seedflow.plan.model import Reason
from seedflow.run.options import OnUnknown
from seedflow.run.reconcile import SECOND_LOOK_S
from seedflow.run.retry import RetryPolicy
from seedflow.run.status import Remedy

ONE = "steps: {a: {generate: {prompt: One}}}"
PRICE = MODEL.price_usd({})
LESS = Decimal("0.03")
CONSENT = {"on_unknown": OnUnknown.RETRY, "retry": RetryPolicy(most_repeats_of_unknown=1)}
INSIDE = pytest.mark.parametrize("inside", [False, True], ids=["refused", "in-an-answer"])


def hide_log(world: World) -> None:
    world.provider.log_delay_s = 1e6


def show_log(world: World) -> None:
    world.provider.log_delay_s = -1e6


@INSIDE
def test_what_the_log_shows_to_be_free_costs_nothing_and_the_next_run_asks_it(
    make_world, inside: bool
) -> None:
    world = make_world(ONE)
    world.provider.meet("a", blame(inside=inside))
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "failed"}, 1, 0)
    assert (result.tasks[0].problem.kind, result.tasks[0].problem.remedy) == ("moderation", Remedy.CHANGE)
    assert "the log shows no cost" in result.tasks[0].problem.message
    assert world.plan().tasks[0].reason is Reason.NEW
    again = world.run()
    assert (statuses(again), again.cost_usd) == ({"a": "done"}, PRICE)


@INSIDE
def test_what_may_pass_and_was_free_is_asked_again_at_once(make_world, inside: bool) -> None:
    world = make_world(ONE)
    world.provider.meet("a", *[blame("moderation-output", Retry.BACKOFF, inside=inside)] * 2)
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 3, PRICE)
    assert world.provider.paid_images == 1


@INSIDE
def test_an_answer_that_the_log_has_all_the_same_is_taken(make_world, inside: bool) -> None:
    world = make_world(ONE)
    world.provider.meet("a", blame(answered=True, inside=inside))
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 1, PRICE)
    assert len(world.provider.bill) == 1


@INSIDE
def test_what_the_log_says_that_it_cost_is_what_it_cost_and_is_paid_again_with_consent_alone(
    make_world, inside: bool
) -> None:
    world = make_world(ONE)
    world.provider.meet("a", blame(cost_usd=LESS, inside=inside))
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "failed"}, 1, LESS)
    problem = result.tasks[0].problem
    assert (problem.kind, problem.paid, problem.remedy) == ("moderation", True, Remedy.CONSENT)
    assert world.plan().tasks[0].reason is Reason.LOST_PAID
    asked = len(world.provider.calls)
    again = world.run()
    assert (statuses(again), again.calls, len(world.provider.calls)) == ({"a": "failed"}, 0, asked)
    assert statuses(world.run(**CONSENT)) == {"a": "done"}


def test_a_log_that_knows_nothing_is_not_waited_for_longer_than_a_refusal_is_worth(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", reject("moderation", billed=Billed.MAYBE))
    result = world.run()
    assert (statuses(result), result.cost_usd) == ({"a": "failed"}, PRICE)
    assert SECOND_LOOK_S <= world.took_s < SECOND_LOOK_S + 3
    world = make_world(ONE, log=False)
    world.provider.meet("a", reject("moderation", billed=Billed.MAYBE))
    world.run()
    assert world.took_s < 2


@INSIDE
@pytest.mark.parametrize(
    ("found", "status", "calls", "cost_usd", "attempts"),
    [
        (blame(), "done", 1, PRICE, ["failed", "done"]),
        (blame(answered=True), "done", 0, 0, ["done"]),
        (blame(cost_usd=LESS), "failed", 0, 0, ["lost-paid"]),
    ],
    ids=["free", "answered", "paid"],
)
def test_a_later_run_takes_up_what_the_log_shows_late(
    make_world, inside: bool, found, status: str, calls: int, cost_usd: Decimal, attempts: list[str]
) -> None:
    world = make_world(ONE)
    hide_log(world)
    world.provider.meet("a", replace(found, inside=inside))
    first = world.run()
    assert (statuses(first), first.cost_usd) == ({"a": "failed"}, PRICE)
    assert world.plan().tasks[0].reason is Reason.REFUSED_BEFORE
    show_log(world)
    later = world.run()
    assert (statuses(later), later.calls, later.cost_usd) == ({"a": status}, calls, cost_usd)
    assert [state for _, state, _ in world.attempts()] == attempts
    spent = {state: micros for _, state, micros in counted(world)}
    assert spent.get("failed", 0) == 0
    if attempts == ["lost-paid"]:
        assert spent == {"lost-paid": 30_000}


def counted(world: World) -> list[tuple[str, str, int]]:
    """What counts against budgets, by row."""
    return [
        (row.attempt.request.address, row.attempt.state.value, row.counted_micros)
        for rows in world.state.rows.values()
        for row in rows
    ]


def test_what_the_log_does_not_know_stays_perhaps_and_is_asked_about_by_every_run(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", reject("moderation", billed=Billed.MAYBE))
    world.run()
    asked: list[str] = []
    world.provider.on_reconcile = asked.append
    world.provider.log_delay_s = 1e6
    for _ in range(2):
        result = world.run()
        assert (statuses(result), result.calls) == ({"a": "failed"}, 0)
        assert "refused before and may have been billed" in result.tasks[0].problem.message
    assert len(set(asked)) == 1
    assert [state for _, state, _ in counted(world)] == ["failed"]
    assert [micros for *_, micros in counted(world)] == [40_000]
