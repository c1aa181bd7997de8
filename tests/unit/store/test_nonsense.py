"""Whatever stands in whatever column: one repair is enough, a further look finds nothing, and plans and runs go on."""

import shutil
import sqlite3
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.pipeline.archives import build_wanted, judge_fingerprint
from seedflow.store.base import Budget, Granted, RunRecord, ToRecover
from seedflow.store.calls import CallFilter
from seedflow.store.exporting import export_results
from seedflow.store.findings import FindingKind
from seedflow.store.garbage import InUse, find_garbage
from seedflow.store.history import History
from seedflow.store.importing import import_results
from seedflow.store.local import open_store
from seedflow.store.repair import repair_state
from seedflow.store.schema import VERSIONS
from seedflow.store.verify import verify_state
from seedflow.store.view import open_view

sys.path.insert(0, str(Path(__file__).parent))

from project_state import PRICE, REALM, ask, change, list_rows, make_state, request_for

PAID = ("red", "green", "gold", "lost")
NO_TEXT = "CAST(X'ff41' AS TEXT)"
VALUES = {
    "TEXT": ("NULL", "'nonsense'", "''", NO_TEXT, "X'ff'"),
    "INTEGER": ("NULL", "'nonsense'", "-1", str(2**62), "1.5"),
    "REAL": ("NULL", "'nonsense'", "-1e18", "9e999"),
    "BLOB": ("NULL", "'nonsense'"),
}
FETCHED_BY_THE_NEXT_RUN = {FindingKind.NO_IMAGES, FindingKind.PICTURE_MISSING}


def ignore(done, total):
    pass


