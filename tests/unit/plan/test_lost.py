"""What waits for pictures that were paid and are lost counts in no least: a run pays for those again only with consent."""

from __future__ import annotations

import pytest
from planning import KnownResults, done, failed, open_planner

from seedflow.money import ZERO_USD
from seedflow.plan.model import Plan, Reason, Task
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


@pytest.mark.parametrize(
    ("prompt", "later", "counted"),
    [
        ("{{ ref.a }} end", "{{ ref.a }} end", True),
        ("end", "end", True),
        ("end", "another end", False),  # which was never asked, and whose pictures nobody lost
    ],
)
def test_what_goes_on_without_lost_pictures_may_have_lost_its_own(
    prompt: str, later: str, counted: bool
) -> None:
    text = (
        "steps:\n  v: {{for_each: {{s: [p, q]}}, generate: {{prompt: 'V {{{{ each.s }}}}'}}}}\n"
        "  end: {{generate: {{prompt: '{}', image_input: {{a: '{{{{ succeeded(steps.v.images) }}}}'}}}}}}\n"
    )
    view = KnownResults()
    planner = open_planner(text.format(prompt), view=view)
    first, found = planner.start()
    assert first is not None, found
    kept, lost, _ = first.tasks
    view.keep(kept, "p1")
    planner.advance(done(kept.address, "p1"))
    planner.advance(failed(lost.address))
    end = planner.settle("end")
    assert isinstance(end, Task)
    view.keep(end, "e1")
    for task in (lost, end):
        view.results.pop(str(task.fingerprint), None)
        view.unfinished[str(task.fingerprint)] = AttemptState.LOST_PAID
    again, found = open_planner(text.format(later), view=view).start()
    assert again is not None, found
    assert [task.was_lost for task in again.tasks] == [False, False, counted]
    assert again.tasks[1].reason is Reason.LOST_PAID
