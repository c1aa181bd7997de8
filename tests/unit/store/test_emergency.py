"""A disk that is full or read-only: what was answered is kept, and the message says what to do."""

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.errors import StoreError
from seedflow.store.base import AttemptState, ToRecover
from seedflow.store.calls import CallFilter
from seedflow.store.failures import disk_errors, explain_os_error
from seedflow.store.history import History
from seedflow.store.journal import JOURNAL_BYTES, Journal, JournaledAnswer, read_journal
from seedflow.store.local import open_store
from seedflow.store.transitions import TransitionError
from seedflow.store.view import open_view

COST = Decimal("0.03")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk):
    with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def send(store, request, price, *takes):
    intents = []
    for take in takes:
        intents.append(store.claim("run-1", replace(request, take=take), price, ()).attempt.intent_id)
        store.mark_sending(intents[-1], ())
    return intents


def test_answers_that_find_the_disk_full_are_there_for_the_next_run(small_disk, request_record, tools):
    root = small_disk / ".seedflow"
    store = open_store(root)
    store.begin_run("run-1", "storybook", "cloudflare")
    intents = send(store, request_record, tools.price, 1, 2)
    fill(small_disk)
    answers = [os.urandom(100_000), os.urandom(100_000)]
    for intent, answer in zip(intents, answers, strict=True):
        with pytest.raises(StoreError, match=r"the answer is kept in .*run-1/journal") as caught:
            store.mark_answered(intent, answer, COST)
        assert caught.value.kind == "disk-full"
        assert "free some room" in caught.value.help
        assert caught.value.unsaved is None
    store.close()

    def look():
        with History(root) as history:
            return [(call.state, call.answer_kept) for call in history.list_calls(CallFilter())]

    assert look() == [("sending", True)] * 2
    (small_disk / "ballast").unlink()
    with open_store(root) as store:
        assert look() == [("answered", False)] * 2
        assert store.spent_usd("run-1") == 2 * COST
        store.begin_run("run-2", "storybook", "cloudflare")
        for take, answer in enumerate(answers, 1):
            found = store.claim("run-2", replace(request_record, take=take), tools.price, ())
            assert isinstance(found, ToRecover)
            assert (found.attempt.state, found.attempt.answer) == (AttemptState.ANSWERED, answer)
        assert not (root / "runs" / "run-1").exists()


def test_answers_in_the_journal_are_folded_in_when_the_run_itself_ends_well(
    small_disk, request_record, tools
):
    store = open_store(small_disk / ".seedflow")
    store.begin_run("run-1", "storybook", "cloudflare")
    (intent,) = send(store, request_record, tools.price, 1)
    fill(small_disk)
    with pytest.raises(StoreError):
        store.mark_answered(intent, os.urandom(100_000), COST)
    (small_disk / "ballast").unlink()
    store.end_run("run-1", "failed")
    store.begin_run("run-2", "storybook", "cloudflare")
    assert store.claim("run-2", request_record, tools.price, ()).attempt.state == "answered"
    store.close()


def test_a_run_that_ends_on_a_full_disk_is_known_to_have_ended_and_why(small_disk, request_record, tools):
    root = small_disk / ".seedflow"
    store = open_store(root)
    store.begin_run("run-1", "storybook", "cloudflare")
    (intent,) = send(store, request_record, tools.price, 1)
    fill(small_disk)
    with pytest.raises(StoreError):
        store.mark_answered(intent, os.urandom(300_000), COST)
    with pytest.raises(StoreError):
        store.end_run("run-1", "failed")
    store.close()

    def look():
        with History(root) as history:
            (run,) = history.list_runs()
        return run.status, run.ended_at is not None, [one["kind"] for one in run.result["problems"]]

    assert look() == ("failed", True, ["disk-full"])
    (small_disk / "ballast").unlink()
    open_store(root).close()
    assert list((root / "runs").iterdir()) == []
    assert look() == ("failed", True, ["disk-full"])


def test_a_run_on_a_disk_without_room_for_its_journal_does_not_begin(small_disk):
    root = small_disk / ".seedflow"
    store = open_store(root)
    fill(small_disk)
    with pytest.raises(StoreError) as caught:
        store.begin_run("run-1", "storybook", "cloudflare")
    assert caught.value.kind == "disk-full"
    assert not (root / "runs" / "run-1").exists()
    (small_disk / "ballast").unlink()
    store.begin_run("run-1", "storybook", "cloudflare")
    store.close()


