"""Repairing a state: damaged files go aside and are never deleted, what can be worked out is worked out anew.

Nothing is asked of anybody: what can be fetched again is fetched by the next run, under the ledger's own rules.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.images.facts import ImageFacts
from seedflow.store import attempts
from seedflow.store.base import AttemptState
from seedflow.store.check_files import (
    BlobRow,
    OnProgress,
    check_folders,
    find_obstacles,
    look_at_blob,
    path_of,
)
from seedflow.store.check_rows import (
    check_rows,
    compute_sums,
    find_due_count,
    load_done,
)
from seedflow.store.copies import FindCopies, bring_back, restore_results
from seedflow.store.durable import FILE_MODE, FOLDER_MODE, make_folder, sync_folder
from seedflow.store.existing import find_state
from seedflow.store.failures import disk_errors
from seedflow.store.findings import Finding, FindingKind, Report
from seedflow.store.ledger import Ledger, open_for_reading
from seedflow.store.local import open_store
from seedflow.store.locks import KernelLock, RunLocks
from seedflow.store.mend_rows import Mended, mend_rows
from seedflow.store.paid_runs import Lacking, settle_marks
from seedflow.store.salvage import finish_salvage, make_aside, salvage_ledger
from seedflow.store.state import StateFolder, mend_version
from seedflow.store.transitions import check_transition
from seedflow.store.upgrade import back_up
from seedflow.store.verify import load_blob_rows, load_users, verify_state

_NOTED = (FindingKind.WRONG_FACTS, FindingKind.OTHER_TIME)
_NONSENSE = (FindingKind.BROKEN_ROW, FindingKind.BROKEN_ANSWER)


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was wrong, what was done about it, what a further look found, and what nobody can tell any more."""

    before: Report
    actions: tuple[str, ...]
    after: Report
    losses: tuple[str, ...] = ()


def repair_state(
    root: Path, on_progress: OnProgress, find_copies: FindCopies | None = None
) -> Repaired | None:
    """Check the state at `root`, mend what can be mended, and check again; None where there is none.

    Pictures that are gone are brought back from the copies that `find_copies` knows.

    Raises:
        StoreError: it is newer, cannot be written, or (`busy`) a run is at work on a ledger that has to be rebuilt.
    """
    _refuse_newer(StateFolder(root))
    actions, losses = mend_version(root), list[str]()
    folder = find_state(root)
    if folder is None:
        return None
    obstacles = tuple(check_folders(folder))
    with disk_errors(root):
        actions += _make_way(folder)
    actions += finish_salvage(folder)
    before = verify_state(root, on_progress)
    if before is None:
        return None
    before = replace(before, findings=(*obstacles, *before.findings))
    if any(found.kind is FindingKind.LEDGER_DAMAGED for found in before.findings):
        saved, losses = salvage_ledger(folder)
        actions += saved
    elif any(found.kind in _NONSENSE for found in before.findings):
        mended, losses = _mend_values(folder)
        actions += mended
    if not before.findings and not actions:
        return Repaired(before, (), before)
    lacking = _settle_age(folder)
    if lacking:
        actions.append(f"goes on with this ledger: {lacking.spell()}")
        losses.append(
            f"{lacking.spell()}: what they paid for may be asked and paid again; pictures that are theirs stay in blobs/"
        )
    actions += _restrict(root)
    without_version = not os.path.lexists(folder.version)
    open_store(root).close()  # takes up what killed runs left
    if without_version:
        actions.append(f"wrote {folder.version.name}, which was missing")
    looked = (verify_state(root, on_progress) if _has_bad_rows(before) else before) or before
    actions += _put_damaged_aside(folder, looked)  # so that copies can take their places
    count = bring_back(folder, find_copies) if find_copies is not None else 0
    if count:
        actions.append(
            f"brought {count:,} picture{'' if count == 1 else 's'} back from copies among the outputs"
        )
    actions += _repair_rows(folder, looked)
    after = verify_state(root, on_progress)
    assert after is not None  # noqa: S101 - it was there a moment ago
    return Repaired(before, tuple(actions), after, tuple(losses))


def _has_bad_rows(report: Report) -> bool:
    """Whether pictures could not be held against the ledger yet when it was looked at."""
    return any(found.kind in (FindingKind.LEDGER_DAMAGED, *_NONSENSE) for found in report.findings)


def _refuse_newer(folder: StateFolder) -> None:
    """See that nothing is mended, the number of the layout included, around a ledger that this seedflow does not know."""
    try:
        open_for_reading(folder).close()
    except StoreError as error:
        if error.kind == "newer":
            raise


