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
from seedflow.store.inspection import inspect_state
from seedflow.store.local import open_store
from seedflow.store.paid_runs import Lacking
from seedflow.store.repair import repair_state
from seedflow.store.verify import verify_state
from seedflow.store.view import open_view

sys.path.insert(0, str(Path(__file__).parent))

from project_state import PRICE, REALM, ask, blob, draw, keep, make_state, request_for


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


def test_an_import_that_went_on_after_the_copy_is_known(root, tmp_path, monkeypatch):
    make_state(tmp_path / "theirs", ("green", "blue"))
    export_results(tmp_path / "theirs", tmp_path / "x.zip", build_wanted((), (), ()), ignore)
    make_state(root, ("red",))
    monkeypatch.setattr("seedflow.store.importing._BATCH", 1)

    def copy_after_the_first(done, total):
        if done == 1 and not (tmp_path / "backup").exists() and list((root / "paid-runs").glob("import-*")):
            shutil.copytree(root, tmp_path / "backup")

    import_results(root, tmp_path / "x.zip", judge_fingerprint, copy_after_the_first)
    open_store(root).close()
    put_back(root, tmp_path / "backup")
    with pytest.raises(StoreError, match="1 run went on after it was copied \\(import-"):
        open_store(root)


# A ledger that was copied while a run was at work


def copy_while_at_work(root, backup, how_it_ends):
    """A run of which one call ended, and one is being sent, when somebody copies the ledger; then it goes on."""
    store = open_store(root)
    store.begin_run("long", "book", REALM)
    ask(store, "long", request_for("red"), "red")
    waiting = store.claim("long", request_for("blue"), PRICE, ()).attempt
    shutil.copytree(root, backup)
    how_it_ends(store, waiting)
    store.close()


def end_well(store, waiting):
    finish(store, waiting, "blue")
    store.end_run("long", "done")


def finish(store, waiting, color):
    store.mark_sending(waiting.intent_id, ())
    store.mark_answered(waiting.intent_id, b"{}", PRICE)
    store.mark_done(waiting.intent_id, [keep(store, draw(color))], PRICE)


def be_killed(store, waiting):
    finish(store, waiting, "blue")


@pytest.mark.parametrize("how_it_ends", [end_well, be_killed])
def test_a_ledger_that_was_copied_while_its_run_was_at_work_is_older(root, tmp_path, how_it_ends):
    copy_while_at_work(root, tmp_path / "backup", how_it_ends)
    put_back(root, tmp_path / "backup")
    for opens in (open_view, open_store):
        with pytest.raises(StoreError) as caught:
            opens(root)
        assert caught.value.kind == "older"
        assert "1 run went on after it was copied (long)" in caught.value.message
    assert {"ledger-older"} == {found.kind.value for found in verify_state(root, ignore).damage}
    done = repair_state(root, ignore)
    assert "1 run went on after it was copied (long)" in done.losses[0]
    assert done.after.damage == ()
    open_store(root).close()
    assert repair_state(root, ignore).actions == ()


def test_after_going_on_with_it_a_ledger_from_before_the_run_is_still_known(root, tmp_path):
    make_state(root, ("green",))
    shutil.copytree(root, tmp_path / "before")
    copy_while_at_work(root, tmp_path / "backup", end_well)
    put_back(root, tmp_path / "backup")
    repair_state(root, ignore)
    put_back(root, tmp_path / "before")
    with pytest.raises(StoreError, match="1 run that paid is not in it \\(long\\)"):
        open_store(root)


def test_a_run_that_was_killed_and_taken_up_since_is_known_to_be_over(root, tmp_path):
    """What its journal had was put into the ledger that is gone."""
    copy_while_at_work(root, tmp_path / "backup", lambda store, waiting: None)
    open_store(root).close()
    put_back(root, tmp_path / "backup")
    with pytest.raises(StoreError, match="1 run went on after it was copied \\(long\\)"):
        open_view(root)


def test_the_newest_ledger_put_back_while_its_run_was_dead_is_no_alarm(root, tmp_path):
    copy_while_at_work(root, tmp_path / "backup", be_killed)
    shutil.copytree(root, tmp_path / "newest")
    put_back(root, tmp_path / "backup")
    put_back(root, tmp_path / "newest")
    open_store(root).close()
    assert verify_state(root, ignore).damage == ()


