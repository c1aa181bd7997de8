"""Ledgers and machines that are not as they should be: nothing is changed, what can be read is read, and the message says what to do."""

import errno
import fcntl
import hashlib
import sqlite3
from decimal import Decimal

import pytest

from seedflow.errors import BudgetError, StoreError
from seedflow.store.base import Budget, Granted
from seedflow.store.calls import CallFilter
from seedflow.store.history import History
from seedflow.store.local import open_store
from seedflow.store.schema import SCHEMA_VERSION
from seedflow.store.view import open_view

DAY_S = 86_400.0
NOON = 1_790_000_000.0


def digest_state(root):
    """Every file but SQLite's index of its log, which holds no data and which whoever reads may write."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm") and path.stat().st_size
    }


NEWER = """
from conftest import finish
import sqlite3
store = open_store(root)
store.begin_run("run-1", "storybook", "cloudflare")
finish(store, "run-1")
connection = sqlite3.connect(root / "ledger.db", isolation_level=None)
connection.execute(f"PRAGMA user_version = {sys.argv[2]}")
die()
"""


@pytest.mark.parametrize("opens", [open_store, open_view, History])
def test_a_newer_ledger_is_left_alone_with_all_that_a_killed_run_left(root, processes, opens):
    child = processes.start(NEWER, str(SCHEMA_VERSION + 1))
    child.communicate(timeout=60)
    before = digest_state(root)
    assert {"ledger.db", "ledger.db-wal", "runs/run-1/journal"} <= set(before)
    with pytest.raises(StoreError, match=f"schema {SCHEMA_VERSION + 1}") as caught:
        opens(root)
    assert (caught.value.kind, caught.value.help) == (
        "newer", "use the newer seedflow that wrote it; nothing was changed"
    )  # fmt: skip # a row a line
    assert digest_state(root) == before


def look_at_all(history):
    history.list_runs()
    history.list_calls(CallFilter())


def spoil_a_page(path, table):
    """Overwrite the first page of a table with noise."""
    connection = sqlite3.connect(path)
    page, size = connection.execute(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_schema WHERE name = ?",
        (table,),
    ).fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


@pytest.mark.parametrize("table", ["attempts", "requests", "runs", "images"])
def test_a_damaged_page_is_named_as_damage_and_nothing_is_written(root, tools, table):
    with open_store(root) as store:
        store.begin_run("run-1", "storybook", "cloudflare")
        tools.finish(store, "run-1")
        store.end_run("run-1", "done")
    spoil_a_page(root / "ledger.db", table)
    before = digest_state(root)
    with History(root) as history, pytest.raises(StoreError) as caught:
        look_at_all(history)
    assert caught.value.kind == "damaged"
    assert str(root / "ledger.db") in caught.value.message
    assert caught.value.help
    assert digest_state(root) == before
    assert len(list((root / "blobs" / "sha256").rglob("*"))) == 2, "its picture is there all the same"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_locks_a_state_can_be_looked_at_and_not_run(root, tools, monkeypatch, number):
    with open_store(root) as store:
        store.begin_run("run-1", "storybook", "cloudflare")
        tools.finish(store, "run-1")
    before = digest_state(root)

    def refuse(_descriptor, _operation):
        raise OSError(number, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with History(root) as history:
        assert [run.status for run in history.list_runs()] == ["killed"]
        assert len(history.list_calls(CallFilter())) == 1
    with pytest.raises(StoreError) as caught:
        open_store(root)
    assert caught.value.kind == "no-locks"
    assert "local disk" in caught.value.help
    assert digest_state(root) == before


@pytest.mark.parametrize("wrong", [0.0, 4_102_444_800.0, NOON - 3 * DAY_S])
def test_a_wrong_clock_counts_for_the_day_that_it_says_and_no_other_budget(root, tools, wrong):
    clock = [NOON]
    day = [Budget("day", 2 * tools.price)]
    project = [Budget("project", 4 * tools.price)]

    def ask(number, budgets):
        return store.claim("run-1", tools.other_request(number), tools.price, budgets)

    with open_store(root, clock=lambda: clock[0]) as store:
        store.begin_run("run-1", "storybook", "cloudflare")
        assert isinstance(ask(1, day), Granted)
        assert isinstance(ask(2, day), Granted)
        with pytest.raises(BudgetError):
            ask(3, day)
        clock[0] = wrong
        assert isinstance(ask(3, day), Granted)
        assert isinstance(ask(4, day), Granted)
        with pytest.raises(BudgetError):
            ask(5, day)
        with pytest.raises(BudgetError):
            ask(5, project)
        clock[0] = NOON
        with pytest.raises(BudgetError):
            ask(5, day)
        assert store.spent_usd("run-1") == Decimal(4) * tools.price


def test_a_run_is_alive_by_its_lock_whatever_the_clocks_say(root):
    clock = [4_102_444_800.0]
    with open_store(root, clock=lambda: clock[0]) as store:
        store.begin_run("run-1", "storybook", "cloudflare")
        clock[0] = 0.0
        with History(root) as history:
            (run,) = history.list_runs()
        assert (run.status, run.ended_at) == ("running", None)
        store.end_run("run-1", "done")
        with History(root) as history:
            (run,) = history.list_runs()
        assert (run.status, run.ended_at) == ("done", 0.0)
