"""Consent to paying again ends with its run: where the new call came to nothing, what was open before is open as ever."""

from __future__ import annotations

from decimal import Decimal

import pytest
from world import Fault, dead, drop, fetching, refuse, reject, statuses, stop

from seedflow.errors import Billed
from seedflow.plan.model import Reason
from seedflow.run.options import OnUnknown
from seedflow.run.retry import RetryPolicy
from seedflow.run.status import Remedy, RunStatus
from seedflow.store.base import Budget

ONE = "steps: {a: {generate: {prompt: One}}}"
CROWD = """
inputs: {numbers: {type: list, of: integer, default: [1, 2, 3, 4, 5, 6]}}
steps:
  page: {for_each: {n: "{{ inputs.numbers }}"}, generate: {prompt: "Page {{ each.n }}"}}
"""
CONSENT = {"on_unknown": OnUnknown.RETRY, "retry": RetryPolicy(most_repeats_of_unknown=1)}
IN_VAIN = {
    "no credit": stop(),
    "refused for good": reject(),
    "refused and perhaps billed": reject("moderation", billed=Billed.MAYBE),
}


@pytest.mark.parametrize("why", sorted(IN_VAIN))
@pytest.mark.parametrize("lost", [drop(logged=False), fetching(dead())], ids=["unknown", "lost-paid"])
def test_a_plain_run_after_consent_in_vain_pays_for_nothing(make_world, lost: Fault, why: str) -> None:
    world = make_world(ONE)
    world.provider.meet("a", lost, IN_VAIN[why])
    ended = statuses(world.run())
    world.run(**CONSENT)
    calls, images = len(world.provider.calls), world.provider.paid_images
    assert calls == 2
    for _ in range(2):
        assert statuses(world.run()) == ended
        assert (len(world.provider.calls), world.provider.paid_images) == (calls, images)
    assert statuses(world.run(**CONSENT)) == {"a": "done"}
    assert len(world.provider.calls) == calls + 1


def test_what_the_log_has_late_is_taken_up_although_somebody_consented_in_vain(make_world) -> None:
    world = make_world(CROWD)
    world.provider.log_delay_s = 1e6
    world.provider.meet("", *[drop()] * 6, *[refuse("rate-limited", 600)] * 6)
    assert world.run(most_in_flight=6).status is RunStatus.UNKNOWN
    world.at(90, lambda: world.control.stop())
    world.run(most_in_flight=6, **CONSENT)
    world.provider.log_delay_s = -1e6
    world.provider.faults.clear()
    paid = world.provider.paid_images
    result = world.run()
    assert set(statuses(result).values()) == {"done"}
    assert (result.calls, result.cost_usd) == (0, 0)
    assert world.provider.paid_images == paid == 6
    world.assert_nothing_paid_twice()


def test_of_two_calls_that_were_lost_both_are_looked_up_before_another_one_is_made(make_world) -> None:
    """The log has the first one late, and of the second one that it was not billed."""
    world = make_world(ONE)
    world.provider.log_delay_s = 1e6
    world.provider.meet("a", drop(), drop(billed=False))
    assert statuses(world.run()) == {"a": "unknown"}
    assert statuses(world.run(**CONSENT)) == {"a": "unknown"}
    world.provider.log_delay_s = -1e6
    result = world.run()
    assert (statuses(result), result.calls) == ({"a": "done"}, 0)
    assert world.provider.paid_images == 1


@pytest.mark.parametrize("consents", [False, True])
def test_the_answer_of_the_first_of_two_lost_calls_is_taken_up_although_the_second_stays_unknown(
    make_world, consents: bool
) -> None:
    world = make_world(ONE)
    world.provider.log_delay_s = 1e6
    world.provider.meet("a", drop(), drop(logged=False))
    assert statuses(world.run()) == {"a": "unknown"}
    assert statuses(world.run(**CONSENT)) == {"a": "unknown"}
    world.provider.log_delay_s = -1e6
    result = world.run(**(CONSENT if consents else {}))
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 0, 0)
    assert world.provider.pictures() >= world.stored() != set()
    assert sorted(state for _, state, _ in world.attempts()) == ["done", "unknown"]
    again = world.run()
    assert (statuses(again), len(world.provider.calls)) == ({"a": "reused"}, 2)


