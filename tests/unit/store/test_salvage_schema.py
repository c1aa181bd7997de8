"""A ledger whose list of tables is damaged is rebuilt with every row, wherever its tables begin."""

import sqlite3
import sys
import tarfile
from pathlib import Path

import pytest

from seedflow.errors import StoreError
from seedflow.store.findings import FindingKind
from seedflow.store.local import open_store
from seedflow.store.repair import repair_state
from seedflow.store.verify import verify_state

sys.path.insert(0, str(Path(__file__).parent))

from project_state import PRICE, REALM, list_rows, make_state, request_for

PACKED = Path(__file__).parent / "ledgers/schema-1.tar.xz"
PAGE_BYTES = 4096
NAMES = "SELECT intent_id, state, cost_micros, params FROM attempts JOIN requests USING (attempt_id) ORDER BY attempt_id"
CALLS = "SELECT * FROM attempts JOIN requests USING (attempt_id) ORDER BY attempt_id"


def ignore(done, total):
    pass


def find_pages_of_list(path: Path) -> list[int]:
    """Where the pages lie that hold the list of tables."""
    data = path.read_bytes()
    pages = range(0, len(data), PAGE_BYTES)
    return [at for at in pages if at == 0 or b"CREATE " in data[at : at + PAGE_BYTES]]


def overwrite(path: Path, offset: int, size: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)


@pytest.mark.parametrize("size", [40, PAGE_BYTES])
def test_a_damaged_list_of_tables_costs_no_row(root, tmp_path, size):
    digests = make_state(root)
    pages = find_pages_of_list(root / "ledger.db")
    assert len(pages) >= 3
    before = list_rows(root, CALLS)
    whole = (root / "ledger.db").read_bytes()
    for page in pages:
        (root / "ledger.db").write_bytes(whole)
        overwrite(root / "ledger.db", page, size)
        told = next(
            found for found in verify_state(root, ignore).findings if found.where == "ledger.db: calls"
        )
        assert told.message.startswith("3 can be read"), page
        repaired = repair_state(root, ignore)
        assert (repaired.losses, repaired.after.damage) == ((), ()), page
        assert list_rows(root, CALLS) == before
        named = list_rows(root, "SELECT digest FROM images ORDER BY attempt_id")
        assert [digest for (digest,) in named] == digests
        assert not list(root.glob("*.new*"))


def test_all_of_the_list_overwritten_is_put_right_by_what_a_new_ledger_looks_like(root):
    make_state(root)
    before = list_rows(root, CALLS)
    for page in find_pages_of_list(root / "ledger.db"):
        overwrite(root / "ledger.db", page, PAGE_BYTES)
    repaired = repair_state(root, ignore)
    assert (repaired.losses, repaired.after.damage) == ((), ())
    assert list_rows(root, CALLS) == before


def test_tables_that_an_upgrade_added_behind_the_rows_are_found_and_so_is_what_only_the_log_has(root):
    with tarfile.open(PACKED) as archive:
        archive.extractall(root.parent / "old", filter="data")
    (state,) = (path.parent for path in (root.parent / "old").rglob("ledger.db"))
    open_store(state).close()  # upgrades it
    results = list_rows(state, "SELECT count(*) FROM images")
    reader = sqlite3.connect(f"file:{state}/ledger.db?mode=ro", uri=True)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM runs").fetchone()  # so that the log is not folded into the file
    with open_store(state) as store:
        store.begin_run("newest", "book", REALM)
        attempt = store.claim("newest", request_for("newest"), PRICE, ()).attempt
        store.mark_failed(attempt.intent_id, "test", "no", PRICE)
        store.end_run("newest", "failed")
    before = list_rows(state, NAMES)
    log = (state / "ledger.db-wal").read_bytes()
    reader.close()
    (state / "ledger.db-wal").write_bytes(log)
    assert attempt.intent_id in {row[0] for row in before}
    for page in find_pages_of_list(state / "ledger.db")[1:]:
        overwrite(state / "ledger.db", page, 40)
    assert FindingKind.LEDGER_DAMAGED in {found.kind for found in verify_state(state, ignore).findings}
    repaired = repair_state(state, ignore)
    assert repaired.losses == ()
    assert list_rows(state, NAMES) == before
    assert list_rows(state, "SELECT count(*) FROM images") == results
    assert list_rows(state, "SELECT count(*) FROM run_results WHERE run_id = 'newest'") == [(0,)]


def test_bytes_in_the_list_that_are_no_text_are_damage_and_no_traceback(root):
    make_state(root)
    before = list_rows(root, CALLS)
    data = bytearray((root / "ledger.db").read_bytes())
    at = data.index(b"CREATE TABLE attempts")
    data[at + 3 : at + 9] = b"\xe5\xf4\x89\x82\x8a\xcc"
    (root / "ledger.db").write_bytes(data)
    with pytest.raises(StoreError) as caught:
        open_store(root)
    assert caught.value.kind == "damaged"
    assert FindingKind.LEDGER_DAMAGED in {found.kind for found in verify_state(root, ignore).findings}
    repaired = repair_state(root, ignore)
    assert (repaired.losses, repaired.after.damage) == ((), ())
    assert list_rows(root, CALLS) == before
