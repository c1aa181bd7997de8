"""A check tells everything that is wrong with a state, exactly, and a repair mends it without losing what was paid."""

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from seedflow.canonical import digest_bytes
from seedflow.errors import StoreError
from seedflow.store import attempts as attempts_table
from seedflow.store.base import AlreadyStored, AttemptState, Granted, ToRecover
from seedflow.store.calls import RESTORED
from seedflow.store.findings import FindingKind, Outlook, sum_costs
from seedflow.store.garbage import InUse, find_garbage
from seedflow.store.local import open_store
from seedflow.store.repair import repair_state
from seedflow.store.verify import verify_state

sys.path.insert(0, str(Path(__file__).parent))

from project_state import PRICE, REALM, blob, change, draw, list_rows, make_state, request_for


def verify(root):
    return verify_state(root, lambda done, total: None)


def repair(root):
    return repair_state(root, lambda done, total: None)


def kinds(report):
    return {found.kind for found in report.findings}


def test_no_state_is_no_finding(root):
    assert verify(root) is None
    assert repair(root) is None
    assert not root.exists()


def test_a_whole_state_has_no_findings(root):
    make_state(root)
    shown = []
    report = verify_state(root, lambda done, total: shown.append((done, total)))
    assert report.findings == ()
    assert (report.pictures, report.attempts) == (3, 3)
    assert shown[0] == (0, 3)
    assert shown[-1] == (3, 3)


def test_a_run_at_work_is_no_finding(root):
    make_state(root)
    with open_store(root) as store:
        store.begin_run("now", "book", REALM)
        attempt = store.claim("now", request_for("page"), PRICE, ()).attempt
        store.mark_sending(attempt.intent_id, ())
        path = store.new_blob_path()
        path.write_bytes(draw("gray"))
        path.chmod(0o600)
        assert verify(root).findings == ()
        assert repair(root).actions == ()
        store.mark_unknown(attempt.intent_id, "test")


@pytest.mark.parametrize("how", ["flip", "cut", "missing", "link"])
def test_a_picture_that_is_not_whole_is_found_and_can_be_fetched_again(root, how):
    digest, *_ = make_state(root)
    path, times = blob(root, digest), blob(root, digest).stat()
    if how == "flip":
        data = bytearray(path.read_bytes())
        data[30] ^= 1
        path.write_bytes(data)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # so that nothing but its bytes shows it
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-5])
    elif how == "missing":
        path.unlink()
    else:
        path.rename(path.with_name("x"))
        path.symlink_to("x")
    report = verify(root)
    (found,) = report.damage
    assert found.kind is (FindingKind.PICTURE_MISSING if how == "missing" else FindingKind.PICTURE_DAMAGED)
    assert [(one.address, one.cost_usd, one.outlook) for one in found.results] == [
        ("red", PRICE, Outlook.REFETCH)
    ]
    repaired = repair(root)
    if how != "missing":
        assert os.path.lexists(root / "damaged" / path.name)
    assert {one.kind for one in repaired.after.damage} == {FindingKind.PICTURE_MISSING}
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        claim = store.claim("next", request_for("red"), PRICE, ())
        assert isinstance(claim, ToRecover)
        assert claim.attempt.state is AttemptState.ANSWERED
        assert isinstance(store.claim("next", request_for("green"), PRICE, ()), AlreadyStored)
        store.leave(claim.attempt.intent_id)


def test_what_nothing_can_bring_back_is_paid_again_only_with_consent(root):
    digest, *_ = make_state(root)
    blob(root, digest).unlink()
    change(root, "DELETE FROM answers WHERE attempt_id = 1")
    report = verify(root)
    assert sum_costs(report.list_results(Outlook.GONE)) == PRICE
    repaired = repair(root)
    assert any("only with consent" in action for action in repaired.actions)
    assert kinds(repaired.after) == {FindingKind.LOST_PAID}
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        assert isinstance(store.claim("next", request_for("red"), PRICE, ()), ToRecover)
        assert isinstance(store.claim("next", request_for("red"), PRICE, (), again=True), Granted)