def test_of_three_lost_calls_the_one_in_the_middle_is_found(make_world) -> None:
    world = make_world(ONE)
    world.provider.log_delay_s = 1e6
    world.provider.meet("a", drop(logged=False), drop(), drop(logged=False))
    world.run()
    world.run(**CONSENT)
    world.run(**CONSENT)
    world.provider.log_delay_s = -1e6
    assert statuses(world.run()) == {"a": "done"}
    assert len(world.provider.calls) == 3


def test_a_first_call_that_cost_nothing_does_not_make_a_second_one_that_is_unknown_be_asked_again(
    make_world,
) -> None:
    world = make_world(ONE)
    world.provider.log_delay_s = 1e6
    world.provider.meet("a", drop(billed=False), drop(logged=False))
    world.run()
    world.run(**CONSENT)
    world.provider.log_delay_s = -1e6
    for _ in range(2):
        result = world.run()
        assert (statuses(result), result.calls) == ({"a": "unknown"}, 0)
    assert [state for _, state, _ in world.attempts()] == ["failed", "unknown"]
    assert len(world.provider.calls) == 2
    senders = [call.context.run_id for call in world.provider.calls]
    rows = [row for rows in world.state.rows.values() for row in rows]
    assert [row.payer_run_id for row in rows] == senders, "each stays a call of the run that sent it"
    assert None not in [row.attempt.sent_at for row in rows]


def test_a_lost_call_is_found_behind_one_whose_pictures_are_gone(make_world) -> None:
    world = make_world(ONE)
    world.provider.log_delay_s = 1e6
    world.provider.meet("a", drop(), fetching(dead()))
    assert statuses(world.run()) == {"a": "unknown"}
    assert statuses(world.run(**CONSENT)) == {"a": "unknown"}, (
        "of the second all is known, of the first nothing"
    )
    world.provider.log_delay_s = -1e6
    result = world.run()
    assert (statuses(result), result.calls) == ({"a": "done"}, 0)


def test_a_call_that_cost_nothing_after_all_is_made_again_by_the_same_run(make_world) -> None:
    world = make_world(ONE)
    world.provider.log_delay_s = 1e6
    world.provider.meet("a", drop(billed=False))
    assert statuses(world.run()) == {"a": "unknown"}
    world.provider.log_delay_s = -1e6
    result = world.run()
    assert (statuses(result), result.calls) == ({"a": "done"}, 1)
    assert [row for row in world.attempts() if row[1] == "done"] == [("a", "done", 1)]


def test_a_plan_tells_what_was_paid_and_lost_since_a_run_pays_for_it_by_consent_alone(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", fetching(dead()))
    assert statuses(world.run()) == {"a": "failed"}
    (task,) = world.plan().tasks
    assert (task.reason, task.cost_usd.low, task.cost_usd.high > 0) == (Reason.LOST_PAID, 0, True)
    assert world.run().calls == 0
    assert statuses(world.run(**CONSENT)) == {"a": "done"}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(reject("moderation", billed=Billed.MAYBE), Reason.REFUSED_BEFORE), (reject("moderation"), Reason.NEW)],
)
def test_what_was_refused_and_perhaps_billed_is_asked_again_with_consent_alone(
    make_world, fault: Fault, reason: Reason
) -> None:
    world = make_world(ONE)
    world.provider.meet("a", fault)
    world.run()
    plan = world.plan()
    assert plan.tasks[0].reason is reason
    if reason is Reason.NEW:
        assert plan.totals.calls == (1, 1)
        assert statuses(world.run()) == {"a": "done"}
        return
    assert plan.totals.calls == (0, 1)
    result = world.run()
    assert (statuses(result), result.calls, len(world.provider.calls)) == ({"a": "failed"}, 0, 1)
    problem = result.tasks[0].problem
    assert problem.kind == "moderation"
    assert "refused before and may have been billed" in problem.message
    assert "--on-unknown retry" in problem.help
    assert statuses(world.run(**CONSENT)) == {"a": "done"}
    assert len(world.provider.calls) == 2


