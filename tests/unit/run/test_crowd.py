"""Hundreds of tasks against limits of the service: everybody waits, all come through, and hardly a call is in vain."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise

import pytest
from world import World, dead, drop, fetching, refuse, reject, slow, statuses, stop

from seedflow.errors import Billed
from seedflow.providers.options import Pace
from seedflow.run.events import EventKind
from seedflow.run.retry import RetryPolicy
from seedflow.run.status import Remedy, RunStatus, TaskStatus

CROWD = """
inputs: {most: {type: integer, default: 1000}}
steps:
  page:
    for_each: {n: "{{ range(1, inputs.most + 1) }}"}
    generate: {prompt: "Page {{ each.n }}"}
"""
PAIR = """
steps:
  first: {generate: {prompt: One}}
  second: {generate: {prompt: "Two", image_input: "{{ steps.first.images }}"}}
"""
GATEWAY = Pace(200, 60.0)


def test_a_thousand_tasks_come_through_the_limit_of_a_gateway_that_nobody_told_of(make_world) -> None:
    world = make_world(CROWD)
    world.provider.pace = GATEWAY
    result = world.run(most_in_flight=64)
    assert result.status is RunStatus.DONE
    assert world.provider.paid_images == 1000
    assert len(world.provider.calls) <= 1.4 * 1000, "calls in vain"
    world.assert_nothing_paid_twice()


def test_a_pace_that_is_known_is_kept_without_a_call_in_vain(make_world) -> None:
    world = make_world(CROWD)
    world.provider.pace = GATEWAY
    result = world.run(most_in_flight=64, pace=GATEWAY)
    assert result.status is RunStatus.DONE
    assert len(world.provider.calls) == 1000
    told = world.data(EventKind.LIMIT_CHANGED)
    assert [event["in_flight"] for event in told] == [64] * 4, "once for each time that all wait"
    assert all(50 < float(str(event["hold_s"])) <= 61 for event in told)
    began = world.provider.began
    assert all(later - earlier > GATEWAY.within_s for earlier, later in zip(began, began[200:], strict=False))
    assert world.took_s < 6 * 61, "as fast as it allows"


def test_within_the_pace_nobody_waits(make_world) -> None:
    world = make_world(CROWD.replace("1000", "150"))
    world.run(most_in_flight=50, pace=GATEWAY)
    assert world.took_s < 10


def test_a_crowd_is_never_told_apart_from_its_unlucky_ones(make_world) -> None:
    """A task may be sent away more often than any one may be asked, as long as others come through."""
    world = make_world(CROWD.replace("1000", "40"))
    world.provider.meet("page[n=1]", *[refuse("rate-limited", 1)] * 30)
    result = world.run(most_in_flight=4, retry=RetryPolicy(most_calls=3, longest_standstill_s=600))
    assert set(statuses(result).values()) == {"done"}
    assert world.provider.paid_images == 40


def test_a_standstill_of_the_whole_run_ends_it_for_all(make_world) -> None:
    world = make_world(CROWD.replace("1000", "100"))
    world.provider.meet("", *[refuse("overloaded", 60)] * 100_000)
    result = world.run(most_in_flight=4, retry=RetryPolicy(longest_standstill_s=1800))
    assert result.status is RunStatus.FAILED
    assert 1800 <= world.took_s <= 3600
    assert len(world.provider.calls) < 200, "the service is not hammered"
    assert (result.cost_usd, world.provider.bill) == (0, [])
    assert result.left is not None
    assert result.left.calls == (100, 100)


def test_a_long_block_ends_the_run_and_is_told(make_world) -> None:
    world = make_world(CROWD.replace("1000", "100"))
    world.provider.meet("", *[refuse("api-blocked", 7200)] * 100)
    result = world.run(most_in_flight=1)
    assert len(world.provider.calls) == 1
    assert [(problem.kind, problem.help) for problem in result.problems] == [
        (
            "api-blocked",
            "run again in 120 min, when the provider takes calls again: what is stored is not asked again",
        )
    ]


@pytest.mark.parametrize("fault", [refuse("api-blocked", 7200), stop()], ids=["long-wait", "no-credit"])
def test_nothing_is_sent_once_a_refusal_has_ended_the_run(make_world, fault) -> None:
    """Neither what waits for a place nor what is about to connect; what is in flight is finished."""
    world: World = make_world(CROWD.replace("1000", "40"))
    world.provider.connect_s = 0.5
    world.provider.meet("page[n=3]", fault)
    refused_at_s = 1.5
    sent_s = []

    def note(context) -> None:
        sent_s.append(asyncio.get_running_loop().time())
        # The others end a little before it, so that those after them are about to connect when it is refused.
        world.provider.latency_s = 1.0 if context.address == "page[n=3]" else 0.8

    world.provider.on_call = note
    result = world.run(most_in_flight=4)
    assert len(result.problems) == 1
    assert sent_s
    assert all(moment_s < refused_at_s for moment_s in sent_s)
    ended = statuses(result)
    assert list(ended.values()).count("done") == len(sent_s) - 1
    assert list(ended.values()).count("cancelled") == 40 - len(sent_s)
    assert {state for _, state, _ in world.attempts()} <= {"done", "failed", "reserved"}


def test_calls_that_wait_for_the_limit_begin_at_a_distance_and_not_all_at_once(make_world) -> None:
    world: World = make_world(CROWD.replace("1000", "60"))
    world.provider.pace = Pace(10, 60.0)
    world.run(most_in_flight=16)
    retried = [float(str(event["wait_s"])) for event in world.data(EventKind.CALL_RETRIED)]
    assert all(wait_s >= 60 for wait_s in retried)
    assert len(set(retried)) > len(retried) / 2, "full jitter"
    held = [float(str(event["hold_s"])) for event in world.data(EventKind.LIMIT_CHANGED)]
    assert max(held) >= 60
    assert any(later < earlier for earlier, later in pairwise(held)), "the hold ends"


def test_what_a_stopped_run_did_not_come_to_is_told_with_its_cost(make_world) -> None:
    world = make_world(PAIR)
    world.provider.meet("first", refuse("api-blocked", 7200))
    left = world.run().left
    assert left is not None
    assert (left.tasks, left.calls) == ((2, 2), (2, 2))
    assert world.run().left is None


@pytest.mark.parametrize("kind", ["bad-request", "moderation"])
def test_what_was_refused_for_nothing_is_left_with_what_it_blocked_and_need_not_be_asked(
    make_world, kind
) -> None:
    world = make_world(PAIR)
    world.provider.meet("first", reject(kind))
    result = world.run()
    assert result.left is not None
    assert (result.left.tasks, result.left.calls) == ((2, 2), (0, 2))
    assert [task.problem.remedy for task in result.tasks if task.status is TaskStatus.FAILED] == [
        Remedy.CHANGE
    ]


def test_what_was_refused_and_perhaps_billed_is_left_as_perhaps_asked_with_what_it_blocked(
    make_world,
) -> None:
    world = make_world(PAIR)
    world.provider.meet("first", reject("moderation", billed=Billed.MAYBE))
    for _ in range(2):  # by the run that was refused, and by the next one
        left = world.run().left
        assert left is not None
        assert (left.tasks, left.calls) == ((2, 2), (0, 2))


def test_what_nobody_knows_of_is_left_at_what_it_may_cost(make_world) -> None:
    world = make_world(PAIR)
    world.provider.meet("first", drop(logged=False))
    left = world.run().left
    assert left is not None
    assert (left.tasks, left.calls, left.cost_usd) == ((2, 2), (0, 2), (0, Decimal("0.08")))


def test_what_uses_a_picture_that_is_still_to_be_fetched_is_left_and_need_not_be_asked(make_world) -> None:
    world = make_world(PAIR)
    world.provider.meet("first", fetching(*[slow()] * 6))
    left = world.run().left
    assert left is not None
    assert (left.tasks, left.calls) == ((1, 1), (0, 1))


def test_of_a_request_that_two_steps_share_either_may_be_left_to_pay_for_it(make_world) -> None:
    world = make_world(
        "steps:\n  base: {generate: {prompt: Base}}\n  early: {generate: {prompt: Same}}\n"
        "  late: {needs: [base], generate: {prompt: Same}}\n"
    )
    for asked in ("early", "late"):  # the deeper step comes first once what it waits for is stored
        world.provider.meet(asked, reject())
        result = world.run()
        assert {task.address: task.calls for task in result.tasks if task.status is TaskStatus.FAILED} == {
            "early": int(asked == "early"),
            "late": int(asked == "late"),
        }
        assert result.left is not None
        assert (result.left.calls, result.left.cost_usd.high) == ((0, 1), Decimal("0.04"))
    assert world.run().left is None


def test_what_was_paid_in_vain_is_not_counted_as_left_nor_what_it_blocked(make_world) -> None:
    world = make_world(PAIR)
    world.provider.meet("first", fetching(dead()))
    assert world.run().left is None


@pytest.mark.parametrize(("fault", "least"), [(reject("bad-request"), 0), (refuse("api-blocked", 7200), 1)])
def test_a_further_attempt_that_was_refused_for_nothing_is_left(make_world, fault, least: int) -> None:
    world = make_world(
        "steps: {a: {generate: {prompt: One}, expect: {min_width: 9000, otherwise: retry, attempts: 2}}}"
    )
    world.provider.meet("a", fetching(), fault)
    result = world.run()
    assert (world.provider.paid_images, result.status) == (1, RunStatus.FAILED)
    assert result.left is not None
    assert result.left.calls == (least, 1)
    assert result.left.cost_usd == (least * Decimal("0.04"), Decimal("0.04"))
    assert world.plan().totals.calls == (1, 1)
    world.run()
    assert world.provider.paid_images == 2
    assert world.run().left is None


GOING_ON = """
steps:
  s: {for_each: {w: [a, b]}, generate: {prompt: "s {{ each.w }}"}}
  d: {for_each: {p: "{{ succeeded(steps.s.images) }}"}, generate: {prompt: d, image_input: "{{ each.p }}"}}
  n: {generate: {prompt: n, image_input: "{{ succeeded(steps.s.images) }}"}}
"""


def test_what_went_on_without_what_failed_may_be_asked_again_with_it(make_world) -> None:
    world = make_world(GOING_ON)
    world.provider.meet("s[w=a]", reject("bad-request"))
    left = world.run().left
    assert left is not None
    assert left.calls == (0, 3)
    assert world.plan().totals.calls == (1, 3)
    before = len(world.provider.calls)
    assert world.run().left is None
    assert len(world.provider.calls) - before == 3