def test_a_second_damaged_picture_of_one_name_keeps_the_first(root):
    digest, *_ = make_state(root)
    for number in (1, 2):
        blob(root, digest).write_bytes(f"damage {number}".encode())
        repair(root)
    aside = sorted(path.read_bytes() for path in (root / "damaged").iterdir())
    assert aside == [b"damage 1", b"damage 2"]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE spending SET micros = micros + 1 WHERE scope = 'day'", FindingKind.WRONG_SUM),
        ("DELETE FROM spending WHERE scope = 'project'", FindingKind.WRONG_SUM),
        ("UPDATE attempts SET counted_micros = 0 WHERE attempt_id = 2", FindingKind.WRONG_COUNT),
        ("UPDATE blobs SET width_px = 7", FindingKind.WRONG_FACTS),
        ("UPDATE blobs SET mtime_ns = 7", FindingKind.OTHER_TIME),
        ("UPDATE attempts SET claimed = 1 WHERE attempt_id = 2", FindingKind.DEAD_CLAIM),
        ("UPDATE runs SET status = NULL", FindingKind.DEAD_RUN),
        ("DELETE FROM blobs", FindingKind.BROKEN_ROW),
        ("UPDATE answers SET answer = X'7b'", FindingKind.BROKEN_ANSWER),
    ],
)
def test_what_can_be_worked_out_is_worked_out_anew(root, statement, kind):
    make_state(root)
    change(root, statement)
    assert kind in kinds(verify(root))
    assert repair(root).after.findings == ()
    assert list_rows(root, "SELECT DISTINCT micros FROM spending WHERE scope = 'project'") == [(120_000,)]


@pytest.mark.parametrize(
    ("statement", "kind", "says"),
    [
        ("UPDATE requests SET params = '{' WHERE attempt_id = 2", FindingKind.BROKEN_ROW, "not JSON"),
        ("UPDATE requests SET \"references\" = '[3]'", FindingKind.BROKEN_ROW, "not a list of digests"),
        ("DELETE FROM requests WHERE attempt_id = 2", FindingKind.BROKEN_ROW, "what it asked"),
        ("UPDATE answers SET answer = X'7b'", FindingKind.BROKEN_ANSWER, "cannot be read"),
        ("DELETE FROM images WHERE attempt_id = 2", FindingKind.NO_IMAGES, "names none"),
        ("UPDATE attempts SET answered_at = NULL", FindingKind.BROKEN_ROW, "expected the time of its answer"),
        (
            "UPDATE attempts SET fingerprint = 'x'",
            FindingKind.BROKEN_ROW,
            "its `fingerprint` is 'x'; expected a fingerprint",
        ),
        ("UPDATE past_requests SET fingerprint = 'x'", FindingKind.BROKEN_ROW, "expected a fingerprint"),
        ("UPDATE images SET number = 2", FindingKind.BROKEN_ROW, "numbered [2]"),
    ],
)
def test_rows_that_make_no_sense_are_told(root, statement, kind, says):
    make_state(root)
    change(root, statement)
    damage = verify(root).damage
    assert any(found.kind is kind and says in found.message for found in damage), damage


def test_an_answer_that_nobody_can_read_is_kept_in_the_copy_and_its_pictures_stay(root):
    make_state(root)
    change(root, "UPDATE answers SET answer = X'7b'")
    actions = " ".join(repair(root).actions)
    assert "took 3 answers out that nobody can read" in actions
    assert "damaged/ledger-1" in actions
    kept = sqlite3.connect(root / "damaged" / "ledger-1" / "ledger.db")
    assert kept.execute("SELECT DISTINCT answer FROM answers").fetchall() == [(b"{",)]
    kept.close()
    assert list_rows(root, "SELECT DISTINCT state FROM attempts") == [("done",)]


