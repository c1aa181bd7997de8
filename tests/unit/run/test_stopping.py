"""However a run is ended, what is in flight is finished or written down, nothing new is sent, and the end is told as it was."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from virtual_clock import run_virtually
from world import FakeProvider, Fault, drop, fetching, refuse, slow, statuses, stop

from seedflow.errors import ExitCode, StoreError
from seedflow.plan.planner import Planner
from seedflow.run.events import Event, EventKind
from seedflow.run.options import OnUnknown, RunControl
from seedflow.run.serialize import build_result_json
from seedflow.run.status import RunStatus, TaskStatus
from seedflow.store.base import Budget
from seedflow.store.memory import MemoryStore

ONE = "steps: {a: {generate: {prompt: One}}}"
MANY = """
inputs: {numbers: {type: list, of: integer, default: [1, 2, 3, 4, 5, 6, 7, 8]}}
steps:
  page:
    for_each: {n: "{{ inputs.numbers }}"}
    generate: {prompt: "Page {{ each.n }}"}
  cover: {generate: {prompt: Cover, image_input: ["{{ steps.page.images }}"]}}
"""
SETS = """
inputs: {numbers: {type: list, of: integer, default: [1, 2, 3, 4]}}
steps:
  page:
    for_each: {n: "{{ inputs.numbers }}"}
    generate: {prompt: "Page {{ each.n }}", sequential_image_generation: auto, max_images: 5}
