"""`expect` while running: attempts are paid one by one, never twice, and what was rejected is kept and used by nobody."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from expectations import expecting, make
from world import drop, reject

from seedflow.plan.expect import Expectation
from seedflow.recipe.model import Otherwise
from seedflow.run.events import EventKind
from seedflow.run.options import OnUnknown
from seedflow.store.base import Budget
from seedflow.store.memory import MemoryStore

FOX = """
steps:
  fox: {generate: {prompt: a fox, size: 2K, sequential_image_generation: auto, max_images: 3}}
"""
TWICE = f"""{FOX}
  again: {{generate: {{prompt: a fox, size: 2K, sequential_image_generation: auto, max_images: 3}}}}
"""
PRICE = Decimal("0.04")


def expect(least_images=2, otherwise="retry", attempts=3):
    kind = Otherwise(otherwise)
    return Expectation(
        least_images=least_images, otherwise=kind, attempts=attempts if kind is Otherwise.RETRY else 1
    )


@pytest.fixture
def fox(tmp_path):
    """A world whose fox gives one picture with its first attempt, two with its second, and so on."""
    return make(tmp_path, FOX, fox=expect())


def assert_each_attempt_paid_once(world):
    paid = Counter((entry.fingerprint, entry.take, entry.attempt) for entry in world.provider.bill)
    assert set(paid.values()) <= {1}


def only(result):
    (task,) = result.tasks
    return task


def test_a_result_that_is_not_as_expected_is_followed_by_an_attempt_that_is(fox):
    task = only(fox.run())
    assert (task.status, task.attempt, len(task.images)) == ("done", 2, 2)
    assert (task.cost_usd, task.calls) == (3 * PRICE, 2)
    assert fox.attempts() == [("fox", "done", 1), ("fox", "done", 2)]
    assert fox.stored() == fox.provider.pictures(), "the rejected picture is kept"
    assert [sent["attempt"] for sent in fox.data(EventKind.CALL_SENT)] == [1, 2]
    (rejected,) = fox.data(EventKind.ATTEMPT_REJECTED)
    assert rejected == {
        "take": 1,
        "attempt": 1,
        "attempts": 3,
        "complaint": "it gave 1 image, and `expect` wants at least 2",
    }
    (finished,) = fox.data(EventKind.TASK_FINISHED)
    assert (finished["take"], finished["attempt"]) == (1, 2)


def test_a_further_run_judges_what_is_stored_and_asks_nothing(fox):
    first = only(fox.run())
    again = only(fox.run())
    assert (again.status, again.images, again.calls, again.cost_usd) == ("reused", first.images, 0, 0)
    assert len(fox.provider.calls) == 2


def test_a_take_that_is_not_as_expected_is_named_so_that_it_alone_is_asked_anew(tmp_path):
    text = "steps: {fox: {generate: {prompt: a fox}, takes: 2}}"
    world = make(tmp_path, text, **dict.fromkeys(("fox", "fox#2"), expect(9, attempts=1)))
    for _ in range(2):
        helps = {task.address: task.problem.help for task in world.run().tasks}
        assert list(helps) == ["fox", "fox#2"]
        assert "--reroll 'fox#1'" in helps["fox"]
        assert "--reroll 'fox#2'" in helps["fox#2"]


def test_attempts_that_are_used_up_stay_a_failure_that_costs_nothing_more(fox):
    expecting(fox, fox=expect(9, attempts=2))
    task = only(fox.run())
    assert (task.status, task.problem.kind, task.images) == ("failed", "unexpected", ())
    assert task.problem.message == (
        "none of 2 attempts was as expected; the last: it gave 2 images, and `expect` wants at least 9; "
        "all pictures are kept, and nothing uses them"
    )
    assert task.problem.help.endswith("--reroll 'fox'")
    assert (task.cost_usd, task.calls) == (3 * PRICE, 2)
    again = only(fox.run())
    assert (again.status, again.calls, again.cost_usd) == ("failed", 0, 0)
    assert again.problem.message == task.problem.message
    assert len(fox.provider.calls) == 2


def test_changing_what_is_expected_judges_stored_results_again_for_free(fox):
    expecting(fox, fox=expect(9, attempts=2))
    fox.run()
    expecting(fox, fox=expect(2, "fail"))
    task = only(fox.run())
    assert (task.status, task.attempt, task.calls) == ("reused", 2, 0)
    expecting(fox, fox=expect(3, attempts=3))
    task = only(fox.run())
    assert (task.status, task.attempt, task.calls, task.cost_usd) == ("done", 3, 1, 3 * PRICE)
    expecting(fox)
    assert only(fox.run()).attempt == 1


def test_failing_and_accepting_make_one_attempt_only(fox):
    expecting(fox, fox=expect(otherwise="fail"))
    task = only(fox.run())
    assert (task.status, task.cost_usd) == ("failed", PRICE)
    assert task.problem.message == (
        "it gave 1 image, and `expect` wants at least 2; its pictures are kept, and nothing uses them"
    )
    expecting(fox, fox=expect(otherwise="accept"))
    again = only(fox.run())
    assert (again.status, len(again.images), again.calls) == ("reused", 1, 0)
    assert len(fox.provider.calls) == 1


def test_accepting_uses_the_result_and_warns(tmp_path):
    world = make(tmp_path, FOX, fox=expect(otherwise="accept"))
    task = only(world.run())
    assert (task.status, task.warnings) == ("done", ("it gave 1 image, and `expect` wants at least 2",))
    assert task.cost_usd == PRICE


def test_each_attempt_needs_room_of_its_own(fox):
    result = fox.run(budgets=[Budget("run", 3 * PRICE)])
    task = only(result)
    assert (task.status, task.cost_usd, result.status) == ("cancelled", PRICE, "stopped")
    assert fox.attempts() == [("fox", "done", 1)]
    assert only(fox.run(budgets=[Budget("run", 3 * PRICE)])).attempt == 2
    assert_each_attempt_paid_once(fox)


def test_two_tasks_with_one_request_pay_once_for_each_attempt_whatever_they_expect(tmp_path):
    world = make(tmp_path, TWICE, fox=expect(3), again=expect(2))
    result = world.run()
    found = {task.address: (task.attempt, len(task.images)) for task in result.tasks}
    assert found == {"fox": (3, 3), "again": (2, 2)}
    assert result.cost_usd == (1 + 2 + 3) * PRICE
    assert_each_attempt_paid_once(world)


def test_a_task_without_an_expectation_is_content_with_the_first_attempt(tmp_path):
    world = make(tmp_path, TWICE, fox=expect(2))
    result = world.run()
    assert {task.address: task.attempt for task in result.tasks} == {"fox": 2, "again": 1}
    assert result.cost_usd == (1 + 2) * PRICE


class KilledError(Exception):
    """The process ended."""


def open_dying(state, method, number):
    """A store that writes nothing more once it is called in some way while the take has so many attempts."""
    store = MemoryStore(state)
    works = getattr(store, method)

    def die(*args, **options):
        if any(row.attempt.attempt >= number for rows in state.rows.values() for row in rows):
            raise KilledError
        return works(*args, **options)

    setattr(store, method, die)
    return store


@pytest.mark.parametrize(
    ("method", "number"),
    [
        *((method, number) for method in ("claim", "list_results") for number in (1, 2)),
        *(
            (method, number)
            for method in ("mark_sending", "mark_answered", "mark_done")
            for number in (1, 2, 3)
        ),
    ],
)
def test_killed_at_any_point_between_attempts_it_goes_on_with_what_is_there(tmp_path, method, number):
    world = make(tmp_path, FOX, fox=expect(3))
    ideal = make(tmp_path / "ideal", FOX, fox=expect(3))
    with pytest.raises(KilledError):
        world.run(store=open_dying(world.state, method, number))
    task = only(world.run())
    assert (task.status.has_images, task.attempt) == (True, 3)
    assert [image.facts for image in task.images] == [image.facts for image in only(ideal.run()).images]
    assert_each_attempt_paid_once(world)
    assert world.stored() == world.provider.pictures()
    again = only(world.run())
    assert (again.status, again.calls) == ("reused", 0)


def test_a_further_attempt_that_is_lost_is_found_in_the_log(fox):
    fox.provider.on_call = lambda context: context.attempt == 2 and fox.provider.meet("fox", drop())
    task = only(fox.run())
    assert (task.status, task.attempt, task.calls) == ("done", 2, 2)
    assert_each_attempt_paid_once(fox)


def test_an_unknown_further_attempt_is_not_asked_again_without_consent(fox):
    fox.provider.log = False
    sent = []
    fox.provider.on_call = lambda context: (
        sent.append(context.attempt)
        or (context.attempt == 2 and len(sent) == 2 and fox.provider.meet("fox", drop(logged=False)))
    )
    task = only(fox.run())
    assert (task.status, task.problem.kind) == ("unknown", "unknown-outcome")
    assert task.cost_usd == PRICE + 3 * PRICE, "at the most that it may cost"
    assert only(fox.run()).status == "unknown"
    assert sent == [1, 2]
    task = only(fox.run(on_unknown=OnUnknown.RETRY))
    assert (task.status, task.attempt, sent) == ("done", 2, [1, 2, 2])


def test_a_further_attempt_that_is_refused_fails_the_task_and_counts_what_was_paid(fox):
    fox.provider.on_call = lambda context: (
        context.attempt == 2 and fox.provider.meet("fox", reject("moderation"))
    )
    task = only(fox.run())
    assert (task.status, task.problem.kind, task.cost_usd, task.calls) == ("failed", "moderation", PRICE, 2)


def test_no_further_attempt_is_begun_once_somebody_asked_to_stop(fox):
    fox.provider.on_call = lambda context: fox.control.stop()
    task = only(fox.run())
    assert (task.status, task.calls, task.cost_usd) == ("cancelled", 1, PRICE)
    assert fox.attempts() == [("fox", "done", 1)]
    fox.provider.on_call = None
    assert only(fox.run()).attempt == 2