def test_pictures_that_find_the_disk_full_are_no_result_and_can_be_kept_later(
    small_disk, request_record, tools
):
    store = open_store(small_disk / ".seedflow")
    store.begin_run("run-1", "storybook", "cloudflare")
    image = tools.keep_picture(store, b"before")
    fill(small_disk)
    with pytest.raises(OSError, match="No space left"):
        tools.keep_picture(store, bytes(100_000))
    assert store.verify_blob(image.facts)
    (small_disk / "ballast").unlink()
    assert tools.keep_picture(store, bytes(100_000)).path.stat().st_size == 100_000
    store.close()


def test_a_new_state_on_a_full_disk_is_refused_and_made_later(small_disk):
    fill(small_disk)
    with pytest.raises(StoreError) as caught:
        open_store(small_disk / ".seedflow")
    assert caught.value.kind == "disk-full"
    (small_disk / "ballast").unlink()
    open_store(small_disk / ".seedflow").close()


def test_a_read_only_state_can_be_looked_at_and_not_run(small_disk, tools):
    root = small_disk / ".seedflow"
    with open_store(root) as store:
        store.begin_run("run-1", "storybook", "cloudflare")
        result = tools.finish(store, "run-1")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with open_view(root) as view:
        assert view.find_result("cloudflare", "request/1:aa", 1) == result
    with pytest.raises(StoreError) as caught:
        open_store(root)
    assert caught.value.kind == "read-only"
    assert "writable" in caught.value.help


def test_an_answer_survives_a_limit_on_file_sizes(root, processes, request_record, tools):
    """RLIMIT_FSIZE: the ledger cannot grow; the journal, whose room was taken before, can be written."""
    processes.run_until_killed(
        """
import resource
from seedflow.errors import StoreError
store = open_store(root)
store.begin_run("run-1", "storybook", "cloudflare")
intents = []
for take in (1, 2):
    intents.append(store.claim("run-1", replace(REQUEST, take=take), PRICE, ()).attempt.intent_id)
    store.mark_sending(intents[-1], ())
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
store.mark_answered(intents[0], b"x" * 500_000, PRICE)
try:
    store.mark_answered(intents[1], b"y" * 700_000, PRICE)
except StoreError as error:
    assert "the answer is kept in" in error.message, error.message
    die()
"""
    )
    with open_store(root) as store:
        store.begin_run("run-2", "storybook", "cloudflare")
        for take, answer in ((1, b"x" * 500_000), (2, b"y" * 700_000)):
            found = store.claim("run-2", replace(request_record, take=take), tools.price, ())
            assert (found.attempt.state, found.attempt.answer) == ("answered", answer)


def test_folding_a_journal_again_does_not_undo_what_came_later(root, store, request_record, tools):
    attempt = store.claim("run-1", request_record, tools.price, ()).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_answered(attempt.intent_id, b"from the log, later", COST)
    journal = Journal(root / "late")
    journal.append(JournaledAnswer(attempt.intent_id, b"earlier", 1, 1.0))
    journal.close()
    (root / "runs" / "run-0").mkdir()
    (root / "late").rename(root / "runs" / "run-0" / "journal")
    store.take_up_leftovers()
    store.leave(attempt.intent_id)
    assert store.claim("run-1", request_record, tools.price, ()).attempt.answer == b"from the log, later"


def test_an_answer_that_can_be_kept_nowhere_is_handed_back_to_be_printed(small_disk, request_record, tools):
    store = open_store(small_disk / ".seedflow")
    store.begin_run("run-1", "storybook", "cloudflare")
    (intent,) = send(store, request_record, tools.price, 1)
    fill(small_disk)
    answer = os.urandom(JOURNAL_BYTES)
    with pytest.raises(StoreError) as caught:
        store.mark_answered(intent, answer, COST)
    assert caught.value.unsaved == answer
    assert "printed here" in caught.value.help
    store.close()


def test_an_answer_for_which_the_state_is_gone_is_handed_back_to_be_printed(tmp_path, request_record, tools):
    store = open_store(tmp_path / ".seedflow")
    store.begin_run("run-1", "storybook", "cloudflare")
    (intent,) = send(store, request_record, tools.price, 1)
    shutil.rmtree(tmp_path / ".seedflow")
    with pytest.raises(StoreError, match="somebody has removed it") as caught:
        store.mark_answered(intent, b"paid for", COST)
    assert (caught.value.unsaved, caught.value.paid) == (b"paid for", True)
    with pytest.raises(StoreError):
        store.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_sent_any_more_once_the_ledger_is_gone(tmp_path, request_record, tools, replaced):
    root = tmp_path / ".seedflow"
    store = open_store(root)
    store.begin_run("run-1", "storybook", "cloudflare")
    (intent,) = send(store, request_record, tools.price, 1)
    assert store.is_there()
    if replaced:
        shutil.copy(root / "ledger.db", root / "copy")
        (root / "copy").replace(root / "ledger.db")
    else:
        (root / "ledger.db").unlink()
    assert not store.is_there()
    with pytest.raises(StoreError, match="removed or replaced it while it was in use"):
        store.claim("run-1", replace(request_record, take=7), tools.price, ())
    with pytest.raises(StoreError, match="the answer is kept in"):
        store.mark_answered(intent, b"paid for", COST)
    (record,) = read_journal(root / "runs" / "run-1" / "journal")
    assert record.answer == b"paid for"
    with suppress(StoreError):
        store.close()