def test_a_picture_that_is_gone_with_an_answer_that_nobody_can_read_is_lost(root):
    make_state(root)
    change(root, "UPDATE answers SET answer = X'7b'")
    blob(root, digest_bytes(draw("red"))).unlink()
    repaired = repair(root)
    assert any("paid again only with consent" in action for action in repaired.actions)
    assert sorted(list_rows(root, "SELECT state FROM attempts")) == [("done",), ("done",), ("lost-paid",)]
    assert repaired.after.damage == ()


def test_strays_and_permissions_are_notes_and_mended(root):
    make_state(root)
    (root / "notes.txt").write_text("mine")
    (root / "blobs" / "incoming" / "store-dead").mkdir(mode=0o700)
    (root / "locks" / "run-dead.lock").touch(0o600)
    (root / "VERSION.77.new").touch(0o600)
    root.chmod(0o755)
    stray = blob(root, digest_bytes(draw("white")))
    stray.parent.mkdir(mode=0o700, exist_ok=True)
    stray.write_bytes(draw("white"))
    stray.chmod(0o600)
    report = verify(root)
    assert report.damage == ()
    assert kinds(report) == {
        FindingKind.UNKNOWN_FILE,
        FindingKind.HALF_FILE,
        FindingKind.UNKNOWN_PICTURE,
        FindingKind.PERMISSIONS,
    }
    after = repair(root).after
    assert kinds(after) == {FindingKind.UNKNOWN_FILE, FindingKind.HALF_FILE, FindingKind.UNKNOWN_PICTURE}
    assert (root / "notes.txt").read_text() == "mine"
    assert stray.exists()
    assert root.stat().st_mode & 0o777 == 0o700


def overwrite_table(root: Path, table: str, nth_page: int | None = None) -> None:
    """Fill pages of a table with rubbish, its root page by default."""
    connection = sqlite3.connect(root / "ledger.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    if nth_page is None:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    else:
        pages = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (table,)
        ).fetchall()
        page = pages[nth_page][0]
    connection.close()
    with (root / "ledger.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x5a" * size)


@pytest.mark.parametrize("table", ["spending", "blobs", "past_requests", "runs", "attempts_by_request"])
def test_a_damaged_ledger_is_rebuilt_from_what_can_be_read(root, table):
    make_state(root)
    before = list_rows(root, "SELECT * FROM attempts"), list_rows(root, "SELECT * FROM images")
    sums = list_rows(root, "SELECT * FROM spending ORDER BY 1, 2, 3")
    overwrite_table(root, table)
    assert FindingKind.LEDGER_DAMAGED in kinds(verify(root))
    repaired = repair(root)
    assert repaired.after.damage == ()
    assert "saved 3 calls of the ledger" in repaired.actions
    assert repaired.losses == ()
    assert (root / "damaged/ledger-1/ledger.db").exists()
    assert (list_rows(root, "SELECT * FROM attempts"), list_rows(root, "SELECT * FROM images")) == before
    assert list_rows(root, "SELECT * FROM spending ORDER BY 1, 2, 3") == sums
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        for color in ("red", "green", "blue"):
            assert isinstance(store.claim("next", request_for(color), PRICE, ()), AlreadyStored)


@pytest.mark.parametrize(
    "tables", [("attempts", "requests"), ("attempts", "requests", "requests_by_address")]
)
def test_calls_of_which_neither_row_can_be_read_come_back_from_the_indexes(root, tables):
    make_state(root)
    fingerprints = list_rows(root, "SELECT attempt_id, fingerprint FROM attempts")
    for table in tables:
        overwrite_table(root, table)
    told = next(found for found in verify(root).findings if found.where == "ledger.db: calls")
    assert "of 3 it can no longer be told what they cost" in told.message
    assert "verify --repair" in told.message
    repaired = repair(root)
    assert any("restored 3 calls of them from the indexes" in action for action in repaired.actions), (
        repaired.actions
    )
    assert list_rows(root, "SELECT attempt_id, fingerprint FROM attempts") == fingerprints
    if len(tables) == 2:
        assert list_rows(root, "SELECT address FROM requests ORDER BY attempt_id") == [
            ("red",), ("green",), ("blue",)
        ]  # fmt: skip # a row a line
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        for color in ("red", "green", "blue"):
            assert isinstance(store.claim("next", request_for(color), PRICE, ()), AlreadyStored)


