"""Ledgers of earlier versions: read as they are, upgraded when a run opens them, whole at every moment."""

import shutil
import signal
import sqlite3
import tarfile
from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.errors import StoreError
from seedflow.store import upgrade
from seedflow.store.base import RequestRecord, ToRecover
from seedflow.store.history import History
from seedflow.store.ledger import open_for_reading
from seedflow.store.local import LocalStore, open_store
from seedflow.store.locks import RunLocks
from seedflow.store.schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    VERSIONS,
    apply_upgrade,
    find_schema_problem,
    read_version,
)
from seedflow.store.state import StateFolder
from seedflow.store.view import open_view

PACKED = sorted((Path(__file__).parent / "ledgers").glob("schema-*.tar.xz"))
"""State folders as the seedflow of each earlier version left them; `ledgers/make.py` made them."""

OLDER = [version.number for version in VERSIONS[:-1]]


def make_ledger(root, number):
    """A ledger as the seedflow of that version left it."""
    open_store(root).close()
    path = root / "ledger.db"
    path.unlink()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for version in VERSIONS[:number]:
        apply_upgrade(connection, version)
    connection.execute(
        "INSERT INTO runs (run_id, recipe, realm, started_at, status) VALUES ('old', 'book', 'sketch', 1.0, 'done')"
    )
    connection.close()
    return path


def read_state(path):
    connection = sqlite3.connect(path)
    try:
        return (
            read_version(connection),
            find_schema_problem(connection),
            connection.execute("SELECT run_id FROM runs").fetchall(),
        )
    finally:
        connection.close()


@pytest.mark.parametrize("number", OLDER)
def test_opening_for_a_run_upgrades_and_keeps_a_copy_of_what_was(root, number):
    path = make_ledger(root, number)
    open_store(root).close()
    assert read_state(path) == (SCHEMA_VERSION, None, [("old",)])
    assert read_state(root / f"ledger.schema-{number}.db") == (number, None, [("old",)])
    assert sorted(found.name for found in root.glob("ledger*")) == ["ledger.db", f"ledger.schema-{number}.db"]


@pytest.mark.parametrize("number", OLDER)
def test_reading_an_earlier_version_changes_nothing(root, number):
    path = make_ledger(root, number)
    before = path.read_bytes()
    open_view(root).close()
    open_for_reading(StateFolder(root)).close()
    assert path.read_bytes() == before
    assert not list(root.glob("ledger.schema-*"))


def test_a_ledger_of_our_version_is_not_copied(root):
    open_store(root).close()
    open_store(root).close()
    assert not list(root.glob("ledger.schema-*"))


@pytest.mark.parametrize("number", OLDER)
def test_a_living_run_of_an_earlier_seedflow_keeps_its_ledger(root, number):
    path = make_ledger(root, number)
    locks = RunLocks(root / "locks")
    locks.acquire("run-of-old")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="run run-of-old of an earlier seedflow") as caught:
        open_store(root)
    assert caught.value.kind == "busy"
    assert path.read_bytes() == before
    locks.release("run-of-old")
    open_store(root).close()
    assert read_state(path)[0] == SCHEMA_VERSION


@pytest.mark.parametrize("number", OLDER)
@pytest.mark.parametrize("stage", ["copying", "upgrading"])
def test_a_step_that_fails_leaves_the_old_ledger_and_opening_again_goes_on(root, number, stage, monkeypatch):
    path = make_ledger(root, number)
    before = read_state(path)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        if stage == "copying":
            patched.setattr(upgrade, "sync_descriptor", refuse)
        else:
            patched.setattr(upgrade, "apply_upgrade", refuse)
        with pytest.raises(StoreError) as caught:
            open_store(root)
    assert caught.value.kind == "disk-full"
    assert read_state(path) == before
    assert not list(root.glob("*.new*")), "half a copy is not left lying about"
    open_store(root).close()
    assert read_state(path)[0] == SCHEMA_VERSION


def test_a_ledger_with_the_statistics_of_sqlite_is_still_ours(root):
    open_store(root).close()
    connection = sqlite3.connect(root / "ledger.db", isolation_level=None)
    connection.execute("ANALYZE")
    connection.close()
    open_store(root).close()


@pytest.mark.parametrize("number", [0, -1])
def test_a_version_that_never_was_is_damage(root, number):
    open_store(root).close()
    connection = sqlite3.connect(root / "ledger.db", isolation_level=None)
    connection.execute(f"PRAGMA user_version = {number}")
    connection.close()
    with pytest.raises(StoreError, match=f"schema {number}, which there never was") as caught:
        open_store(root)
    assert caught.value.kind == "damaged"


@pytest.fixture(params=PACKED, ids=lambda path: path.name.split(".")[0])
def packed(request, root):
    """The state of an earlier version: a run that went well, and one that was killed, with attempts in every state."""
    with tarfile.open(request.param) as archive:
        archive.extractall(root.parent, filter="data")
    return int(request.param.name.removeprefix("schema-").split(".")[0])


def read_rows(path, number):
    """Every row of every table that a version has."""
    connection = sqlite3.connect(path)
    try:
        tables = [sql.split()[2] for sql in VERSIONS[number - 1].statements if sql.startswith("CREATE TABLE")]
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables
        }
    finally:
        connection.close()


def list_requests(rows):
    return sorted({(realm, fingerprint, take) for _, _, realm, fingerprint, take, *_ in rows["attempts"]})


def test_every_earlier_version_is_packed():
    assert [path.name for path in PACKED] == [f"schema-{number}.tar.xz" for number in OLDER]