def test_even_an_answer_that_meets_a_bug_is_kept(root, store, request_record, tools):
    attempt = store.claim("run-1", request_record, tools.price, ()).attempt
    with pytest.raises(TransitionError):
        store.mark_answered(attempt.intent_id, b"paid for", COST)
    (record,) = read_journal(root / "runs" / "run-1" / "journal")
    assert (record.intent_id, record.answer, record.cost_micros) == (attempt.intent_id, b"paid for", 30_000)


def test_a_journal_takes_real_room_and_gives_back_what_was_written(tmp_path):
    journal = Journal(tmp_path / "journal")
    assert (tmp_path / "journal").stat().st_blocks * 512 >= JOURNAL_BYTES
    assert journal.is_empty
    records = [JournaledAnswer(f"i{n}", bytes(range(256)) * n, n, n / 3) for n in range(5)]
    for record in records:
        journal.append(record)
    assert not journal.is_empty
    journal.close()
    assert list(read_journal(tmp_path / "journal")) == records


@pytest.mark.parametrize("cut", [1, 20, 60, 100])
def test_a_torn_record_is_no_record_and_hides_none_before_it(tmp_path, cut):
    journal = Journal(tmp_path / "journal")
    journal.append(JournaledAnswer("first", b"answer", 1, 1.0))
    end = len((tmp_path / "journal").read_bytes().rstrip(b"\0"))
    journal.append(JournaledAnswer("second", b"answer", 1, 1.0))
    journal.close()
    os.truncate(tmp_path / "journal", end + cut)
    assert [record.intent_id for record in read_journal(tmp_path / "journal")] == ["first"]


def test_a_journal_that_was_not_written_by_us_holds_no_answer(tmp_path):
    (tmp_path / "journal").write_bytes(os.urandom(4096))
    assert list(read_journal(tmp_path / "journal")) == []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "read-only"),
        (errno.EIO, "io-error"),
        (errno.ENOLCK, "no-locks"),
    ],
)
def test_every_refusal_of_the_system_has_a_kind_and_a_remedy(number, kind):
    error = explain_os_error(OSError(number, os.strerror(number), "/state/x"), Path("/state"))
    assert error.kind == kind
    assert error.message == f"/state/x: {os.strerror(number)}"
    assert error.help


def test_sqlite_that_can_do_nothing_on_a_full_disk_says_that_the_disk_is_full(tmp_path, monkeypatch):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE

    def refuse():
        with pytest.raises(StoreError) as caught, disk_errors(tmp_path / "ledger.db"):
            raise error
        return caught.value.kind

    assert refuse() == "io-error"
    full = os.statvfs_result((4096, 4096, 1000, 2, 2, 10, 10, 10, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    assert refuse() == "disk-full"


def test_a_bug_in_sql_stays_a_bug():
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError, match="no such table"), disk_errors(Path("x")):
        connection.execute("SELECT * FROM nowhere")
    connection.close()


def test_a_disk_error_inside_a_change_leaves_the_ledger_usable(store, request_record, tools):
    def fail_half_way():
        with store._ledger.transaction() as connection:
            connection.execute("DELETE FROM run_order")
            raise RuntimeError("out of the blue")

    with pytest.raises(RuntimeError, match="out of the blue"):
        fail_half_way()
    assert store.claim("run-1", request_record, tools.price, ()).attempt.run_id == "run-1"


def test_a_store_does_not_pass_through_fork(store, request_record, tools):
    child = os.fork()
    if not child:
        try:
            store.claim("run-1", request_record, tools.price, ())
        except RuntimeError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.claim("run-1", request_record, tools.price, ()).attempt.state == "reserved"


def test_a_child_that_closes_its_parents_store_hurts_nobody(root, store, tools):
    tools.finish(store, "run-1")
    child = os.fork()
    if not child:
        store.close()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    tools.finish(store, "run-1", tools.other_request(2))
    with open_view(root) as view:
        assert view.has_result("cloudflare", "request/1:aa", 1)