@pytest.mark.parametrize("why", ["no credit", "refused for good"])
def test_what_is_refused_when_asked_again_is_as_unknown_as_before(make_world, why: str) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", drop(), drop(), IN_VAIN[why])
    result = world.run(on_unknown=OnUnknown.RETRY)
    assert (result.status, statuses(result)) == (RunStatus.UNKNOWN, {"a": "unknown"})
    problem = result.tasks[0].problem
    assert problem.kind == "unknown-outcome"
    assert problem.message.startswith(f"said {IN_VAIN[why].error.kind}; before that: said outcome-unknown")
    assert "2 of its calls may have been billed (up to $0.08 together)" in problem.message
    assert problem.help.endswith("run again with --on-unknown retry to consent to paying again")


def test_every_run_says_how_much_of_a_request_is_open(make_world) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", *[drop()] * 3)
    world.run(on_unknown=OnUnknown.RETRY)
    said = world.run().tasks[0].problem.message
    assert "3 of its calls may have been billed (up to $0.12 together)" in said


def test_a_refusal_that_may_have_been_billed_counts_and_is_not_forgotten(make_world) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", drop(), drop(), reject("moderation", billed=Billed.MAYBE))
    first = world.run(on_unknown=OnUnknown.RETRY).tasks[0].problem
    assert first.message.startswith("said moderation; before that: said outcome-unknown")
    assert first.message.count("said moderation") == 1
    second = world.run().tasks[0].problem
    assert "Asked again, it was refused: said moderation. " in second.message
    assert second.help.startswith("change what it asks for; or look at the provider's log")
    for problem in (first, second):
        assert "3 of its calls may have been billed (up to $0.12 together)" in problem.message
    assert len(world.provider.calls) == 3


def test_a_refused_call_before_it_is_no_call_that_may_have_been_billed(make_world) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", refuse(after_s=1), drop())
    said = world.run().tasks[0].problem.message
    assert "It may have been billed (up to $0.04)" in said


def test_a_budget_that_ends_the_repeats_leaves_what_is_open_unknown(make_world) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", drop(), drop())
    budgets = (Budget("run", Decimal("0.08")),)
    result = world.run(on_unknown=OnUnknown.RETRY, budgets=budgets)
    assert (result.status, statuses(result)) == (RunStatus.UNKNOWN, {"a": "unknown"})
    assert len(world.provider.calls) == 2


@pytest.mark.parametrize(("billed", "remedy"), [(Billed.MAYBE, Remedy.CONSENT), (Billed.NO, Remedy.RUN)])
def test_what_may_pass_and_was_perhaps_billed_waits_for_consent_and_not_for_another_run(
    make_world, billed: Billed, remedy: Remedy
) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", reject("generation-failed", billed=billed))
    result = world.run()
    assert result.tasks[0].problem.remedy is remedy
    assert result.left.calls == ((0, 1) if remedy is Remedy.CONSENT else (1, 1))


def test_consent_without_room_in_the_budget_is_told_of_the_budget(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", drop(logged=False))
    world.run()
    result = world.run(budgets=(Budget("project", Decimal("0.04")),), **CONSENT)
    (task,) = result.tasks
    assert (statuses(result), len(world.provider.calls)) == ({"a": "unknown"}, 1)
    assert "the budget has no room" in task.problem.help
    assert "--on-unknown" not in task.problem.help


def test_consent_without_room_for_any_of_many_is_told_of_the_budget_by_each(make_world) -> None:
    world = make_world(CROWD)
    world.provider.meet("", *[drop(logged=False)] * 6)
    assert world.run(most_in_flight=6).status is RunStatus.UNKNOWN
    result = world.run(most_in_flight=6, budgets=(Budget("run", Decimal("0.02")),), **CONSENT)
    helps = [task.problem.help for task in result.tasks if task.problem is not None]
    assert len(helps) == 6
    assert all("the budget has no room" in str(one) for one in helps)
    assert len(world.provider.calls) == 6
