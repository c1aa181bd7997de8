"""What follows each way in which a call can go: what is asked again, how often, how soon, and what it counts as having cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from world import (
    Fault,
    dead,
    drop,
    fetching,
    garble,
    refuse,
    reject,
    slow,
    statuses,
    stop,
)

from seedflow.errors import Billed
from seedflow.run.events import EventKind
from seedflow.run.options import OnUnknown
from seedflow.run.retry import RetryPolicy
from seedflow.run.status import RunStatus

ONE = "steps: {a: {generate: {prompt: One}}}"
SET = "steps: {a: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 5}}}"
MANY = """
inputs: {numbers: {type: list, of: integer, default: [1, 2, 3, 4, 5, 6, 7, 8]}}
steps:
  page:
    for_each: {n: "{{ inputs.numbers }}"}
    generate: {prompt: "Page {{ each.n }}"}
"""
CONSENT = {"on_unknown": OnUnknown.RETRY}
PRICE = Decimal("0.04")


@pytest.mark.parametrize("kind", ["rate-limited", "overloaded", "api-blocked"])
@pytest.mark.parametrize("inside", [False, True], ids=["refused", "in-an-answer"])
def test_what_means_too_many_calls_is_waited_for_as_long_as_the_server_says(make_world, kind, inside) -> None:
    world = make_world(ONE)
    world.provider.meet("a", refuse(kind, 30, inside=inside), refuse(kind, 30, inside=inside))
    result = world.run()
    assert statuses(result) == {"a": "done"}
    assert world.took_s >= 60
    assert (result.calls, result.cost_usd, world.provider.paid_images) == (3, PRICE, 1)


@pytest.mark.parametrize("kind", ["rate-limited", "overloaded", "api-blocked"])
def test_what_means_too_many_calls_slows_all_tasks_down(make_world, kind) -> None:
    world = make_world(MANY)
    for number in range(1, 5):
        world.provider.meet(f"page[n={number}]", refuse(kind, 100))
    world.run(most_in_flight=4)
    windows = [event["in_flight"] for event in world.data(EventKind.LIMIT_CHANGED)]
    assert min(windows) == windows[0] == 2, "four calls that hit the limit together halve the window once"
    assert world.took_s >= 100
    assert world.provider.most_in_flight == 4


def test_a_provider_that_cannot_be_reached_was_never_sent_anything(make_world) -> None:
    world = make_world(ONE, unreachable=True)
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "failed"}, 0, 0)
    assert world.kinds("a") == ["task-planned", "task-started", *["call-retried"] * 7, "task-finished"]
    assert world.attempts() == [("a", "failed", 1)]


def test_other_failures_slow_nobody_down(make_world) -> None:
    world = make_world(MANY)
    world.provider.meet("", refuse("not-sent"), drop(billed=False))
    assert world.run().status is RunStatus.DONE
    assert world.data(EventKind.LIMIT_CHANGED) == []


@pytest.mark.parametrize(
    "fault",
    [refuse("busy"), refuse(inside=True), drop(billed=False), garble(billed=False)],
    ids=["refused", "refused-in-an-answer", "not-billed-by-the-log", "garbage-not-billed-by-the-log"],
)
def test_what_is_never_billed_is_asked_a_bounded_number_of_times_with_growing_waits(
    make_world, fault
) -> None:
    world = make_world(ONE)
    world.provider.meet("a", *[fault] * 50)
    result = world.run(retry=RetryPolicy(most_calls=6))
    assert statuses(result) == {"a": "failed"}
    assert (result.calls, len(world.provider.calls)) == (6, 6)
    waits = [float(str(event["wait_s"])) for event in world.data(EventKind.CALL_RETRIED)]
    assert sum(waits) > 0.5
    assert (result.cost_usd, world.provider.bill) == (0, [])
    assert world.attempts() == [("a", "failed", 1)]


def test_a_repeat_keeps_intent_and_attempt_and_gives_the_same_picture(make_world) -> None:
    world = make_world(ONE)
    expected = world.run().tasks[0].images[0].facts.digest
    other = make_world(ONE)
    other.state = type(other.state)(other.folder / "other")
    other.provider.meet("a", refuse(), drop(billed=False), garble(), refuse("overloaded", inside=True))
    result = other.run()
    assert result.tasks[0].images[0].facts.digest == expected
    contexts = [request.context for request in other.provider.calls]
    assert len({context.intent_id for context in contexts}) == 1
    assert {context.attempt for context in contexts} == {1}


@pytest.mark.parametrize("fault", [drop(), garble(billed=True)], ids=["dropped", "garbled"])
def test_a_lost_answer_is_taken_from_the_log_and_paid_once(make_world, fault) -> None:
    world = make_world(SET)
    world.provider.meet("a", fault)
    result = world.run()
    assert statuses(result) == {"a": "done"}
    assert (result.calls, result.cost_usd, len(world.provider.bill)) == (1, 5 * PRICE, 1)


def test_an_entry_that_appears_late_is_waited_for(make_world) -> None:
    world = make_world(ONE, log_delay_s=20)
    world.provider.meet("a", drop())
    assert statuses(world.run()) == {"a": "done"}
    assert 20 <= world.took_s <= 30


def test_an_entry_that_does_not_appear_is_not_waited_for_beyond_the_bound(make_world) -> None:
    world = make_world(ONE, log_delay_s=1000)
    world.provider.meet("a", drop())
    assert statuses(world.run(reconcile_for_s=7)) == {"a": "unknown"}
    assert 7 <= world.took_s <= 9


def test_absence_in_the_log_proves_nothing(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", drop(billed=False, logged=False))
    result = world.run()
    assert (statuses(result), result.status, len(world.provider.calls)) == (
        {"a": "unknown"},
        RunStatus.UNKNOWN,
        1,
    )


def test_garbage_that_the_log_has_as_well_stays_unknown(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", Fault(garbled=True, logs_garbage=True))
    assert statuses(world.run()) == {"a": "unknown"}


def test_an_unknown_outcome_is_not_asked_again_without_consent_and_counts_as_spent(make_world) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", drop())
    first, second = world.run(), world.run()
    assert [statuses(run) for run in (first, second)] == [{"a": "unknown"}] * 2
    assert [run.cost_usd for run in (first, second)] == [PRICE, 0], "the second run spent nothing"
    assert len(world.provider.calls) == 1


def test_with_consent_it_is_asked_again_under_the_same_number_for_the_same_picture(make_world) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", drop())
    result = world.run(**CONSENT)
    assert statuses(result) == {"a": "done"}
    assert world.attempts() == [("a", "unknown", 1), ("a", "done", 1)]
    assert (result.calls, result.cost_usd) == (2, 2 * PRICE), (
        "what is unknown counts as spent in the run's sum"
    )
    calm = make_world(ONE)
    calm.state = type(calm.state)(calm.folder / "calm")
    assert calm.run().tasks[0].images[0].facts.digest == result.tasks[0].images[0].facts.digest


def test_consent_is_for_a_bounded_number_of_repeats(make_world) -> None:
    world = make_world(ONE, log=False)
    world.provider.meet("a", *[drop()] * 20)
    result = world.run(**CONSENT)
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "unknown"}, 3, 3 * PRICE)
    assert world.run().calls == 0


@pytest.mark.parametrize(("billed", "cost"), [(Billed.NO, 0), (Billed.MAYBE, 5 * PRICE)])
def test_a_refusal_for_good_ends_the_task_and_counts_what_it_may_have_cost(make_world, billed, cost) -> None:
    world = make_world(SET)
    world.provider.meet("a", reject("moderation", billed=billed))
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "failed"}, 1, cost)


@pytest.mark.parametrize("inside", [False, True], ids=["refused", "in-an-answer"])
def test_when_no_call_can_succeed_no_further_one_is_made(make_world, inside) -> None:
    world = make_world(MANY)
    world.provider.meet("", *[stop("bad-token", inside=inside)] * 50)
    result = world.run(most_in_flight=2)
    assert len(world.provider.calls) == 2, "only what was in flight already"
    assert sorted(statuses(result).values()) == ["cancelled"] * 6 + ["failed"] * 2
    assert [problem.kind for problem in result.problems] == ["bad-token"]
    assert (result.status, result.calls) == (RunStatus.FAILED, 2)
    world.provider.faults.clear()
    assert world.run().status is RunStatus.DONE


def test_an_image_that_cannot_be_fetched_now_is_fetched_by_the_next_run_for_nothing(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", fetching(*[slow()] * 5))
    result = world.run()
    assert (statuses(result), result.tasks[0].problem.kind) == ({"a": "failed"}, "not-fetched")
    assert result.cost_usd == PRICE
    again = world.run()
    assert (statuses(again), again.calls, again.cost_usd) == ({"a": "done"}, 0, 0)
    assert len(world.provider.bill) == 1


def test_two_tasks_with_one_request_whose_image_cannot_be_fetched_both_end(make_world) -> None:
    world = make_world("steps:\n  a: {generate: {prompt: Same}}\n  b: {generate: {prompt: Same}}")
    world.provider.meet("a", fetching(*[slow()] * 5))
    assert statuses(world.run()) == {"a": "failed", "b": "failed"}
    assert statuses(world.run()) == {"a": "done", "b": "reused"}
    assert len(world.provider.bill) == 1


def test_a_passing_trouble_in_fetching_is_overcome(make_world) -> None:
    world = make_world(SET)
    world.provider.meet("a", fetching(slow(), slow()))
    assert statuses(world.run()) == {"a": "done"}
    assert world.provider.pictures() == world.stored()


def test_a_dead_address_is_lost_and_paid_again_only_with_consent(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", fetching(dead()))
    for cost in (PRICE, 0):
        result = world.run()
        assert (statuses(result), result.tasks[0].problem.kind, result.cost_usd) == (
            {"a": "failed"},
            "lost-paid",
            cost,
        )
    assert len(world.provider.calls) == 1
    result = world.run(**CONSENT)
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 1, PRICE)
    assert world.attempts() == [("a", "lost-paid", 1), ("a", "done", 1)]


def test_a_lost_set_counts_the_images_that_it_had_and_not_those_it_might_have_had(make_world) -> None:
    world = make_world(SET, sets="min")
    world.provider.meet("a", fetching(dead()))
    assert world.run().cost_usd == PRICE
    store = world.open_store()
    assert sum(store.spent_usd(run) for run in world.state.runs) == PRICE


def test_a_picture_that_does_not_decode_is_fetched_once_more(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", fetching(b"half a pict"))
    assert statuses(world.run()) == {"a": "done"}


def test_a_paid_picture_that_never_decodes_is_kept_apart_and_bought_again_only_with_consent(
    make_world,
) -> None:
    world = make_world(ONE)
    world.provider.meet("a", fetching(b"noise", b"noise"))
    result = world.run()
    assert (statuses(result), result.cost_usd) == ({"a": "failed"}, PRICE)
    assert [path.read_bytes() for path in (world.folder / "blobs/rejected").iterdir()] == [b"noise"]
    assert statuses(world.run()) == {"a": "failed"}
    assert statuses(world.run(on_unknown=OnUnknown.RETRY)) == {"a": "done"}
    assert world.attempts() == [("a", "lost-paid", 1), ("a", "done", 1)]


def test_a_failure_that_was_paid_is_shared_by_all_tasks_with_that_request(make_world) -> None:
    world = make_world(
        """
steps:
  a: {generate: {prompt: Same}}
  late: {generate: {prompt: Later}}
  b: {generate: {prompt: Same}, needs: [late]}
"""
    )
    world.provider.meet("a", fetching(b"noise", b"noise"))
    plan = world.plan()
    result = world.run()
    assert statuses(result) == {"a": "failed", "late": "done", "b": "failed"}
    assert "the same request as a" in str(result.tasks[2].problem.message)
    assert result.cost_usd == 2 * PRICE <= plan.totals.cost_usd.high


def test_the_sum_of_a_run_is_what_the_ledger_counts_for_it(make_world) -> None:
    world = make_world(MANY, log=False)
    world.provider.meet("page[n=1]", drop())
    world.provider.meet("page[n=2]", reject("moderation", billed=Billed.MAYBE))
    world.provider.meet("page[n=3]", fetching(dead()))
    world.provider.meet("page[n=4]", refuse(), garble(billed=True))
    world.provider.meet("page[n=5]", fetching(*[slow()] * 5))
    result = world.run()
    assert world.open_store().spent_usd(result.run_id) == result.cost_usd
