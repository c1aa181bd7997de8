"""A run takes up whatever an earlier one left in the ledger, pays only for what was never paid, and says whose money it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from world import World, dead, digest, fetching, garble, refuse, slow, statuses

from seedflow.images.inspect import inspect_image
from seedflow.providers.base import Answer, CallContext, GenerateRequest
from seedflow.run.options import OnUnknown
from seedflow.run.perform import build_record
from seedflow.run.status import RunStatus
from seedflow.store.base import Budget, Granted, StoredImage

ONE = "steps: {a: {generate: {prompt: One}}}"
PAIR = "steps:\n  a: {generate: {prompt: One}}\n  b: {generate: {prompt: Two}}"
PRICE = Decimal("0.04")


class Dead:
    """What a run that was killed left behind for one task."""

    def __init__(self, world: World, address: str = "a") -> None:
        self.world = world
        self.store = world.open_store()
        self.store.begin_run("dead", "r", "emulated")
        self.task = next(task for task in world.plan().tasks if task.address == address)
        claim = self.store.claim("dead", build_record(self.task, "emulated", "r"), PRICE, ())
        assert isinstance(claim, Granted)
        self.intent = claim.attempt.intent_id

    def send(self, **what: Any) -> Answer:
        """The request went out; gives the answer that it got."""
        self.store.mark_sending(self.intent, ())
        context = CallContext("dead", self.task.address, 1, 1, self.intent)
        request = GenerateRequest(self.task.model, self.task.params, "image_input", (), context)
        return self.world.provider.answer(request, **what)

    def answer(self) -> Answer:
        answer = self.send()
        self.store.mark_answered(self.intent, answer.raw, PRICE)
        return answer

    def kill(self) -> None:
        self.store.close()


def test_what_was_reserved_is_asked_for_this_runs_money(make_world) -> None:
    world = make_world(ONE)
    Dead(world).kill()
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 1, PRICE)
    assert world.attempts() == [("a", "done", 1)]


def test_what_was_sent_and_answered_is_taken_from_the_log_for_nothing(make_world) -> None:
    world = make_world(ONE)
    left = Dead(world)
    left.send()
    left.kill()
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 0, 0)
    assert world.provider.pictures() == world.stored()
    assert world.open_store().spent_usd("dead") == PRICE


def test_what_was_sent_and_failed_at_no_cost_is_asked_for_this_runs_money(make_world) -> None:
    world = make_world(ONE)
    left = Dead(world)
    left.send(billed=False)
    left.kill()
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 1, PRICE)
    assert world.open_store().spent_usd("dead") == 0
    first, second = (row for rows in world.state.rows.values() for row in rows)
    assert (first.attempt.failure, first.payer_run_id, first.attempt.sent_at is None) == (
        "not-billed", "dead", False
    ), "it stays a call of the run that sent it"  # fmt: skip # short enough for one row
    assert second.payer_run_id != "dead"


def test_what_was_sent_and_is_not_in_the_log_stays_unknown_until_somebody_consents(make_world) -> None:
    world = make_world(ONE)
    left = Dead(world)
    left.send(billed=False, logged=False)
    left.kill()
    for _ in range(2):
        result = world.run()
        assert (statuses(result), result.status, result.cost_usd) == ({"a": "unknown"}, RunStatus.UNKNOWN, 0)
    result = world.run(on_unknown=OnUnknown.RETRY)
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 1, PRICE)
    assert world.attempts() == [("a", "unknown", 1), ("a", "done", 1)]


def test_what_was_answered_is_fetched_without_a_call(make_world) -> None:
    world = make_world(ONE)
    left = Dead(world)
    left.answer()
    left.kill()
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 0, 0)
    assert world.open_store().spent_usd("dead") == PRICE


def test_what_was_answered_with_garbage_is_looked_up_in_the_log(make_world) -> None:
    world = make_world(ONE)
    left = Dead(world)
    left.send()
    left.store.mark_answered(left.intent, b"<html>", PRICE)
    left.kill()
    result = world.run()
    assert (statuses(result), result.calls, len(world.provider.bill)) == ({"a": "done"}, 0, 1)


def test_what_was_answered_with_a_failure_that_cost_nothing_is_asked_again(make_world) -> None:
    world = make_world(ONE)
    left = Dead(world)
    left.send(billed=False)
    left.store.mark_answered(left.intent, b'{"failed": "overloaded"}', PRICE)
    left.kill()
    world.provider.said["overloaded"] = refuse("overloaded").error
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 1, PRICE)


def test_what_was_answered_for_nothing_is_not_counted_as_paid(make_world) -> None:
    world = make_world(ONE)
    left = Dead(world)
    answer = left.send()
    left.store.mark_answered(left.intent, answer.raw, Decimal(0))
    left.kill()
    assert statuses(world.run()) == {"a": "done"}
    assert world.open_store().spent_usd("dead") == 0


def test_what_was_answered_and_has_died_since_is_lost_and_reported(make_world) -> None:
    world = make_world(ONE)
    left = Dead(world)
    world.provider.fetches = (dead(),)
    left.answer()
    left.kill()
    for _ in range(2):
        result = world.run()
        assert (result.tasks[0].problem.kind, result.calls, result.cost_usd) == ("lost-paid", 0, 0)
    assert statuses(world.run(on_unknown=OnUnknown.RETRY)) == {"a": "done"}


@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_a_picture_that_went_from_the_store_is_fetched_again_for_nothing(make_world, damage) -> None:
    world = make_world(ONE)
    path = world.run().tasks[0].images[0].path
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[:-1] + (b"" if damage == "cut" else b"x"))
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "done"}, 0, 0)
    assert path.read_bytes() == whole


def test_money_is_waited_for_also_when_what_was_left_has_to_be_sent_again(make_world) -> None:
    """Found not billed, it is asked for this run's money, and there may be no room: that stops the run and is no bug."""
    world = make_world(PAIR)
    left = Dead(world, "b")
    left.send(billed=False)
    left.kill()
    result = world.run(budgets=(Budget("run", PRICE),))
    assert (statuses(result), result.status) == ({"a": "done", "b": "cancelled"}, RunStatus.STOPPED)
    assert ("b", "failed", 1) in world.attempts()
    assert statuses(world.run()) == {"a": "reused", "b": "done"}
    assert len(world.provider.bill) == 2


