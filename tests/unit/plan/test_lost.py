"""What waits for pictures that were paid and are lost counts in no least: a run pays for those again only with consent."""

from __future__ import annotations

import pytest
from planning import KnownResults, open_planner

from seedflow.money import ZERO_USD
from seedflow.plan.model import Plan, Task
from seedflow.store.base import AttemptState

LOST = "steps:\n  a: {generate: {prompt: A}}\n  c: {generate: {prompt: C}}\n  "


def plan_with_lost(user: str, state: AttemptState = AttemptState.LOST_PAID) -> tuple[Plan, dict[str, Task]]:
    """The plan of a recipe whose picture of `a` came to this."""
    view = KnownResults()
    first, found = open_planner(LOST + user, view=view).start()
    assert first is not None, found
    view.unfinished[str(next(task for task in first.tasks if task.address == "a").fingerprint)] = state
    plan, found = open_planner(LOST + user, view=view).start()
    assert plan is not None, found
    return plan, {task.address: task for task in plan.tasks}


BEHIND = {
    "a reference": "b: {generate: {prompt: B, image_input: ['{{ steps.a.images[0] }}', '{{ steps.c.images[0] }}']}}",
    "the prompt": "b: {generate: {prompt: 'B {{ steps.a.images[0].width }}'}}",
    "needs": "b: {generate: {prompt: B}, needs: [a]}",
    "a row of two": (
        "x: {generate: {prompt: X, image_input: '{{ steps.a.images[0] }}'}}\n"
        "  b: {generate: {prompt: B, image_input: ['{{ steps.x.images[0] }}', '{{ steps.c.images[0] }}']}}"
    ),
    "a loop over a part": (
        "x: {for_each: {v: [p, q]}, generate: {prompt: 'X {{ each.v }}', image_input: '{{ steps.a.images[0] }}'}}\n"
        "  b: {generate: {prompt: B, image_input: '{{ steps.x.images }}'}}"
    ),
}


@pytest.mark.parametrize("user", BEHIND.values(), ids=BEHIND)
def test_who_waits_for_lost_pictures_may_cost_nothing(user: str) -> None:
    plan, tasks = plan_with_lost(user)
    assert tasks["b"].stays_lost
    assert tasks["b"].cost_usd.low == ZERO_USD < tasks["b"].cost_usd.high
    price = tasks["c"].cost_usd.low
    assert (plan.totals.calls.low, plan.totals.cost_usd.low) == (1, price)
    assert plan.totals.calls.high == len(tasks)
    assert plan.totals.cost_usd.high == price * len(tasks)


def test_who_waits_for_something_else_is_asked_all_the_same() -> None:
    plan, tasks = plan_with_lost("b: {generate: {prompt: B, image_input: '{{ steps.c.images[0] }}'}}")
    assert not tasks["b"].stays_lost
    assert plan.totals.calls == (2, 3)


def test_what_an_answer_may_yet_give_for_nothing_is_waited_for() -> None:
    plan, tasks = plan_with_lost(BEHIND["a reference"], AttemptState.UNKNOWN)
    assert not tasks["b"].stays_lost
    assert plan.totals.calls == (2, 3)
