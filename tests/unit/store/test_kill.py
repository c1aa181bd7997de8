"""kill -9 in each state, then open again: nothing that was written is lost, nothing is paid twice."""

import signal
import sqlite3
import time
from collections import Counter
from decimal import Decimal

import pytest

from seedflow.store.base import AlreadyStored, Granted, HeldElsewhere, ToRecover
from seedflow.store.local import open_store

BEGIN = """
store = open_store(root)
store.begin_run("run-1", "storybook", "cloudflare")
"""
CLAIM = BEGIN + "attempt = store.claim('run-1', REQUEST, PRICE, ()).attempt\n"
SEND = CLAIM + "store.mark_sending(attempt.intent_id, [{'digest': 'sha256:cc', 'transport': 'data'}])\n"
ANSWER = SEND + "store.mark_answered(attempt.intent_id, b'answer', PRICE)\n"
RECEIVE = ANSWER + "store.new_blob_path().write_bytes(b'half a pict')\n"
KEEP = RECEIVE + "image = keep_picture(store)\n"
DONE = KEEP + "store.mark_done(attempt.intent_id, [image], PRICE)\n"
UNKNOWN = SEND + "store.mark_unknown(attempt.intent_id, 'cut')\n"
LOST = ANSWER + "store.mark_lost_paid(attempt.intent_id, 'dead')\n"
FAILED = SEND + "store.mark_failed(attempt.intent_id, 'moderation', 'no', Decimal(0))\n"


@pytest.mark.parametrize(
    ("script", "claim", "state", "spent"),
    [
        (BEGIN, Granted, "reserved", "0"),
        (CLAIM, ToRecover, "reserved", "0"),
        (SEND, ToRecover, "sending", "0.04"),
        (ANSWER, ToRecover, "answered", "0.04"),
        (RECEIVE, ToRecover, "answered", "0.04"),
        (KEEP, ToRecover, "answered", "0.04"),
        (DONE, AlreadyStored, None, "0.04"),
        (UNKNOWN, ToRecover, "unknown", "0.04"),
        (LOST, ToRecover, "lost-paid", "0.04"),
        (FAILED, Granted, "reserved", "0"),
    ],
    ids=["begin", "claim", "send", "answer", "receive", "keep", "done", "unknown", "lost", "failed"],
)
def test_a_run_killed_in_any_state_is_taken_up_there(
    root, processes, request_record, tools, script, claim, state, spent
):
    processes.run_until_killed(script + "die()")
    with open_store(root) as store:
        assert store.spent_usd("run-1") == Decimal(spent)
        store.begin_run("run-2", "storybook", "cloudflare")
        found = store.claim("run-2", request_record, tools.price, ())
        assert isinstance(found, claim)
        if state:
            assert found.attempt.state == state
        if state == "answered":
            assert found.attempt.answer == b"answer"
        assert list((root / "blobs" / "incoming").rglob("*.part")) == [], "half-received bytes are gone"
        assert [path.name for path in (root / "runs").iterdir()] == ["run-2"]
        assert not (root / "locks" / "run-run-1.lock").exists()
        assert len(list((root / "blobs" / "sha256").rglob("?" * 64))) == (script in (KEEP, DONE))
    with sqlite3.connect(root / "ledger.db") as connection:
        assert connection.execute("SELECT status FROM runs WHERE run_id = 'run-1'").fetchone() == (
            "interrupted",
        )
    connection.close()


FURTHER = DONE + "attempt = store.claim('run-1', REQUEST, PRICE, (), after_attempt=1).attempt\n"
FURTHER_SENT = FURTHER + "store.mark_sending(attempt.intent_id, ())\n"
FURTHER_ANSWERED = FURTHER_SENT + "store.mark_answered(attempt.intent_id, b'second', PRICE)\n"
FURTHER_DONE = FURTHER_ANSWERED + "store.mark_done(attempt.intent_id, [keep_picture(store, b'2')], PRICE)\n"


@pytest.mark.parametrize(
    ("script", "claim", "state", "spent"),
    [
        (DONE, Granted, "reserved", "0.04"),
        (FURTHER, ToRecover, "reserved", "0.04"),
        (FURTHER_SENT, ToRecover, "sending", "0.08"),
        (FURTHER_ANSWERED, ToRecover, "answered", "0.08"),
        (FURTHER_DONE, AlreadyStored, None, "0.08"),
    ],
    ids=["before", "claim", "send", "answer", "done"],
)
def test_a_run_killed_in_a_further_attempt_keeps_the_first_and_is_taken_up_in_it(
    root, processes, request_record, tools, script, claim, state, spent
):
    processes.run_until_killed(script + "die()")
    with open_store(root) as store:
        assert store.spent_usd("run-1") == Decimal(spent)
        store.begin_run("run-2", "storybook", "cloudflare")
        assert store.claim("run-2", request_record, tools.price, ()).result.attempt == 1
        found = store.claim("run-2", request_record, tools.price, (), after_attempt=1)
        assert isinstance(found, claim)
        if state is None:
            assert found.result.attempt == 2
        else:
            assert (found.attempt.state, found.attempt.attempt) == (state, 2)
        if state == "answered":
            assert found.attempt.answer == b"second"


