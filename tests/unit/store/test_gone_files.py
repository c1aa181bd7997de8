"""A state that lost a file of its own, or whose repair was killed, is neither taken for an empty one nor made worse."""

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from seedflow.errors import StoreError
from seedflow.failpoints import Side, Step, watch
from seedflow.store.exporting import export_results
from seedflow.store.findings import FindingKind
from seedflow.store.garbage import InUse, find_garbage
from seedflow.store.history import History
from seedflow.store.inspection import inspect_state
from seedflow.store.local import open_store
from seedflow.store.repair import repair_state
from seedflow.store.schema import SCHEMA_VERSION
from seedflow.store.verify import verify_state
from seedflow.store.view import open_view

sys.path.insert(0, str(Path(__file__).parent))

from project_state import REALM, change, list_rows, make_state, request_for


def verify(root):
    return verify_state(root, lambda done, total: None)


def repair(root):
    return repair_state(root, lambda done, total: None)


def kinds(report):
    return {found.kind for found in report.findings}


def look(root):
    with History(root) as history:
        assert history.exists
        return history.count_runs()


LOOKS = {
    "view": lambda root: open_view(root).close(),
    "store": lambda root: open_store(root).close(),
    "history": look,
    "garbage": lambda root: find_garbage(root, InUse(), 0.0),
    "export": lambda root: export_results(root, root.parent / "x.zip", lambda asked: True, lambda *_: None),
}


def test_without_its_version_a_state_is_read_all_the_same_and_said_to_lack_it(root):
    make_state(root)
    (root / "VERSION").unlink()
    report = verify(root)
    assert kinds(report) == {FindingKind.VERSION_MISSING}
    assert (report.damage, report.pictures, report.attempts) == ((), 3, 3)
    assert look(root) == 1
    with open_view(root) as view:
        assert view.has_result(REALM, request_for("red").fingerprint, 1)
    assert inspect_state(root).problem is None
    assert not (root / "VERSION").exists()
    repaired = repair(root)
    assert repaired.actions == ("wrote VERSION, which was missing",)
    assert (root / "VERSION").read_text() == "1\n"
    assert verify(root).findings == ()


def test_without_its_version_a_half_made_ledger_is_still_no_state(root):
    root.mkdir(mode=0o700)
    connection = sqlite3.connect(root / "ledger.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert (root / "ledger.db").stat().st_size
    assert verify(root) is None
    with History(root) as history:
        assert not history.exists
    open_store(root).close()
    assert verify(root).damage == ()


@pytest.mark.parametrize("name", sorted(LOOKS))
@pytest.mark.parametrize("version", ["missing", "garbled"])
def test_without_its_version_a_newer_ledger_is_refused_and_not_mended(root, name, version):
    make_state(root)
    change(root, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    (root / "VERSION").unlink()
    if version == "garbled":
        (root / "VERSION").write_text("x\n")
    before = (root / "ledger.db").read_bytes()
    with pytest.raises(StoreError) as caught:
        LOOKS[name](root)
    assert caught.value.kind == ("newer" if version == "missing" else "damaged")
    with pytest.raises(StoreError) as caught:
        repair(root)
    assert caught.value.kind == "newer"
    assert (root / "ledger.db").read_bytes() == before
    assert (root / "VERSION").exists() == (version == "garbled")


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_pictures_without_ledger_and_version_are_no_empty_state(root, name):
    make_state(root)
    for gone in ("VERSION", "ledger.db"):
        (root / gone).unlink()
    with pytest.raises(StoreError, match=r"ledger is missing, although the rest") as caught:
        LOOKS[name](root)
    assert caught.value.kind == "damaged"
    assert not (root / "ledger.db").exists()
    report = verify(root)
    assert FindingKind.LEDGER_DAMAGED in kinds(report)
    assert report.pictures == 3


class Killed(BaseException):
    """What a watcher raises in place of a death."""


def kill_repair(root: Path, step: Step, side: Side, nth: int = 1) -> None:
    left = [nth]

    def kill(reached, at):
        if (reached, at) == (step, side):
            left[0] -= 1
            if not left[0]:
                raise Killed

    watch(kill)
    try:
        with pytest.raises(Killed):
            repair(root)
    finally:
        watch(None)


def damage(root: Path) -> bytes:
    """Overwrite a table that the newest rows do not touch; gives the file's bytes."""
    connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro&immutable=1", uri=True)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'run_results'").fetchone()
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with (root / "ledger.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x5a" * size)
    return (root / "ledger.db").read_bytes()


def leave_a_log(root: Path) -> None:
    """A further paid result, whose rows stand in the write-ahead log alone, as after a kill."""
    copy = root.with_name("copy")
    with open_store(root):
        make_state(root, ("yellow",))
        shutil.copytree(root, copy)
    shutil.rmtree(root)
    copy.rename(root)
    assert (root / "ledger.db-wal").stat().st_size


def addresses(root: Path) -> set[str]:
    return {address for (address,) in list_rows(root, "SELECT address FROM requests")}


def test_a_repair_killed_before_the_old_ledger_is_aside_keeps_it_when_it_goes_on(root):
    make_state(root)
    old = damage(root)
    kill_repair(root, Step.SALVAGE_READY, Side.AFTER)
    with pytest.raises(StoreError, match="cut short"):
        open_store(root)
    assert "finished a repair that was cut short" in repair(root).actions
    assert [path.read_bytes() for path in root.glob("damaged/*/ledger.db")] == [old]
    assert verify(root).findings == ()
    assert addresses(root) == {"red", "green", "blue"}


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_a_ledger_whose_log_a_killed_repair_moved_is_refused_until_it_is_finished(root, name):
    make_state(root)
    leave_a_log(root)
    damage(root)
    kill_repair(root, Step.SALVAGE_RENAME, Side.BEFORE)
    assert not (root / "ledger.db-wal").exists()
    with pytest.raises(StoreError, match="a repair of the ledger was cut short") as caught:
        LOOKS[name](root)
    assert "verify --repair" in caught.value.help
    found = verify(root)
    assert FindingKind.LEDGER_DAMAGED in kinds(found)
    assert "was killed before it could put it in its place" in found.damage[0].message
    assert "finished a repair that was cut short" in repair(root).actions
    assert addresses(root) == {"red", "green", "blue", "yellow"}
    assert verify(root).findings == ()


def test_a_repair_killed_before_it_moved_the_log_begins_again(root):
    make_state(root)
    leave_a_log(root)
    damage(root)
    kill_repair(root, Step.SALVAGE_READY, Side.AFTER)
    reached = []
    watch(lambda step, side: reached.append((step, side)))
    try:
        repair(root)
    finally:
        watch(None)
    assert (Step.SALVAGE_AGAIN, Side.AFTER) in reached
    assert addresses(root) == {"red", "green", "blue", "yellow"}
    assert verify(root).findings == ()


def test_a_run_after_a_killed_repair_is_not_forgotten_when_the_repair_is_taken_up(root):
    make_state(root)
    leave_a_log(root)
    damage(root)
    kill_repair(root, Step.SALVAGE_READY, Side.AFTER)
    make_state(root, ("pink",))
    assert not (root / "ledger.db.rebuilt").exists()
    repair(root)
    assert addresses(root) == {"red", "green", "blue", "yellow", "pink"}
    assert verify(root).findings == ()