"""
PRICE = Decimal("0.04")


def count(result, status: str) -> int:
    return list(statuses(result).values()).count(status)


def test_asked_once_it_finishes_what_is_in_flight_and_starts_nothing(make_world) -> None:
    world = make_world(MANY)
    world.at(0.5, lambda: world.control.stop())
    result = world.run(most_in_flight=3)
    assert (count(result, "done"), count(result, "cancelled")) == (3, 6)
    assert (result.status, result.exit_code) == (RunStatus.INTERRUPTED, ExitCode.INTERRUPTED)
    assert result.problems == ()
    assert len(world.provider.calls) == 3
    again = world.run()
    assert (again.status, count(again, "reused"), len(world.provider.bill)) == (RunStatus.DONE, 3, 9)


def test_asked_while_everybody_waits_for_a_rate_limit_it_ends_at_once(make_world) -> None:
    world = make_world(MANY)
    world.provider.meet("", *[refuse("api-blocked", 300)] * 3)
    world.at(10, lambda: world.control.stop())
    result = world.run(most_in_flight=3)
    assert world.took_s < 11
    assert (count(result, "cancelled"), result.calls) == (9, 3)


def test_asked_when_all_was_done_already_it_is_done(make_world) -> None:
    world = make_world(ONE)
    world.at(0.5, lambda: world.control.stop())
    assert world.run().status is RunStatus.DONE


def test_asked_twice_it_lets_go_and_what_was_in_flight_is_unknown_and_found_next_time(make_world) -> None:
    world = make_world(MANY)
    world.provider.latency_s = 100
    for moment_s in (1, 2):
        world.at(moment_s, lambda: world.control.stop())
    result = world.run(most_in_flight=3)
    assert world.took_s < 3
    assert (count(result, "unknown"), count(result, "cancelled")) == (3, 6)
    assert result.status is RunStatus.INTERRUPTED
    assert result.cost_usd == 3 * PRICE == world.open_store().spent_usd(result.run_id)
    assert [state for _, state, _ in world.attempts()].count("unknown") == 3
    world.provider.latency_s = 1
    assert world.run(reconcile_for_s=0).status is RunStatus.UNKNOWN, (
        "these calls were cut off before they were billed"
    )
    assert world.run(on_unknown=OnUnknown.RETRY).status is RunStatus.DONE


def test_asked_twice_while_fetching_the_answer_is_kept_and_nothing_is_unknown(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", fetching(slow(), slow(), slow()))
    for _ in range(2):
        world.at(1.1, lambda: world.control.stop())
    result = world.run()
    assert statuses(result) == {"a": "cancelled"}
    assert "answered and paid" in result.tasks[0].problem.message
    assert (result.status, result.cost_usd) == (RunStatus.INTERRUPTED, PRICE)
    assert world.attempts() == [("a", "answered", 1)]
    again = world.run()
    assert (statuses(again), again.calls, again.cost_usd) == ({"a": "done"}, 0, 0)


def test_asked_twice_while_the_log_is_asked_it_stays_unknown(make_world) -> None:
    world = make_world(ONE, log_delay_s=30)
    world.provider.meet("a", drop())
    for _ in range(2):
        world.at(10, lambda: world.control.stop())
    result = world.run()
    assert (statuses(result), result.status) == ({"a": "unknown"}, RunStatus.INTERRUPTED)
    assert world.took_s < 11
    world.provider.log_delay_s = -100
    assert statuses(world.run()) == {"a": "done"}
    assert len(world.provider.bill) == 1


def test_asked_twice_before_anything_was_sent_nothing_is_unknown(make_world) -> None:
    world = make_world(ONE)
    world.provider.meet("a", refuse("overloaded", 300))
    for _ in range(2):
        world.at(10, lambda: world.control.stop())
    result = world.run()
    assert (statuses(result), result.tasks[0].problem, result.cost_usd) == ({"a": "cancelled"}, None, 0)
    assert world.attempts() == [("a", "reserved", 1)]
    assert statuses(world.run()) == {"a": "done"}


def test_asked_twice_while_connecting_nothing_is_unknown(make_world) -> None:
    world = make_world(ONE, connect_s=50)
    for _ in range(2):
        world.at(10, lambda: world.control.stop())
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "cancelled"}, 0, 0)
    assert world.attempts() == [("a", "reserved", 1)]


def test_cancelled_from_outside_it_writes_down_what_was_in_flight(make_world) -> None:
    world = make_world(ONE)
    world.provider.latency_s = 100
    with pytest.raises(asyncio.CancelledError):
        world.run(cancel_at_s=1)
    assert world.attempts() == [("a", "unknown", 1)]


def test_when_the_account_is_empty_the_others_in_flight_are_kept(make_world) -> None:
    world = make_world(MANY)
    world.provider.meet("page[n=2]", stop())
    result = world.run(most_in_flight=3)
    assert (count(result, "done"), count(result, "failed"), len(world.provider.calls)) == (2, 1, 3)
    assert world.provider.pictures() == world.stored()
    assert (result.status, len(result.problems)) == (RunStatus.FAILED, 1)


def test_a_bug_in_one_task_lets_the_others_finish_and_then_surfaces(make_world) -> None:
    world = make_world(MANY)
    world.provider.meet("page[n=2]", Fault(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError):
        world.run(most_in_flight=3)
    assert len(world.provider.bill) == len(world.provider.calls) - 1 < 8, "nothing new was started"
    assert world.provider.pictures() == world.stored()
    assert [state for _, state, _ in world.attempts()].count("sending") == 1
    assert world.state.living == set(), "no claim is left to a run that has ended"


@pytest.mark.parametrize("method", ["settle", "advance"])
def test_a_bug_in_the_planner_lets_what_is_in_flight_finish(make_world, monkeypatch, method) -> None:
    world = make_world(MANY)
    healthy, calls = getattr(Planner, method), 0

    def ill(self, *args):
        nonlocal calls
        calls += 1
        if calls == 6:
            raise ZeroDivisionError("a bug")
        return healthy(self, *args)

    monkeypatch.setattr(Planner, method, ill)
    with pytest.raises(ZeroDivisionError):
        world.run(most_in_flight=2)
    assert len(world.provider.bill) == len(world.provider.calls) >= 3
    assert world.provider.pictures() == world.stored()


def test_a_watcher_with_a_bug_costs_no_answer(make_world) -> None:
    world = make_world(MANY)

    def watch(event: Event) -> None:
        if event.kind is EventKind.CALL_ANSWERED:
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        world.run(most_in_flight=2, emit=watch)
    assert world.provider.pictures() == world.stored()


def test_a_watcher_that_cannot_write_any_more_does_not_end_the_run(make_world) -> None:
    world = make_world(MANY)
    seen: list[Event] = []

    def watch(event: Event) -> None:
        seen.append(event)
        if event.kind is EventKind.CALL_ANSWERED:
            raise BrokenPipeError(32, "Broken pipe")

    result = world.run(emit=watch)
    assert count(result, "done") == 9
    assert [problem.kind for problem in result.problems] == ["events-lost"]
    assert [event.kind for event in seen].count(EventKind.CALL_ANSWERED) == 1, "it is told nothing more"


class FullDisk(MemoryStore):
    """A store whose disk is full from some method's first call on."""

    def __init__(self, world, method: str, *, unsaved: bytes | None = None) -> None:
        super().__init__(world.state)
        self.full = False
        error = StoreError("no room", kind="disk-full", help="make room", unsaved=unsaved)
        names = (
            "claim",
            "mark_sending",
            "mark_answered",
            "keep_blob",
            "mark_done",
            "record_past_requests",
            "end_run",
        )
        for name in names:
            setattr(self, name, self._wrap(name, getattr(self, name), name == method, error))

    def _wrap(self, name, work, begins: bool, error: StoreError):
        def wrapped(*args, **kwargs):
            self.full = self.full or begins
            if self.full:
                raise error
            return work(*args, **kwargs)

        return wrapped


@pytest.mark.parametrize("method", ["claim", "mark_sending", "mark_answered", "keep_blob", "mark_done"])
def test_a_full_disk_stops_the_run_says_so_once_and_the_next_run_completes_it(make_world, method) -> None:
    world = make_world(MANY)
    result = world.run(store=FullDisk(world, method), most_in_flight=2)
    assert (result.status, result.exit_code) == (RunStatus.FAILED, ExitCode.FAILED_TASKS)
    assert [problem.kind for problem in result.problems] == ["disk-full"]
    assert len(world.provider.calls) <= 4, "nothing is sent once nothing can be written"
    assert result.cost_usd == len(world.provider.calls) * PRICE, "what was sent was paid, kept or not"
    assert world.run().status is RunStatus.DONE
    world.assert_nothing_paid_twice()