def test_calls_that_not_even_an_index_knows_are_told_by_number_and_their_pictures_stay(root):
    digests = make_state(root)
    for table in ("attempts", "attempts_by_request", "requests"):
        overwrite_table(root, table)
    told = next(found for found in verify(root).findings if found.where == "ledger.db: calls")
    assert (
        "3 cannot (number 1, 2, 3): whether they were paid, and for what, can no longer be told"
        in told.message
    )
    repaired = repair(root)
    assert repaired.losses == (
        "3 calls cannot be read (number 1, 2, 3): what they paid for may be asked and paid again",
        "3 pictures in blobs/ may be theirs and no result names them: they stay, and gc leaves them alone",
    )
    assert (root / "damaged/ledger-1/ledger.db").exists()
    assert all(blob(root, digest).exists() for digest in digests)
    found = find_garbage(root, InUse(), None)
    assert (found.garbage, found.unknown) == ((), 3), "what was paid for is no garbage after a repair"


def test_a_ledger_of_which_nothing_can_be_read_says_what_that_means_for_money(root):
    make_state(root)
    (root / "ledger.db").write_bytes(b"\x5a" * 65536)
    before = (root / "ledger.db").stat().st_mtime_ns
    told, *_ = verify(root).findings
    assert told.kind is FindingKind.LEDGER_DAMAGED
    assert "what was paid here, and for what, can no longer be told" in told.message
    assert "backup" in told.message
    assert (root / "ledger.db").stat().st_mtime_ns == before


def has_dbstat() -> bool:
    try:
        sqlite3.connect(":memory:").execute("SELECT 1 FROM dbstat LIMIT 1")
    except sqlite3.OperationalError:
        return False
    return True


@pytest.mark.skipif(not has_dbstat(), reason="this SQLite cannot tell which page is whose")
def test_rows_on_both_sides_of_a_damaged_page_are_saved_and_the_rest_restored_from_indexes(root):
    with open_store(root) as store:
        store.begin_run("long", "book", REALM)
        for number in range(60):
            attempt = store.claim("long", request_for(f"p{number}"), PRICE, ()).attempt
            store.mark_failed(attempt.intent_id, "test", "x" * 300, PRICE)
        store.end_run("long", "failed")
    overwrite_table(root, "attempts", nth_page=2)
    repaired = repair(root)
    saved = {number for (number,) in list_rows(root, "SELECT attempt_id FROM attempts")}
    restored = {
        number for (number,) in list_rows(root, "SELECT attempt_id FROM attempts WHERE state = 'unknown'")
    }
    assert saved == set(range(1, 61))
    assert 0 < len(restored) < 30
    assert {1, 60}.isdisjoint(restored)
    assert any(f"restored {len(restored)} call" in action for action in repaired.actions), repaired.actions
    assert repaired.after.damage == ()
    assert list_rows(root, "SELECT DISTINCT counted_micros FROM attempts WHERE state = 'unknown'") == [(0,)]
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        lost = request_for(f"p{min(restored) - 1}")
        assert isinstance(store.claim("next", lost, PRICE, ()), ToRecover)  # only with consent
        kept = store.claim("next", request_for("p0"), PRICE, ())
        assert isinstance(kept, ToRecover)
        assert kept.attempt.state is AttemptState.FAILED


