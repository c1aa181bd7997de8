"""The ledger as people look at it: quick over many rows, whatever the clocks said, and nothing is written."""

import sqlite3
import time
from decimal import Decimal

import pytest

from seedflow.store.base import AttemptState, RunRecord
from seedflow.store.calls import CallFilter, list_open_calls
from seedflow.store.history import History
from seedflow.store.local import open_store
from seedflow.store.repair import repair_state

MANY = 20_000
"""Enough that a scan for each line would show."""


def digest_files(root):
    """What is in them; an empty write-ahead log is none."""
    found = {
        path.name: path.read_bytes() for path in root.glob("ledger.db*") if not path.name.endswith("-shm")
    }
    return {name: data for name, data in found.items() if data}


def fill(root, rows):
    """A ledger with so many done calls of twenty runs."""
    open_store(root).close()
    connection = sqlite3.connect(root / "ledger.db", isolation_level=None)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO runs (run_id, recipe, realm, started_at, ended_at, status) VALUES (?, 'book', 'cloudflare', ?, ?, 'done')",
        [(f"run-{number}", float(number), number + 1.0) for number in range(20)],
    )
    connection.executemany(
        "INSERT INTO run_order (run_id) VALUES (?)", [(f"run-{number}",) for number in range(20)]
    )
    connection.executemany(
        """INSERT INTO attempts (attempt_id, intent_id, realm, fingerprint, take, attempt, state, claimed, run_id, payer_run_id, step,
             day, reserved_micros, cost_micros, counted_micros, reserved_at, sent_at, answered_at)
           VALUES (?, ?, 'cloudflare', ?, 1, 1, 'done', 0, ?, ?, 'page', '2026-11-25', 40000, 40000, 40000, ?, ?, ?)""",
        [
            (number, f"intent-{number}", f"request/1:{number}", f"run-{number % 20}", f"run-{number % 20}", *[float(number)] * 3)
            for number in range(1, rows + 1)
        ],
    )  # fmt: skip # a row a line
    connection.executemany(
        """INSERT INTO requests (attempt_id, recipe, address, model, params, params_digest, "references")
           VALUES (?, 'book', ?, 'm', '{"prompt": "a fox"}', 'params/1:x', '[]')""",
        [(number, f"page[n={number}]") for number in range(1, rows + 1)],
    )
    connection.execute("COMMIT")
    connection.close()


def begin_with_a_clock_that_is_set_back(root, names):
    clock = iter(range(1_000_000, 0, -1000))
    with open_store(root, clock=lambda: float(next(clock))) as store:
        for name in names:
            store.begin_run(name, "book", "cloudflare")
            store.end_run(name, "done")


def list_names(root, **wanted):
    with History(root) as history:
        return [run.run_id for run in history.list_runs(**wanted)]


def test_runs_are_listed_in_the_order_in_which_they_began_whatever_the_clock_said(root):
    names = ["c", "a", "d", "b"]
    begin_with_a_clock_that_is_set_back(root, names)
    assert list_names(root) == names
    assert list_names(root, newest=2) == ["d", "b"]
    assert list_names(root, run_id="a") == ["a"]


def test_a_rebuilt_ledger_keeps_the_order_of_runs_and_tells_of_no_others(root):
    names = ["c", "a", "d", "b"]
    begin_with_a_clock_that_is_set_back(root, names)
    connection = sqlite3.connect(root / "ledger.db")
    (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'imports'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with (root / "ledger.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    done = repair_state(root, lambda done, total: None)
    assert any("saved" in action for action in done.actions)
    assert list_names(root) == names


def test_a_listing_of_many_calls_is_quick(root):
    fill(root, MANY)
    before = digest_files(root)
    began = time.process_time()
    with History(root) as history:
        calls = history.list_calls(CallFilter(), 50)
        (total,) = history.sum_calls(CallFilter())
        runs = history.list_runs(newest=20)
        of_one = history.list_calls(CallFilter(run_id="run-7"), 50)
        addressed = history.list_calls(CallFilter(address=lambda address: address == "page[n=19000]"), 50)
        unknown = history.list_calls(CallFilter(states=(AttemptState.UNKNOWN,)), 50)
    took_s = time.process_time() - began
    assert [call.attempt_id for call in calls] == list(range(MANY - 49, MANY + 1))
    assert (total.calls, total.spent_usd) == (MANY, Decimal("0.04") * MANY)
    assert sum(run.calls for run in runs) == MANY
    assert {call.run_id for call in of_one} == {"run-7"}
    assert [call.attempt_id for call in addressed] == [19_000]
    assert unknown == []
    assert took_s < 2, "seconds of the processor, for six questions"
    assert digest_files(root) == before


def test_what_is_open_is_found_without_reading_every_call(root):
    fill(root, 10)
    with sqlite3.connect(root / "ledger.db") as connection:
        asked = []
        connection.set_trace_callback(asked.append)
        list_open_calls(connection, "cloudflare", lambda run_id: False)
        connection.set_trace_callback(None)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]
    connection.close()
    assert plan[0] == "SEARCH attempts USING INDEX attempts_open (state=?)"


@pytest.mark.parametrize("clock", [0.0, 4_102_444_800.0])
def test_calls_stand_in_the_order_of_making_whatever_the_clock_said(root, tools, clock):
    now = [1_790_000_000.0]
    with open_store(root, clock=lambda: now[0]) as store:
        store.begin_run("run-1", "book", "cloudflare")
        tools.finish(store, "run-1", tools.other_request(1))
        store.end_run("run-1", "done", RunRecord(None, {}))
        now[0] = clock
        store.begin_run("run-2", "book", "cloudflare")
        tools.finish(store, "run-2", tools.other_request(2), b"other")
        store.end_run("run-2", "done")
    with History(root) as history:
        assert [call.run_id for call in history.list_calls(CallFilter(), 1)] == ["run-2"]
        assert [call.run_id for call in history.list_calls(CallFilter())] == ["run-1", "run-2"]
        assert {run.run_id: run.status for run in history.list_runs()} == {"run-1": "done", "run-2": "done"}
        assert sum(total.spent_usd for total in history.sum_calls(CallFilter())) == 2 * tools.price


def test_a_ledger_without_a_state_is_empty(root):
    with History(root) as history:
        assert not history.exists
        assert (history.list_calls(CallFilter()), history.list_runs(), history.count_runs()) == ([], [], 0)
    assert not root.exists()
