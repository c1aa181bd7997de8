"""A ledger that was put back from a backup is told from what was paid since, and one that was not is never taken for it."""

import shutil
import sqlite3
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.errors import StoreError
from seedflow.failpoints import Side, Step, watch
from seedflow.pipeline.archives import build_wanted, judge_fingerprint
from seedflow.store.exporting import export_results
from seedflow.store.garbage import InUse, find_garbage
from seedflow.store.history import History
from seedflow.store.importing import import_results
from seedflow.store.local import open_store
from seedflow.store.paid_runs import spell_missing
from seedflow.store.repair import repair_state
from seedflow.store.verify import verify_state
from seedflow.store.view import open_view

sys.path.insert(0, str(Path(__file__).parent))

from project_state import PRICE, REALM, blob, make_state, request_for


def ignore(done, total):
    pass


def put_back(root, backup):
    """What whoever restores `ledger.db` alone does."""
    for path in root.glob("ledger.db*"):
        path.unlink()
    for path in backup.glob("ledger.db*"):
        shutil.copy(path, root)


@pytest.fixture
def restored(root, tmp_path):
    """A state with the ledger of an earlier day, and the picture that was paid for since."""
    make_state(root, ("red",))
    shutil.copytree(root, tmp_path / "backup")
    digests = make_state(root, ("green",))
    put_back(root, tmp_path / "backup")
    return root, digests[0]


def test_whoever_would_pay_over_an_older_ledger_is_refused_and_nothing_changes(restored):
    root, _ = restored
    before = sorted(path.name for path in root.rglob("*"))
    for opens in (open_view, open_store):
        with pytest.raises(StoreError) as caught:
            opens(root)
        assert caught.value.kind == "older"
        assert (
            "older than what was paid since: 1 run that paid is not in it (run-green)" in caught.value.message
        )
        assert "verify --repair" in caught.value.help
    assert sorted(path.name for path in root.rglob("*") if "-shm" not in path.name) == before
    with History(root) as history:
        assert len(history.list_runs()) == 1, "looking goes on"


def test_a_check_says_so_and_nothing_that_was_paid_for_is_garbage(restored):
    root, digest = restored
    report = verify_state(root, ignore)
    assert {found.kind.value: found.is_damage for found in report.findings} == {
        "ledger-older": True,
        "unknown-picture": False,
    }
    found = find_garbage(root, InUse(), None)
    assert (found.garbage, found.unknown, found.unknown_usd) == ((), 1, PRICE)
    assert blob(root, digest).exists()


def test_the_newest_ledger_put_back_mends_it(root, tmp_path):
    make_state(root, ("red",))
    shutil.copytree(root, tmp_path / "old")
    make_state(root, ("green",))
    shutil.copytree(root, tmp_path / "new")
    put_back(root, tmp_path / "old")
    put_back(root, tmp_path / "new")
    open_store(root).close()
    assert verify_state(root, ignore).findings == ()


def test_a_repair_goes_on_with_it_tells_the_loss_and_keeps_the_pictures(restored):
    root, digest = restored
    done = repair_state(root, ignore)
    told = "1 run that paid is not in it (run-green): what they paid for may be asked and paid again; "
    assert done.losses == (f"{told}pictures that are theirs stay in blobs/",)
    assert done.after.damage == ()
    assert (root / "damaged/paid-runs/run-green").exists()
    open_store(root).close()
    assert find_garbage(root, InUse(), None).garbage == ()
    assert blob(root, digest).exists()
    assert repair_state(root, ignore).losses == ()


def test_a_run_that_sends_nothing_or_nothing_that_costs_leaves_no_mark(root):
    with open_store(root) as store:
        store.begin_run("idle", "book", REALM)
        store.claim("idle", request_for("red"), PRICE, ())
        store.end_run("idle", "done")
        store.begin_run("free", "book", "sketch")
        attempt = store.claim("free", request_for("green"), Decimal(0), ()).attempt
        store.mark_sending(attempt.intent_id, ())
        store.end_run("free", "done")
    assert list((root / "paid-runs").iterdir()) == []


def test_the_mark_is_there_before_anything_is_sent_and_once_for_each_run(root):
    seen = []
    with open_store(root) as store:
        store.begin_run("one", "book", REALM)
        watch(lambda step, side: seen.append((step, side)))
        try:
            for name in ("red", "green"):
                attempt = store.claim("one", request_for(name), PRICE, ()).attempt
                store.mark_sending(attempt.intent_id, ())
        finally:
            watch(None)
        store.end_run("one", "done")
    marked = seen.index((Step.PAID_RUN_MARK, Side.AFTER))
    assert marked < seen.index((Step.LEDGER_SENDING, Side.BEFORE))
    assert seen.count((Step.PAID_RUN_MARK, Side.AFTER)) == 1


@pytest.mark.parametrize(
    "step", [Step.PAID_RUN_MARK, Step.FOLDER_SYNC, Step.LEDGER_SENDING, Step.LEDGER_BEGIN_RUN]
)
@pytest.mark.parametrize("side", list(Side))
def test_a_run_that_is_killed_around_its_mark_is_no_alarm(root, processes, step, side):
    make_state(root, ("red",))
    processes.run_until_killed(
        f"""
from seedflow.failpoints import Side, Step, watch
store = open_store(root)
watch(lambda step, side: die() if (step, side) == (Step.{step.name}, Side.{side.name}) else None)
store.begin_run("killed", "book", "cloudflare")
attempt = store.claim("killed", REQUEST, PRICE, ()).attempt
store.mark_sending(attempt.intent_id, ())
die()
"""
    )
    open_store(root).close()
    assert "ledger-older" not in {found.kind.value for found in verify_state(root, ignore).findings}


def test_runs_whose_rows_a_repair_could_not_save_are_settled_with_it(root):
    make_state(root, ("red",))
    connection = sqlite3.connect(root / "ledger.db")
    connection.execute("PRAGMA foreign_keys = OFF")
    for table in ("runs", "attempts", "requests", "images"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DROP INDEX attempts_by_time")
    connection.commit()
    connection.close()
    done = repair_state(root, ignore)
    assert any("run-red" in loss for loss in done.losses)
    open_store(root).close()


def test_an_import_is_marked_like_a_run(root, tmp_path):
    make_state(tmp_path / "theirs", ("green",))
    export_results(tmp_path / "theirs", tmp_path / "x.zip", build_wanted((), (), ()), ignore)
    make_state(root, ("red",))
    shutil.copytree(root, tmp_path / "backup")
    import_results(root, tmp_path / "x.zip", judge_fingerprint, ignore)
    open_store(root).close()
    put_back(root, tmp_path / "backup")
    with pytest.raises(StoreError, match="1 run that paid is not in it \\(import-"):
        open_store(root)


def test_many_missing_runs_are_counted_and_three_are_named():
    assert (
        spell_missing([f"r{n}" for n in range(1200)]) == "1,200 runs that paid are not in it (r0, r1, r2 …)"
    )