@pytest.mark.skipif(not has_dbstat(), reason="this SQLite cannot tell which page is whose")
def test_what_is_restored_counts_as_the_dearest_of_the_others(root):
    make_state(root)
    with open_store(root) as store:
        store.begin_run("long", "book", REALM)
        for number in range(60):
            attempt = store.claim("long", request_for(f"p{number}"), PRICE, ()).attempt
            store.mark_sending(attempt.intent_id, ())
            store.mark_unknown(attempt.intent_id, "x" * 300)
        store.end_run("long", "failed")
    overwrite_table(root, "attempts", nth_page=2)
    repair(root)
    rows = list_rows(
        root, "SELECT counted_micros, cost_micros, message FROM attempts WHERE state = 'unknown'"
    )
    restored = [(counted, cost) for counted, cost, message in rows if message == RESTORED]
    assert set(restored) == {(40_000, 0)}
    assert list_rows(root, "SELECT micros FROM spending WHERE scope = 'project'") == [(63 * 40_000,)]


def test_a_ledger_that_was_cut_short_gives_what_its_pages_still_have(root):
    make_state(root)
    attempts = list_rows(root, "SELECT attempt_id, fingerprint, state FROM attempts")
    connection = sqlite3.connect(root / "ledger.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page_bytes, pages = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count")
    )
    connection.close()
    cut = (root / "ledger.db").read_bytes()[: (pages - 1) * page_bytes]
    (root / "ledger.db").write_bytes(cut)
    assert FindingKind.LEDGER_DAMAGED in kinds(verify(root))
    assert (root / "ledger.db").read_bytes() == cut, "looking changes nothing"
    repaired = repair(root)
    assert repaired.after.damage == ()
    assert list_rows(root, "SELECT attempt_id, fingerprint, state FROM attempts") == attempts
    assert (root / "damaged/ledger-1/ledger.db").read_bytes() == cut
    assert list(root.glob("*.padded*")) == []
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        for color in ("red", "green", "blue"):
            assert isinstance(store.claim("next", request_for(color), PRICE, ()), AlreadyStored)


@pytest.mark.parametrize("checkpointed", [True, False])
def test_a_ledger_whose_first_bytes_are_overwritten_is_read_under_a_new_header(root, checkpointed):
    make_state(root)
    attempts = list_rows(root, "SELECT attempt_id, fingerprint, state, cost_micros FROM attempts")
    connection = sqlite3.connect(root / "ledger.db")
    if checkpointed:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    spoiled = b"\xa5" * 100 + (root / "ledger.db").read_bytes()[100:]
    (root / "ledger.db").write_bytes(spoiled)
    repaired = repair(root)
    assert repaired.after.damage == ()
    assert repaired.losses == ()
    assert list_rows(root, "SELECT attempt_id, fingerprint, state, cost_micros FROM attempts") == attempts
    assert (root / "damaged/ledger-1/ledger.db").read_bytes() == spoiled
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        assert isinstance(store.claim("next", request_for("red"), PRICE, ()), AlreadyStored)


def test_a_request_that_cannot_be_read_any_more_keeps_its_result_and_stops_no_run(root):
    make_state(root)
    change(root, """UPDATE requests SET params = '{"prom', "references" = '\x01' WHERE attempt_id = 1""")
    with open_store(root) as store, pytest.raises(StoreError, match=r"request 1: .* not JSON"):
        load_attempt_of(store, 1)
    assert FindingKind.BROKEN_ROW in kinds(verify(root))
    repaired = repair(root)
    assert any("not known any more what 1 call asked" in action for action in repaired.actions)
    assert repaired.after.damage == ()
    with open_store(root) as store:
        assert load_attempt_of(store, 1).request.params == {}
        store.begin_run("next", "book", REALM)
        assert isinstance(store.claim("next", request_for("red"), PRICE, ()), AlreadyStored)


def load_attempt_of(store, attempt_id):
    """What a claim that has to recover it would get."""
    with store._ledger.reading() as connection:
        return attempts_table.load_attempt(connection, store._blobs, attempt_id)


