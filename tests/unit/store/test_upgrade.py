"""Ledgers of earlier versions: read as they are, upgraded when a run opens them, whole at every moment."""

import sqlite3

import pytest

from seedflow.errors import StoreError
from seedflow.store import upgrade
from seedflow.store.ledger import open_for_reading
from seedflow.store.local import open_store
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