def test_an_answer_that_could_be_kept_nowhere_is_in_the_result(make_world) -> None:
    world = make_world(MANY)
    result = world.run(
        store=FullDisk(world, "mark_answered", unsaved=b'{"urls": ["\xff"]}'), most_in_flight=2
    )
    assert [problem.unsaved for problem in result.problems] == [b'{"urls": ["\xff"]}'] * 2, (
        "of both calls in flight"
    )
    found = build_result_json(result)
    assert [problem["unsaved"] for problem in found["problems"]] == ['{"urls": ["\\xff"]}'] * 2


@pytest.mark.parametrize("method", ["keep_blob", "mark_done"])
def test_what_is_paid_and_cannot_be_kept_is_told_as_paid_and_is_not_left_to_pay(make_world, method) -> None:
    world = make_world(MANY)
    result = world.run(store=FullDisk(world, method), most_in_flight=1)
    paid = [task for task in result.tasks if task.status is TaskStatus.FAILED]
    failed = paid[0]
    assert len(world.provider.calls) == len(paid) > 0
    assert failed.problem is not None
    assert (failed.problem.kind, failed.problem.paid, failed.cost_usd) == ("disk-full", True, PRICE)
    assert "it was answered and paid, but its pictures could not be kept: no room" in failed.problem.message
    assert failed.problem.help is not None
    assert failed.problem.help.startswith("free some room on this disk, and run again soon")
    assert result.left is not None
    assert result.left.calls.high == len(result.tasks) - len(paid), (
        "what is paid is fetched, and asked by nobody"
    )

    again = world.run(store=FullDisk(world, method))
    taken_up = next(task for task in again.tasks if task.address == failed.address)
    assert (taken_up.status, taken_up.cost_usd) == (TaskStatus.FAILED, 0), "the other run paid"
    assert taken_up.problem is not None
    assert taken_up.problem.paid
    assert world.run().status is RunStatus.DONE
    world.assert_nothing_paid_twice()


@pytest.mark.parametrize("method", ["record_past_requests", "end_run"])
def test_a_disk_that_is_full_at_the_very_end_hides_nothing_of_what_was_made(make_world, method) -> None:
    world = make_world(MANY)
    result = world.run(store=FullDisk(world, method))
    assert (count(result, "done"), result.status) == (9, RunStatus.FAILED)
    assert [problem.kind for problem in result.problems] == ["disk-full"]


def test_a_budget_is_never_passed_and_room_that_comes_free_is_used(make_world) -> None:
    world = make_world(SETS, sets="min")
    result = world.run(budgets=(Budget("run", 8 * PRICE),))
    assert (count(result, "done"), result.status) == (4, RunStatus.DONE)
    assert result.cost_usd == 4 * PRICE
    assert world.provider.most_in_flight == 1, "two sets of five do not fit at once"


def test_without_room_the_run_stops_and_sends_nothing_more(make_world) -> None:
    world = make_world(SETS)
    result = world.run(budgets=(Budget("run", 14 * PRICE),))
    assert (count(result, "done"), count(result, "cancelled")) == (2, 2)
    assert (result.status, result.exit_code) == (RunStatus.STOPPED, ExitCode.STOPPED)
    assert [problem.kind for problem in result.problems] == ["budget"]
    assert world.provider.paid_images == 10


def test_interrupted_while_waiting_for_money_it_ends_with_what_is_in_flight(make_world) -> None:
    world = make_world(SETS)
    world.at(0.5, lambda: world.control.stop())
    result = world.run(budgets=(Budget("run", 8 * PRICE),))
    assert (count(result, "done"), count(result, "cancelled")) == (1, 3)
    assert result.status is RunStatus.INTERRUPTED


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8, 16])
def test_money_of_many_tasks_never_waits_for_ever(make_world, most) -> None:
    world = make_world(MANY, log=False)
    world.provider.meet("", drop(), refuse(), drop(billed=False, logged=False), fetching(slow()))
    result = world.run(most_in_flight=most, budgets=(Budget("run", 6 * PRICE),), on_unknown=OnUnknown.RETRY)
    assert result.status is (RunStatus.UNKNOWN if count(result, "unknown") else RunStatus.STOPPED)
    assert world.provider.paid_images * PRICE <= 6 * PRICE
    assert result.cost_usd <= 6 * PRICE


def test_a_control_tells_a_halt_from_an_interrupt() -> None:
    control, heard = RunControl(), list[str]()
    control.on_stop(lambda: heard.append("x"))
    control.halt()
    assert (control.stopping, control.interrupted, control.aborted) == (True, False, False)
    control.stop()
    assert (control.interrupted, control.aborted) == (True, False), (
        "the first word of a person lets nothing go"
    )
    control.stop()
    assert (control.aborted, len(heard)) == (True, 3)


def test_the_fake_provider_finds_hangs() -> None:
    async def hang() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(AssertionError, match="hangs"):
        run_virtually(hang())
    assert FakeProvider().bill == []