def test_a_ledger_of_which_nothing_can_be_read_is_left_alone(root):
    make_state(root)
    (root / "ledger.db").write_bytes(b"\x5a" * 65536)
    with pytest.raises(StoreError, match="not a row of the ledger can be read") as raised:
        repair(root)
    assert "backup" in raised.value.help
    assert (root / "ledger.db").read_bytes() == b"\x5a" * 65536
    assert not (root / "damaged").exists()


def test_a_damaged_ledger_is_not_rebuilt_under_a_living_run(root):
    make_state(root)
    overwrite_table(root, "spending")
    from seedflow.store.locks import RunLocks

    locks = RunLocks(root / "locks")
    locks.acquire("living")
    with pytest.raises(StoreError, match="living is at work"):
        repair(root)
    locks.close()


def test_a_rebuilding_that_was_cut_short_is_finished(root):
    make_state(root)
    shutil.copy(root / "ledger.db", root / "ledger.db.rebuilt")
    (root / "ledger.db").write_bytes(b"\x5a" * 65536)
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (root / name).unlink(missing_ok=True)
    assert "finished a repair that was cut short" in repair(root).actions
    assert verify(root).findings == ()


@pytest.mark.parametrize("text", ["", "x\n", "\0\0", "0\n"])
def test_a_state_whose_version_is_garbled_gets_its_number_back(root, text):
    make_state(root)
    (root / "VERSION").write_text(text)
    with pytest.raises(StoreError, match="expected the number of a format"):
        verify(root)
    repaired = repair(root)
    assert repaired.actions[0] == "wrote VERSION anew: it had no number of a format"
    assert repaired.after.damage == ()
    assert verify(root).findings == ()


@pytest.mark.parametrize(
    "name", ["runs", "locks", "blobs", "blobs/sha256", "blobs/incoming", "blobs/rejected", "damaged"]
)
def test_what_stands_where_a_folder_belongs_is_found_and_moved_aside(root, name):
    make_state(root)
    path = root / name
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("not ours")
    path.chmod(0o600)
    report = verify(root)
    (found,) = [one for one in report.findings if one.kind is FindingKind.NO_FOLDER]
    assert (found.where, found.is_damage) == (name, True)
    assert "expected a folder, found a file" in found.message
    assert path.read_text() == "not ours", "looking changes nothing"
    done = repair(root)
    assert any(name in action for action in done.actions)
    assert FindingKind.NO_FOLDER in kinds(done.before)
    assert FindingKind.NO_FOLDER not in kinds(done.after)
    assert (root / "damaged" / Path(name).name.replace("damaged", "damaged.aside")).read_text() == "not ours"
    open_store(root).close()


def test_a_link_where_a_folder_belongs_is_found_and_left_to_its_owner(root, tmp_path):
    make_state(root)
    shutil.rmtree(root / "blobs" / "incoming")
    (root / "blobs" / "incoming").symlink_to(tmp_path)
    (found,) = [one for one in verify(root).findings if one.kind is FindingKind.NO_FOLDER]
    assert "found a symbolic link" in found.message
    with pytest.raises(StoreError, match="symbolic link"):
        repair(root)


def test_a_newer_state_is_refused_untouched(root):
    make_state(root)
    change(root, "PRAGMA user_version = 999")
    with pytest.raises(StoreError) as raised:
        repair(root)
    assert raised.value.kind == "newer"


def test_an_answer_in_the_journal_of_a_killed_run_is_taken_up(root, processes):
    make_state(root)
    processes.run_until_killed(
        "store = open_store(root); store.begin_run('dead', 'book', 'cloudflare')\n"
        "attempt = store.claim('dead', REQUEST, PRICE, ()).attempt; store.mark_sending(attempt.intent_id, ())\n"
        "die()"
    )
    found = kinds(verify(root))
    assert {FindingKind.DEAD_CLAIM, FindingKind.DEAD_RUN, FindingKind.HALF_FILE} <= found
    assert verify(root).damage == ()
    after = repair(root).after
    assert after.findings == ()