def _repair_rows(folder: StateFolder, before: Report) -> list[str]:
    actions: list[str] = []
    with disk_errors(folder.root):
        ledger = _open_ledger(folder)
    try:
        with disk_errors(folder.root), ledger.transaction() as connection:
            locks = RunLocks(folder.locks)
            digests = _digests(before.findings)
            actions += _repair_pictures(folder, connection, digests)
            actions += restore_results(folder, connection)
            actions += _leave_dead_claims(connection, locks)
            actions += _count_anew(connection)
            actions += _mark_lost(folder, connection)
            actions += _sum_anew(connection)
    finally:
        ledger.close()
    return actions


def _mend_values(folder: StateFolder) -> tuple[list[str], list[str]]:
    """Set right what makes no sense, after a copy of the ledger as it is was put aside. Gives what was done, and what is lost."""
    done = Mended()
    with disk_errors(folder.root):
        ledger = _open_ledger(folder)
    try:
        with disk_errors(folder.root):
            aside = make_aside(folder)
            with ledger.reading() as connection:
                back_up(connection, aside / folder.ledger.name)
            with ledger.transaction() as connection:
                connection.execute("PRAGMA defer_foreign_keys = ON")
                mend_rows(connection, done)
                for _ in (*_count_anew(connection), *_sum_anew(connection)):
                    pass  # follows from what was mended
    finally:
        ledger.close()
    kept = f"kept the ledger as it was in {aside.relative_to(folder.root)}"
    return [*done.list_actions(), kept], list(done.list_losses())


def _settle_age(folder: StateFolder) -> Lacking:
    """Go on with a ledger that is older than what was paid since, or from which runs could not be saved."""
    connection = open_for_reading(folder)
    try:
        with disk_errors(folder.ledger):
            return settle_marks(folder, connection)
    finally:
        connection.close()


def _open_ledger(folder: StateFolder) -> Ledger:
    opening = KernelLock(folder.write_lock)
    try:
        with opening.holding():
            return Ledger(folder)
    finally:
        opening.close()


def _digests(findings: Iterable[Finding]) -> list[str]:
    """The pictures that something is wrong with."""
    names = (Path(found.where).name for found in findings if found.where.startswith("blobs/sha256/"))
    return sorted({f"sha256:{name}" for name in names if len(name) == 64})


def _put_damaged_aside(folder: StateFolder, report: Report) -> list[str]:
    with disk_errors(folder.root):
        ledger = _open_ledger(folder)
    actions: list[str] = []
    try:
        with disk_errors(folder.root), ledger.transaction() as connection:
            rows, users = load_blob_rows(connection), load_users(connection)
            for digest in sorted({*_digests(report.findings), *(users.keys() - rows.keys())}):
                path = path_of(folder, digest)
                if look_at_blob(path, digest, rows.get(digest)).kind is FindingKind.PICTURE_DAMAGED:
                    place = move_aside(folder, path)
                    actions.append(f"moved {_below(folder, path)} to {_below(folder, place)}")
    finally:
        ledger.close()
    return actions


def _repair_pictures(
    folder: StateFolder, connection: sqlite3.Connection, digests: Iterable[str]
) -> Iterator[str]:
    rows, users = load_blob_rows(connection), load_users(connection)
    for digest in {*digests, *(users.keys() - rows.keys())}:
        row, path = rows.get(digest), path_of(folder, digest)
        seen = look_at_blob(path, digest, row)
        if seen.facts is not None and (seen.kind in _NOTED or row is None) and digest in users:
            _write_facts(connection, seen.facts, seen.mtime_ns)
            if seen.kind is not FindingKind.OTHER_TIME:
                yield f"wrote down anew what {_below(folder, path)} is"
        elif row is None and digest in users:
            _write_unknown(connection, digest)


def _write_facts(connection: sqlite3.Connection, facts: ImageFacts, mtime_ns: int) -> None:
    row = BlobRow(facts.size_bytes, mtime_ns, facts.width_px, facts.height_px, facts.format.value)
    connection.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?)", (facts.digest, *row))


def _write_unknown(connection: sqlite3.Connection, digest: str) -> None:
    """A row for a picture that is not there, so that the result that names it can be judged and fetched again."""
    connection.execute("INSERT OR IGNORE INTO blobs VALUES (?, 0, 0, 1, 1, 'png')", (digest,))