def test_an_address_of_an_earlier_run_is_never_sent_as_a_reference(make_world) -> None:
    world = make_world(
        'steps:\n  a: {generate: {prompt: One}}\n  b: {generate: {prompt: Two, image_input: ["{{ steps.a.images[0] }}"]}}'
    )
    left = Dead(world)
    left.answer()
    left.kill()
    assert statuses(world.run()) == {"a": "done", "b": "done"}
    assert [type(sent).__name__ for sent in world.provider.calls[-1].references] == ["WireFile"]


def test_an_address_of_this_run_may_be_sent_as_a_reference(make_world) -> None:
    world = make_world(
        'steps:\n  a: {generate: {prompt: One}}\n  b: {generate: {prompt: Two, image_input: ["{{ steps.a.images[0] }}"]}}'
    )
    world.run()
    assert [type(sent).__name__ for sent in world.provider.calls[-1].references] == ["WireUrl"]


def test_another_run_at_work_is_waited_for(make_world) -> None:
    world = make_world(ONE)
    other = Dead(world)
    other.answer()

    def finish() -> None:
        path = other.store.new_blob_path()
        (data,) = world.provider.pictures_by_url.values()
        path.write_bytes(data)
        facts = inspect_image(path, decode=True)
        image = StoredImage(1, facts, other.store.keep_blob(path, facts))
        other.store.mark_done(other.intent, [image], PRICE)

    world.at(5.0, finish)
    result = world.run()
    assert (statuses(result), result.calls) == ({"a": "reused"}, 0)
    assert 5 <= world.took_s <= 6.1
    assert (
        digest(next(iter(world.provider.pictures_by_url.values()))) == result.tasks[0].images[0].facts.digest
    )
    other.store.close()


def test_another_run_that_dies_at_work_is_taken_over(make_world) -> None:
    world = make_world(ONE)
    other = Dead(world)
    other.answer()
    world.at(3.0, other.kill)
    result = world.run()
    assert (statuses(result), result.calls, len(world.provider.bill)) == ({"a": "done"}, 0, 1)


def test_garbage_now_and_then_never_ends_what_can_be_had(make_world) -> None:
    world = make_world(PAIR)
    world.provider.meet("", garble(), fetching(slow()), garble(billed=True), refuse())
    assert statuses(world.run()) == {"a": "done", "b": "done"}
    world.assert_nothing_paid_twice()


def test_what_was_stored_once_and_is_lost_for_good_is_planned_as_lost(make_world) -> None:
    world = make_world(
        "steps:\n  a: {takes: 2, generate: {prompt: A}}\n  b: {generate: {prompt: B, image_input: '{{ steps.a.images }}'}}\n"
    )
    made = {task.address: task.images for task in world.run().tasks}
    made["a#2"][0].path.unlink()

    async def find_nothing(*_: object) -> None:
        raise dead()

    world.provider.fetch = find_nothing
    result = {task.address: task.problem and task.problem.kind for task in world.run().tasks}
    assert (result["a#2"], result["b"]) == ("lost-paid", "blocked")
    world.text = world.text.replace("takes: 2", "takes: 3")
    plan = world.plan()
    assert [(task.address, task.reason.value) for task in plan.tasks][:3] == [
        ("a", "stored"),
        ("a#2", "lost-paid"),
        ("a#3", "new"),
    ]
    assert plan.totals.calls == (1, 3)
