"""The ledger's file: durable, written under one lock by any number of threads, its sums always those of its rows."""

import sqlite3
import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from seedflow.errors import BudgetError, StoreError
from seedflow.store import ledger as ledger_module
from seedflow.store.base import Budget, Granted
from seedflow.store.locks import KernelLock


def test_the_connection_is_as_durable_as_sqlite_can_be(store):
    with store._ledger.reading() as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "fullfsync", "trusted_schema")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "fullfsync": 1,
        "trusted_schema": 0,
    }


def test_every_change_happens_under_the_kernel_lock(root, store, monkeypatch, request_record, tools):
    other = KernelLock(root / "locks" / "ledger.lock")
    other.acquire(1)
    monkeypatch.setattr(ledger_module, "WRITE_LOCK_TIMEOUT_S", 0.01)
    with pytest.raises(StoreError) as caught:
        store.claim("run-1", request_record, tools.price, ())
    assert caught.value.kind == "busy"
    assert store.find_result("cloudflare", "request/1:aa", 1) is None, "looking up waits for nobody"
    other.close()
    assert isinstance(store.claim("run-1", request_record, tools.price, ()), Granted)
    with store._ledger.transaction():
        assert not other.try_acquire()
    other.close()


def test_the_last_one_out_closes_under_the_lock_and_leaves_one_file(root, store, tools):
    tools.finish(store, "run-1")
    store.end_run("run-1", "done")
    assert (root / "ledger.db-wal").stat().st_size
    other = KernelLock(root / "locks" / "ledger.lock")
    other.acquire(1)
    closing = threading.Thread(target=store._ledger.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive(), "it waits for the lock"
    other.close()
    closing.join(30)
    assert not (root / "ledger.db-wal").exists()


def test_threads_share_one_store_and_never_pass_a_budget(store, request_record):
    granted, refused = [], []

    def ask(thread):
        for number in range(10):
            request = replace(request_record, take=thread * 10 + number + 1)
            try:
                granted.append(
                    store.claim("run-1", request, Decimal("0.01"), [Budget("run", Decimal("0.25"))])
                )
            except BudgetError:
                refused.append(request)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(granted), len(refused)) == (25, 15)
    assert store.spent_usd("run-1") == Decimal("0.25")


BUDGET_RACE = """
from seedflow.store.base import Budget
from seedflow.errors import BudgetError
store = open_store(root)
run_id = sys.argv[2]
store.begin_run(run_id, "storybook", "cloudflare")
wait_for_line()
granted = 0
for take in range(1, 21):
    try:
        store.claim(run_id, replace(REQUEST, fingerprint=run_id, take=take), PRICE, [Budget("day", 25 * PRICE)])
        granted += 1
    except BudgetError:
        pass
print(granted, flush=True)
sys.stdin.readline()
"""


def test_processes_together_never_pass_the_budget_of_a_day(root, processes):
    racers = [processes.start(BUDGET_RACE, f"run-{number}") for number in range(2)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()
    assert sum(int(racer.stdout.readline()) for racer in racers) == 25


def test_writing_and_reading_at_once_from_several_processes_keeps_the_file_whole(root, processes):
    script = """
from conftest import finish
store = open_store(root)
store.begin_run(sys.argv[2], "storybook", "cloudflare")
for take in range(1, 150):
    finish(store, sys.argv[2], replace(REQUEST, fingerprint=sys.argv[2], take=take))
    if not take % 50:
        store.close()
        store = open_store(root)
        store.begin_run(sys.argv[2] + str(take), "storybook", "cloudflare")
        sys.argv[2] += str(take)
store.close()
"""
    writers = [processes.start(script, f"run-{number}-") for number in range(3)]
    for writer in writers:
        assert writer.wait(100) == 0, writer.stderr.read()
    connection = sqlite3.connect(root / "ledger.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT count(*) FROM attempts WHERE state = 'done'").fetchone() == (3 * 149,)
    connection.close()


def test_people_can_read_the_ledger_with_sqlites_own_tool_words(root, store, tools):
    tools.finish(store, "run-1")
    connection = sqlite3.connect(root / "ledger.db")
    row = connection.execute(
        "SELECT address, model, params ->> '$.prompt', \"references\", state FROM attempts JOIN requests USING (attempt_id)"
    ).fetchone()
    connection.close()
    assert row == ("page", "m", "a fox", "[]", "done")


def test_an_older_sqlite_is_refused_in_plain_words(monkeypatch, root):
    from seedflow.store.local import open_store

    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(StoreError, match=r"3\.37\.0 or newer"):
        open_store(root)


def test_how_references_travel_is_written_where_it_differs_from_what_stands_there(store, tools):
    def send(number, references):
        request = replace(tools.other_request(number), references=({"digest": "sha256:aa"},))
        intent_id = store.claim("run-1", request, tools.price, ()).attempt.intent_id
        with store._ledger.reading() as connection:
            before = connection.total_changes
        store.mark_sending(intent_id, references)
        with store._ledger.reading() as connection:
            (text,) = connection.execute(
                'SELECT "references" FROM requests JOIN attempts USING (attempt_id) WHERE intent_id = ?',
                (intent_id,),
            ).fetchone()
            return text, connection.total_changes - before

    assert send(1, ({"digest": "sha256:aa"},)) == ('[{"digest":"sha256:aa"}]', 1)
    assert send(2, ({"digest": "sha256:aa", "by": "url"},)) == ('[{"digest":"sha256:aa","by":"url"}]', 2)