def _make_way(folder: StateFolder) -> list[str]:
    """Move what stands where a folder belongs aside. Of a link nobody knows what for it is there: a run says what to do."""
    actions = []
    for path in [found for found in find_obstacles(folder) if not found.is_symlink()]:
        obstacle = path
        if path == folder.damaged:
            obstacle = path.with_name(f"{path.name}.aside")
            with Step.ASIDE_RENAME:
                path.rename(obstacle)
        place = move_aside(folder, obstacle)
        make_folder(path)
        actions.append(f"moved {_below(folder, path)}, which was no folder, to {_below(folder, place)}")
    return actions


def move_aside(folder: StateFolder, path: Path) -> Path:
    """Move a file into `damaged/`, durably, under a name that nothing there has yet."""
    make_folder(folder.damaged)
    target, number = folder.damaged / path.name, 1
    while os.path.lexists(target):
        number += 1
        target = folder.damaged / f"{path.name}.{number}"
    with Step.ASIDE_RENAME:
        path.rename(target)
    sync_folder(folder.damaged)
    sync_folder(path.parent)
    return target


def _leave_dead_claims(connection: sqlite3.Connection, locks: RunLocks) -> Iterator[str]:
    claimed = connection.execute("SELECT attempt_id, run_id FROM attempts WHERE claimed = 1").fetchall()
    dead = [attempt_id for attempt_id, run_id in claimed if not locks.is_alive(run_id)]
    for attempt_id in dead:
        attempts.leave(connection, attempt_id)
    if dead:
        yield f"let go of {len(dead):,} claim{'' if len(dead) == 1 else 's'} of runs that were killed"


def _count_anew(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT attempt_id, state, reserved_micros, cost_micros, counted_micros, run_id FROM attempts"
    ).fetchall()
    wrong = 0
    for attempt_id, state, reserved, cost, counted, run_id in rows:
        due = find_due_count(
            AttemptState(state), reserved, cost, counted, imported=run_id.startswith("import-")
        )
        if due != counted:
            connection.execute(
                "UPDATE attempts SET counted_micros = ? WHERE attempt_id = ?", (due, attempt_id)
            )
            wrong += 1
    if wrong:
        yield f"counted {wrong:,} call{'' if wrong == 1 else 's'} anew"


def _mark_lost(folder: StateFolder, connection: sqlite3.Connection) -> Iterator[str]:
    """A paid result that nothing can bring back is asked again only with consent."""
    missing = {
        attempt_id
        for digest, of in load_users(connection).items()
        if not path_of(folder, digest).exists()
        for attempt_id in of
    }
    without = {
        int(found.where.rpartition(" ")[2])
        for found in check_rows(connection, ())
        if found.kind is FindingKind.NO_IMAGES
    }
    for attempt_id, row in load_done(connection).items():
        if attempt_id not in missing | without or row.has_answer or row.imported or not row.cost_micros:
            continue
        check_transition(str(attempt_id), AttemptState.DONE, AttemptState.ANSWERED, AttemptState.LOST_PAID)
        connection.execute(
            "UPDATE attempts SET state = 'lost-paid', claimed = 0, message = ? WHERE attempt_id = ?",
            ("its pictures are gone from the store, and so is the answer that names them", attempt_id),
        )
        yield f"{row.address} is marked as paid and lost: it is paid again only with consent"


def _sum_anew(connection: sqlite3.Connection) -> Iterator[str]:
    due = {name: micros for name, micros in compute_sums(connection).items() if micros}
    there = {
        (scope, key, realm): micros
        for scope, key, realm, micros in connection.execute("SELECT scope, key, realm, micros FROM spending")
        if micros
    }
    if due == there:
        return
    connection.execute("DELETE FROM spending")
    connection.executemany(
        "INSERT INTO spending (scope, key, realm, micros) VALUES (?, ?, ?, ?)",
        ((*name, micros) for name, micros in due.items()),
    )
    yield "added up anew what budgets count"


def _restrict(root: Path) -> list[str]:
    """Take from everybody else what they may do here."""
    changed = 0
    with disk_errors(root):
        for path in (root, *root.rglob("*")):
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue  # a run went on with it
            if stat.S_ISLNK(found.st_mode):
                continue
            wanted = FOLDER_MODE if stat.S_ISDIR(found.st_mode) else FILE_MODE
            if stat.S_IMODE(found.st_mode) & ~wanted:
                with Step.RESTRICT_MODE:
                    path.chmod(stat.S_IMODE(found.st_mode) & wanted)
                changed += 1
    return [f"took from others the right to use {changed:,} files and folders"] if changed else []


def _below(folder: StateFolder, path: Path) -> str:
    return str(path.relative_to(folder.root))