def test_every_row_of_an_earlier_version_stays(root, packed, monkeypatch):
    before = read_rows(root / "ledger.db", packed)
    assert {row[6] for row in before["attempts"]} == {
        "reserved", "sending", "answered", "fetched", "done", "failed", "unknown", "lost-paid"
    }  # fmt: skip # a row a line
    monkeypatch.setattr(LocalStore, "take_up_leftovers", lambda _: None)
    open_store(root).close()
    assert read_state(root / "ledger.db")[:2] == (SCHEMA_VERSION, None)
    assert read_rows(root / "ledger.db", packed) == before
    assert read_rows(root / f"ledger.schema-{packed}.db", packed) == before


def test_runs_of_an_earlier_version_stay_in_their_order_and_new_ones_come_after_them(root, packed):
    def list_runs():
        with History(root) as history:
            return [run.run_id for run in history.list_runs()]

    before = list_runs()
    assert before[-1] == "killed-run"
    with open_store(root, clock=lambda: 1.0) as store:  # by a clock that was set back
        store.begin_run("aaa", "atlas", "cloudflare")
    assert list_runs() == [*before, "aaa"]


def test_results_and_spending_are_what_they_were(root, packed):
    rows = read_rows(root / "ledger.db", packed)
    requests = list_requests(rows)

    def look():
        with open_view(root) as view:
            return [
                (view.list_results(*one), view.next_take(*one[:2], 0), view.find_takes(*one[:2]))
                for one in requests
            ]

    before = look()
    assert sum(len(result.images) for results, *_ in before for result in results) == 6
    open_store(root).close()
    assert look() == before
    reserved = sum(row[12] for row in rows["attempts"] if row[6] == "reserved")
    now = read_rows(root / "ledger.db", packed)
    spent = {row[:3]: row[3] for row in rows["spending"]}
    assert reserved
    assert {row[:3]: row[3] for row in now["spending"] if row[2] == "emulated"} == {
        key: micros for key, micros in spent.items() if key[2] == "emulated"
    }
    assert next(row[3] for row in now["spending"] if row[:3] == ("project", "", "cloudflare")) == (
        spent["project", "", "cloudflare"] - reserved
    ), "only what the killed run had reserved and never sent counts no more"


def test_what_an_address_judged_is_told_by_the_calls_that_it_made_itself(root, packed):
    with sqlite3.connect(root / "ledger.db") as connection:
        asked = connection.execute(
            "SELECT realm, recipe, address, fingerprint, take, max(attempt)"
            " FROM attempts JOIN requests USING (attempt_id) GROUP BY 1, 2, 3, 4, 5"
        ).fetchall()
    connection.close()
    before = (root / "ledger.db").read_bytes()
    with open_view(root) as view:
        assert [view.find_judged(*one) for *one, _ in asked] == [attempt for *_, attempt in asked]
        realm, recipe, _, fingerprint, take, _ = asked[0]
        assert view.find_judged(realm, recipe, "somebody-else", fingerprint, take) == 0
    assert asked
    assert (root / "ledger.db").read_bytes() == before
    open_store(root).close()
    with open_view(root) as view:
        assert [view.find_judged(*one) for *one, _ in asked] == [attempt for *_, attempt in asked]


def test_what_a_killed_run_of_an_earlier_seedflow_left_is_taken_up(root, packed):
    with open_store(root) as store:
        store.begin_run("now", "atlas", "cloudflare")
        found = {}
        for name in ("reserved", "sending", "answered", "fetched", "unknown", "lost-paid", "journaled"):
            request = RequestRecord(
                "cloudflare", f"request/1:{name}", 1, "atlas", name, name, "m", {}, "params/1:x", None, ()
            )
            claim = store.claim("now", request, Decimal("0.04"), ())
            assert isinstance(claim, ToRecover)
            found[name] = (claim.attempt.state.value, claim.attempt.answer)
    answer = b'{"answer": "raw"}'
    assert found == {
        "reserved": ("reserved", None),
        "sending": ("sending", None),
        "answered": ("answered", answer),
        "fetched": ("fetched", answer),
        "unknown": ("unknown", None),
        "lost-paid": ("lost-paid", answer),
        "journaled": ("answered", b'{"kept": "in the journal"}'),
    }


def test_killed_while_upgrading_leaves_the_old_ledger_or_the_new_one(root, processes):
    """Before and after everything on the way that is durable."""
    seen = set()
    for moment in range(20):
        with tarfile.open(PACKED[-1]) as archive:
            archive.extractall(root.parent, filter="data")
        number = OLDER[-1]
        before = read_rows(root / "ledger.db", number)
        child = processes.start(KILLED_AT_A_MOMENT, str(moment))
        child.communicate(timeout=60)
        found = read_state(root / "ledger.db")
        assert found[:2] in ((number, None), (SCHEMA_VERSION, None))
        left = read_rows(root / "ledger.db", number)
        assert left["answers"][: len(before["answers"])] == before["answers"]
        seen.add((child.returncode, found[0]))
        open_store(root).close()
        assert read_state(root / "ledger.db")[0] == SCHEMA_VERSION
        assert read_state(root / f"ledger.schema-{number}.db")[:2] == (number, None)
        assert not list(root.glob("*.new*"))
        shutil.rmtree(root)
        if child.returncode == 0:
            break
    assert seen == {(-signal.SIGKILL, OLDER[-1]), (-signal.SIGKILL, SCHEMA_VERSION), (0, SCHEMA_VERSION)}


KILLED_AT_A_MOMENT = """
moments = int(sys.argv[2])
def pass_a_moment():
    global moments
    moments -= 1
    if moments < 0:
        die()
from seedflow.store import upgrade
for name in ("sync_descriptor", "sync_folder", "apply_upgrade", "_remove_older_copies"):
    def wrapped(*arguments, call=getattr(upgrade, name)):
        pass_a_moment()
        call(*arguments)
        pass_a_moment()
    setattr(upgrade, name, wrapped)
open_store(root).close()
"""