def test_whoever_looks_while_a_run_goes_on_sees_no_older_ledger(root):
    with open_store(root) as store:
        store.begin_run("long", "book", REALM)
        for color in ("red", "green", "blue"):
            ask(store, "long", request_for(color), color)
            open_view(root).close()
        store.end_run("long", "done")
        open_view(root).close()


@pytest.mark.parametrize(
    ("step", "nth"),
    [
        (Step.LEDGER_DONE, 1), (Step.LEDGER_END, 1), (Step.LEDGER_END, 2), (Step.LEDGER_UNKNOWN, 1), (Step.LEDGER_NOT_BILLED, 1),
        (Step.LEDGER_END_RUN, 1), (Step.PAID_RUN_NOTE, 1), (Step.PAID_RUN_NOTE, 2), (Step.PAID_RUN_NOTE, 3),
    ],
)  # fmt: skip # a row a line
@pytest.mark.parametrize("side", list(Side))
def test_a_run_that_is_killed_wherever_its_mark_is_written_is_no_alarm(root, processes, step, nth, side):
    processes.run_until_killed(
        f"""
from project_state import ask, request_for
from seedflow.failpoints import Side, Step, watch
left = {nth}
def look(step, side):
    global left
    left -= (step, side) == (Step.{step.name}, Side.{side.name})
    if not left:
        die()
store = open_store(root)
watch(look)
store.begin_run("killed", "book", "cloudflare")
ask(store, "killed", request_for("red"), "red")
for address, end in (
    ("a", lambda one: store.mark_failed(one, "moderation", "no", PRICE)),
    ("b", lambda one: store.mark_unknown(one, "silence")),
    ("c", lambda one: store.mark_not_billed(one, "not billed")),
    ("d", lambda one: store.mark_lost_paid(one, "gone")),
):
    one = store.claim("killed", request_for(address), PRICE, ()).attempt.intent_id
    store.mark_sending(one, ())
    if address == "d":
        store.mark_answered(one, b"{{}}", PRICE)
    end(one)
store.end_run("killed", "done")
die()
"""
    )
    open_view(root).close()
    open_store(root).close()
    assert "ledger-older" not in {found.kind.value for found in verify_state(root, ignore).findings}


def test_a_mark_that_cannot_be_written_any_further_stops_nothing(root):
    def refuse(step, side):
        if (step, side) == (Step.PAID_RUN_NOTE, Side.BEFORE):
            raise OSError(28, "No space left on device")

    watch(refuse)
    try:
        make_state(root, ("red",))
    finally:
        watch(None)
    assert verify_state(root, ignore).findings == ()


@pytest.mark.parametrize("content", [b"", b"\0" * 28, b"nonsense\n", b"99999999999999999999999 ended  \n"])
def test_a_mark_that_says_nothing_is_a_mark_all_the_same(root, content):
    make_state(root, ("red",))
    (root / "paid-runs/run-red").write_bytes(content)
    open_store(root).close()
    assert verify_state(root, ignore).findings == ()


def test_many_missing_runs_are_counted_and_three_are_named():
    lacking = Lacking(tuple(f"r{n}" for n in range(1200)), ("a", "b"))
    assert lacking.spell() == (
        "1,200 runs that paid are not in it (r0, r1, r2 …); 2 runs went on after it was copied (a, b)"
    )


# A ledger that is gone, and marks that are there


@pytest.mark.parametrize("also", [(), ("VERSION",), ("VERSION", "blobs")])
def test_a_state_of_which_marks_alone_are_left_is_damaged_for_everybody(root, also):
    make_state(root, ("red",))
    for path in [*root.glob("ledger.db*"), *(root / name for name in also)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for opens in (open_view, open_store, History):
        with pytest.raises(StoreError) as caught:
            opens(root)
        assert caught.value.kind == "damaged"
        assert caught.value.message.endswith(
            "the ledger is missing, although the rest of the state is there; 1 run paid here"
        )
        assert "put ledger.db back from a backup" in caught.value.help
    report = verify_state(root, ignore)
    assert "not one can be read" in report.damage[0].message
    assert not report.damage[0].mendable
    with pytest.raises(StoreError, match="not a row of the ledger can be read"):
        repair_state(root, ignore)
    assert inspect_state(root).problem.message.endswith("1 run paid here")