def list_columns():
    connection = sqlite3.connect(":memory:")
    for statement in VERSIONS[-1].statements:
        connection.execute(statement)
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid"
    ).fetchall()
    return [
        (table, row[1], row[2])
        for (table,) in tables
        for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
    ]


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A state with a row in each of its tables."""
    folder = tmp_path_factory.mktemp("example")
    make_state(folder / "theirs", ("gold",))
    export_results(folder / "theirs", folder / "x.zip", build_wanted((), (), ()), ignore)
    state = folder / "state"
    make_state(state, ("red", "green"))
    import_results(state, folder / "x.zip", judge_fingerprint, ignore)
    with open_store(state) as store:
        store.begin_run("second", "book", REALM)
        for address in ("lost", "refused"):
            attempt = store.claim("second", request_for(address), PRICE, ()).attempt
            store.mark_sending(attempt.intent_id, ())
            if address == "lost":
                store.mark_unknown(attempt.intent_id, "silence")
            else:
                store.mark_failed(attempt.intent_id, "moderation", "no", PRICE)
        store.end_run("second", "failed", RunRecord("outputs", {"images": 1}))
    return state


@pytest.fixture
def state(example, tmp_path):
    shutil.copytree(example, tmp_path / "state")
    return tmp_path / "state"


def put(root, table, column, value):
    """A value into the first row of a table, as damage does: whatever its types and checks say."""
    path = root / "ledger.db"
    connection = sqlite3.connect(path, isolation_level=None)
    proper = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
    keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, ' NOT NULL', ''), ') STRICT, W', ') W'), ') STRICT', ')')"
    )
    connection.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    names = ", ".join(keys)
    try:
        connection.execute(
            f'UPDATE {table} SET "{column}" = {value} WHERE ({names}) = (SELECT {names} FROM {table} LIMIT 1)'
        )
    except sqlite3.Error:  # the number of a row is one, whatever anybody does
        return False
    finally:
        connection.execute("PRAGMA writable_schema = ON")
        connection.executemany("UPDATE sqlite_schema SET sql = ?2 WHERE name = ?1", proper)
        connection.close()
    return True


def use(root):
    """All that looks at a state, and a run; what the run would pay for though it was paid for before."""
    with open_view(root) as view:
        for address in (*PAID, "refused", "new"):
            name = (REALM, request_for(address).fingerprint)
            view.list_results(*name, 1)
            view.find_unfinished(*name, 1)
            view.list_lost(*name, 1)
            view.list_refused(*name, 1)
            view.next_take(*name, 1)
            view.find_past_request(REALM, "book", address)
        view.settled_usd(REALM)
    with History(root) as history:
        history.list_runs()
        history.list_calls(CallFilter())
    find_garbage(root, InUse(), 0.0)
    (root.parent / "y.zip").unlink(missing_ok=True)
    export_results(root, root.parent / "y.zip", build_wanted((), (), ()), ignore)
    again = []
    with open_store(root) as store:
        store.begin_run("again", "book", REALM)
        budgets = [Budget(scope, Decimal(100)) for scope in ("run", "day", "project")]
        for address in (*PAID, "refused", "new"):
            claim = store.claim("again", request_for(address), PRICE, budgets)
            if isinstance(claim, Granted) and address in PAID:
                again.append(address)
        store.list_open_attempts(REALM)
        store.end_run("again", "done")
    return again


@pytest.mark.parametrize(("table", "column", "kind"), list_columns(), ids=lambda value: str(value))
def test_one_repair_is_enough_and_everything_goes_on(example, tmp_path, table, column, kind):
    for number, value in enumerate(VALUES[kind]):
        root = tmp_path / f"{number}"
        shutil.copytree(example, root)
        if not put(root, table, column, value):
            continue
        calls = list_rows(example, "SELECT count(*) FROM attempts")
        repaired = repair_state(root, ignore)
        left = {found.kind for found in verify_state(root, ignore).damage}
        assert left <= FETCHED_BY_THE_NEXT_RUN, (value, left)
        assert repair_state(root, ignore).actions == (), value
        assert list_rows(root, "SELECT count(*) FROM attempts") == calls, value
        if any("made no sense" in action for action in repaired.actions):
            assert list(root.glob("damaged/ledger-*/ledger.db")), value
        again = use(root)
        if again:
            assert any("may be asked and paid again" in loss for loss in repaired.losses), (value, again)


def test_what_makes_no_sense_is_told_with_its_place_and_what_was_expected(state):
    change(state, "UPDATE images SET digest = 'sha256:12' WHERE attempt_id = 1")
    told = [(found.where, found.message) for found in verify_state(state, ignore).damage]
    assert ("ledger.db: images 1/1", "its `digest` is 'sha256:12'; expected a digest") in told


def test_of_a_result_with_a_nonsense_digest_all_pictures_are_fetched_again(root):
    with open_store(root) as store:
        store.begin_run("two", "book", REALM)
        ask(store, "two", request_for("set"), "red", "green")
        store.end_run("two", "done")
    change(root, "UPDATE images SET digest = 'sha256:12' WHERE number = 2")
    repair_state(root, ignore)
    assert find_garbage(root, InUse(), None).garbage == (), "its pictures may be wanted yet"
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        claim = store.claim("next", request_for("set"), PRICE, ())
        assert isinstance(claim, ToRecover)
        assert claim.attempt.answer == b'{"images": ["red", "green"]}'
        store.leave(claim.attempt.intent_id)
    kept = next(root.glob("damaged/ledger-*/ledger.db"))
    assert list_rows(kept.parent, "SELECT digest FROM images WHERE number = 2") == [("sha256:12",)]


@pytest.mark.parametrize(("wrong", "right"), [((1, 7, 3), [1, 2, 3]), ((7, 8, 3), [])])
def test_pictures_whose_order_is_not_known_any_more_are_none(root, wrong, right):
    with open_store(root) as store:
        store.begin_run("three", "book", REALM)
        ask(store, "three", request_for("set"), "red", "green", "blue")
        store.end_run("three", "done")
    before = list_rows(root, "SELECT digest FROM images ORDER BY number")
    for number, new in enumerate(wrong, 1):
        change(root, "UPDATE images SET number = ? WHERE number = ?", 100 + new, number)
    change(root, "UPDATE images SET number = number - 100")
    repair_state(root, ignore)
    assert [number for (number,) in list_rows(root, "SELECT number FROM images ORDER BY 1")] == right
    if right:
        assert list_rows(root, "SELECT digest FROM images ORDER BY number") == before


def test_a_cost_that_is_nonsense_counts_as_the_most_that_it_may_have_been_and_sums_follow(state):
    change(
        state, f"UPDATE attempts SET cost_micros = {2**62}, counted_micros = {2**61} WHERE attempt_id <= 2"
    )
    repaired = repair_state(state, ignore)
    assert any("calls number 1, 2: what they cost is not known any more" in loss for loss in repaired.losses)
    sums = list_rows(state, "SELECT micros FROM spending WHERE scope = 'project'")
    assert sums == list_rows(state, "SELECT sum(counted_micros) FROM attempts") == [(160_000,)]


def test_a_run_at_work_goes_on_while_rows_of_others_are_mended(state):
    change(state, "UPDATE attempts SET fingerprint = 'x' WHERE attempt_id = 1")
    with open_store(state) as store:
        store.begin_run("living", "book", REALM)
        attempt = store.claim("living", request_for("now"), PRICE, ()).attempt
        store.mark_sending(attempt.intent_id, ())
        assert repair_state(state, ignore).after.damage == ()
        store.mark_failed(attempt.intent_id, "test", "no", PRICE)
        store.end_run("living", "failed")
    assert verify_state(state, ignore).damage == ()
