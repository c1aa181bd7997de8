"""The view reads and nothing else: it makes nothing, changes nothing, and looks everything up by an index."""

import os
import sqlite3
import threading
import time

import pytest

from seedflow.store import attempts, budgets, results
from seedflow.store.base import PastRequest
from seedflow.store.local import open_store
from seedflow.store.view import open_view

KEY = ("cloudflare", "request/1:aa", 1)


def contents(root):
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mtime_ns,
            path.lstat().st_mode,
            path.is_file() and path.read_bytes(),
        )
        for path in root.rglob("*")
        if not path.name.endswith(("-wal", "-shm"))
    }


def test_an_absent_state_is_an_empty_view_and_stays_absent(root):
    with open_view(root) as view:
        assert view.find_result(*KEY) is None
        assert view.has_result(*KEY) is False
        assert view.list_results(*KEY) == ()
        assert view.find_takes(*KEY[:2]) == ()
        assert view.next_take(*KEY[:2], 1) == 2
        assert view.find_past_request("cloudflare", "storybook", "page") is None
    assert not root.exists()


def test_a_state_that_is_being_made_is_an_empty_view(root):
    (root / "locks").mkdir(parents=True)
    with open_view(root) as view:
        assert view.find_result(*KEY) is None


@pytest.mark.parametrize("while_running", [True, False])
def test_looking_changes_nothing_but_sqlites_side_files(root, tools, while_running):
    store = open_store(root)
    store.begin_run("run-1", "storybook", "cloudflare")
    result = tools.finish(store, "run-1")
    store.record_past_requests("cloudflare", "storybook", {"page": PastRequest("f", "p")})
    os.utime(result.images[0].path, (5, 5))
    if not while_running:
        store.end_run("run-1", "done")
        store.close()
    before = contents(root)
    with open_view(root) as view:
        assert view.find_result(*KEY) == result
        assert view.list_results(*KEY) == (result,)
        assert view.find_takes(*KEY[:2]) == (1,)
        assert view.has_result(*KEY)
        assert view.find_past_request("cloudflare", "storybook", "page") == PastRequest("f", "p")
        result.images[0].path.rename(root / "blobs" / "moved")
        assert view.find_result(*KEY) is None
        assert view.has_result(*KEY)
        (root / "blobs" / "moved").rename(result.images[0].path)
    assert {name: entry for name, entry in contents(root).items() if entry[2] is not False} == {
        name: entry for name, entry in before.items() if entry[2] is not False
    }
    assert contents(root).keys() == before.keys()
    if while_running:
        store.close()


def test_a_view_sees_what_a_run_adds(root, store, tools):
    with open_view(root) as view:
        assert view.find_result(*KEY) is None
        result = tools.finish(store, "run-1")
        assert view.find_result(*KEY) == result


def test_a_view_serves_many_threads(root, store, tools):
    result = tools.finish(store, "run-1")
    seen = []
    with open_view(root) as view:
        threads = [
            threading.Thread(target=lambda: seen.extend(view.find_result(*KEY) for _ in range(50)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [result] * 200


@pytest.mark.parametrize(
    "statement",
    [
        results._RESULTS,
        results._RECORDED,
        results._IMAGES,
        results._PAST,
        results._STATES,
        results._TAKES,
        results._OF_ALL_TAKES,
        attempts._ABOVE,
        attempts._BY_INTENT,
        budgets._SPENT,
        budgets._RUN_SPENT,
        budgets._SETTLED,
        attempts._FREE,
    ],
)
def test_no_look_up_walks_a_table(root, store, statement):
    connection = sqlite3.connect(root / "ledger.db")
    plan = connection.execute("EXPLAIN QUERY PLAN " + statement, ["x"] * statement.count("?")).fetchall()
    connection.close()
    steps = [detail for *_, detail in plan]
    assert any(step.startswith("SEARCH") for step in steps)
    assert not [step for step in steps if step.startswith("SCAN ") and "CONSTANT" not in step]


def test_what_is_spent_for_certain_leaves_out_what_may_still_come_free(root, store, tools):
    tools.finish(store, "run-1")
    day = budgets.day_of(time.time())
    with open_view(root) as view:
        assert view.settled_usd("cloudflare") == view.settled_usd("cloudflare", day) == tools.price
        assert view.settled_usd("cloudflare", "2001-01-01") == view.settled_usd("emulated") == 0
        for number, state in enumerate(("reserved", "sending", "unknown")):
            request = tools.other_request(number)
            intent = store.claim("run-1", request, tools.price, ()).attempt.intent_id
            if state != "reserved":
                store.mark_sending(intent, ())
            if state == "unknown":
                store.mark_unknown(intent, "cut")
        assert view.settled_usd("cloudflare") == view.settled_usd("cloudflare", day) == tools.price
        assert view.counted_usd("cloudflare") == view.counted_usd("cloudflare", day) == 4 * tools.price
        assert view.counted_usd("cloudflare", "2001-01-01") == view.counted_usd("emulated") == 0


def test_nothing_is_spent_without_a_state(root):
    with open_view(root) as view:
        assert view.settled_usd("cloudflare") == view.counted_usd("cloudflare") == 0