def test_a_further_attempt_of_a_run_that_is_killed_while_we_are_open_keeps_its_answer(
    root, processes, request_record, tools, store
):
    other = processes.start(FURTHER_SENT.replace("run-1", "run-9") + "wait_for_line()")
    assert other.stdout.readline() == "ready\n"
    assert isinstance(store.claim("run-1", request_record, tools.price, ()), AlreadyStored)
    further = store.claim("run-1", request_record, tools.price, (), after_attempt=1)
    assert further == HeldElsewhere("run-9")
    other.send_signal(signal.SIGKILL)
    other.wait()
    found = store.claim("run-1", request_record, tools.price, (), after_attempt=1)
    assert isinstance(found, ToRecover)
    assert (found.attempt.state, found.attempt.attempt) == ("sending", 2)


def test_a_run_that_is_killed_while_we_are_open_is_recovered_without_opening_again(
    root, processes, request_record, tools, store
):
    other = processes.start(SEND.replace("run-1", "run-9") + "wait_for_line()")
    assert other.stdout.readline() == "ready\n"
    assert store.claim("run-1", request_record, tools.price, ()) == HeldElsewhere("run-9")
    other.send_signal(signal.SIGKILL)
    other.wait()
    found = store.claim("run-1", request_record, tools.price, ())
    assert isinstance(found, ToRecover)
    assert (found.attempt.state, found.attempt.run_id) == ("sending", "run-1")


def test_what_a_living_run_is_receiving_is_not_cleaned_away_however_old(root, processes, store):
    import os

    path = store.new_blob_path()
    path.write_bytes(b"half")
    os.utime(path, (0, 0))
    open_store(root).close()
    assert path.read_bytes() == b"half"


RACE = """
store = open_store(root)
run_id = sys.argv[2]
store.begin_run(run_id, "storybook", "cloudflare")
wait_for_line()
seen = []
for take in range(1, 26):
    claim = store.claim(run_id, replace(REQUEST, take=take), PRICE, ())
    seen.append(type(claim).__name__)
    if type(claim).__name__ == "Granted":
        store.mark_sending(claim.attempt.intent_id, ())
        store.mark_answered(claim.attempt.intent_id, b"answer", PRICE)
        store.mark_done(claim.attempt.intent_id, [keep_picture(store, str(take).encode())], PRICE)
print(" ".join(seen), flush=True)
store.end_run(run_id, "done")
store.close()
"""


def test_of_racing_processes_exactly_one_is_granted_each_key(root, processes):
    racers = [processes.start(RACE, f"run-{number}") for number in range(3)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()
    seen = [racer.stdout.readline().split() for racer in racers]
    assert [racer.wait(60) for racer in racers] == [0, 0, 0]
    for answers in zip(*seen, strict=True):
        assert Counter(answers)["Granted"] == 1
        assert set(answers) <= {"Granted", "HeldElsewhere", "AlreadyStored"}
    with sqlite3.connect(root / "ledger.db") as connection:
        assert connection.execute("SELECT count(*), sum(counted_micros) FROM attempts").fetchone() == (
            25,
            25 * 40_000,
        )
    connection.close()


RANDOM_DEATH = """
import threading
store = open_store(root)
store.begin_run(sys.argv[2], "storybook", "cloudflare")
print("ready", flush=True)
for take in range(1, 10_000):
    claim = store.claim(sys.argv[2], replace(REQUEST, take=take), PRICE, ())
    if not hasattr(claim, "attempt"):
        continue
    state, intent = claim.attempt.state.value, claim.attempt.intent_id
    if state == "reserved":
        store.mark_sending(intent, ())
        state = "sending"
    if state == "sending":
        print(f"billed {take}", flush=True)  # in one write: a death in the middle of a line says nothing
        store.mark_answered(intent, b"answer", PRICE)
    store.mark_done(intent, [keep_picture(store, str(take).encode())], PRICE)
    print(f"done {take}", flush=True)
"""


def test_killed_at_random_times_the_ledger_stays_whole_and_knows_all_that_was_done(root, processes):
    billed, done = [], []
    for number in range(6):
        process = processes.start(RANDOM_DEATH, f"run-{number}")
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.03 + 0.013 * number)
        process.kill()
        for line in process.communicate()[0].splitlines():
            kind, take = line.split()
            (billed if kind == "billed" else done).append(int(take))
    with open_store(root) as store:
        for take in done:
            assert store.find_result("cloudflare", "request/1:aa", take) is not None
    with sqlite3.connect(root / "ledger.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        kept = {take for (take,) in connection.execute("SELECT take FROM attempts WHERE state <> 'reserved'")}
        total = connection.execute("SELECT micros FROM spending WHERE scope = 'project'").fetchone()[0]
        assert total == connection.execute("SELECT sum(counted_micros) FROM attempts").fetchone()[0]
    connection.close()
    assert done, "the trial was too short to mean anything"
    assert set(billed) <= kept
    assert len(done) == len(set(done))
