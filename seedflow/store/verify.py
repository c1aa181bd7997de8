"""Checking a whole state: every picture, every row, every file. Reads only; runs may go on meanwhile."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Final

from seedflow.errors import StoreError
from seedflow.store.check_files import (
    BlobRow,
    OnProgress,
    Seen,
    check_folders,
    check_permissions,
    check_strays,
    list_blobs,
    look_at_blobs,
    path_of,
)
from seedflow.store.check_rows import (
    DoneRow,
    check_rows,
    check_structure,
    describe_result,
    is_wrong_value,
    load_done,
)
from seedflow.store.existing import find_state
from seedflow.store.failures import disk_errors
from seedflow.store.findings import Finding, FindingKind, Report
from seedflow.store.ledger import open_for_reading
from seedflow.store.locks import KernelLock, RunLocks
from seedflow.store.mend_rows import find_nonsense, read_texts
from seedflow.store.paid_runs import find_lacking
from seedflow.store.salvage import preview_salvage
from seedflow.store.state import StateFolder

_HALF_WAY: Final = "SELECT EXISTS (SELECT 1 FROM attempts WHERE state IN ('sending', 'answered', 'fetched'))"
_UNKNOWN: Final = "this ledger has never named it: a call that it does not know may have paid for it"

_Users = dict[str, list[int]]
"""By digest, the attempts that name a picture."""


def find_living(folder: StateFolder) -> frozenset[str]:
    """The runs, and the stores that receive, that live now; none where the state cannot be written.

    Raises:
        StoreError: another process kept the ledger's lock.
    """
    if not folder.locks.is_dir() or not os.access(folder.locks, os.W_OK):
        return frozenset()
    lock = KernelLock(folder.write_lock)
    try:
        with disk_errors(folder.locks), lock.holding():
            return frozenset(RunLocks(folder.locks).list_living())
    finally:
        lock.close()


def verify_state(root: Path, on_progress: OnProgress) -> Report | None:
    """Look at everything in the state at `root`; None where there is none yet.

    What looks wrong because a run wrote meanwhile is looked at again before it is told.

    Raises:
        StoreError: it is newer than this seedflow, not ours, or cannot be read at all.
    """
    folder = find_state(root)
    if folder is None:
        return None
    findings = list(check_folders(folder))
    done: dict[int, DoneRow] = {}
    rows: dict[str, BlobRow] = {}
    users: _Users = {}
    attempts = 0
    readable = True
    try:
        connection = open_for_reading(folder)
    except StoreError as error:
        if error.kind != "damaged":
            raise
        findings.append(Finding(FindingKind.LEDGER_DAMAGED, "ledger.db", error.message))
        readable = False
    else:
        try:
            with disk_errors(folder.ledger):
                findings.extend(_judge_age(folder, connection))
                connection.execute("BEGIN")
                structure = list(check_structure(connection))
                nonsense = list(_judge_values(connection))
                findings.extend((*structure, *nonsense))
                read_texts(connection)
                attempts = connection.execute("SELECT count(*) FROM attempts").fetchone()[0]
                if nonsense or any(map(is_wrong_value, structure)):
                    readable = False  # what rows say of each other is looked at when each of them makes sense
                else:
                    done, rows, users = (
                        load_done(connection),
                        load_blob_rows(connection),
                        load_users(connection),
                    )
                    findings.extend(check_rows(connection, find_living(folder)))
        except StoreError as error:
            if error.kind != "damaged":
                raise
            readable = False
            findings.append(Finding(FindingKind.LEDGER_DAMAGED, "ledger.db", error.message))
        finally:
            connection.close()
    if any(found.kind is FindingKind.LEDGER_DAMAGED for found in findings):
        findings.insert(0, _judge_damage(folder))
    there = list_blobs(folder)
    known: dict[str, BlobRow | None] = {digest: rows.get(digest) for digest in sorted({*there, *users})}
    seen = look_at_blobs(folder, known, on_progress)
    if readable:
        findings.extend(_judge(folder, seen, users, done, rows.keys()))
    else:
        findings.extend(
            Finding(one.kind, _name(one.digest), one.message) for one in seen if one.kind is not None
        )
    findings.extend(check_strays(folder, find_living(folder)))
    findings.extend(check_permissions(folder))
    if not os.path.lexists(folder.version):
        findings.append(
            Finding(FindingKind.VERSION_MISSING, folder.version.name, "the number of the layout is not there")
        )
    return Report(len(there), sum(there.values()), attempts, tuple(findings))


def _judge_age(folder: StateFolder, connection: sqlite3.Connection) -> Iterator[Finding]:
    """Whether the ledger was put back from a copy that is older than what was paid since."""
    lacking = find_lacking(folder, connection)
    if lacking:
        yield Finding(
            FindingKind.LEDGER_OLDER,
            "ledger.db",
            f"it is older than what was paid since: {lacking.spell()}. Put the newest ledger.db there is in its place; where "
            "there is none, `seedflow verify --repair` goes on with this one, and what these runs paid for may be paid again",
        )


def _judge_values(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Values that may not stand where they stand."""
    for one in find_nonsense(connection):
        yield Finding(
            FindingKind.BROKEN_ROW,
            f"ledger.db: {one.table} {one.row}",
            f"its `{one.column}` is {one.found}; expected {one.expected}",
        )


def _judge_damage(folder: StateFolder) -> Finding:
    """What a damaged ledger can no longer tell about money, and what to do."""
    where = "ledger.db: calls"
    if folder.ledger_rebuilt.exists():
        return Finding(
            FindingKind.LEDGER_DAMAGED,
            where,
            "a repair has rebuilt the ledger and was killed before it could put it in its place. "
            "`seedflow verify --repair` goes on with it",
        )
    try:
        there = folder.ledger.is_file() and folder.ledger.stat().st_size > 0
        saved = preview_salvage(folder) if there else None
    except StoreError as error:
        return Finding(
            FindingKind.LEDGER_DAMAGED,
            where,
            f"which of them can still be told could not be found out: {error.message}",
        )
    if saved is None:
        return Finding(
            FindingKind.LEDGER_DAMAGED,
            where,
            "not one can be read: what was paid here, and for what, can no longer be told, so that a run would pay for all of "
            "it again. Restore ledger.db from a backup; without one, move the state away and keep its blobs/: the pictures "
            "there were paid for, and are looked at below",
            mendable=False,
        )
    parts = [f"{saved.calls:,} can be read or worked out"]
    if saved.gone:
        parts.append(
            f"{len(saved.gone):,} cannot ({saved.spell_gone()}): whether they were paid, and for what, can no longer be told, "
            "so that a run may pay for the same again"
        )
    if saved.restored:
        parts.append(
            f"of {saved.restored:,} it can no longer be told what they cost, and budgets will not count it"
        )
    parts += saved.mended.list_losses()
    if not parts[1:]:
        parts.append("nothing that was paid is forgotten")
    return Finding(
        FindingKind.LEDGER_DAMAGED,
        where,
        f"{'; '.join(parts)}. Restore ledger.db from a backup where there is a good one; else `seedflow verify --repair` "
        "saves what can be read and keeps the damaged file",
    )


def load_blob_rows(connection: sqlite3.Connection) -> dict[str, BlobRow]:
    """Every picture that the ledger knows, by digest."""
    found = connection.execute("SELECT digest, size_bytes, mtime_ns, width_px, height_px, format FROM blobs")
    return {digest: BlobRow(*row) for digest, *row in found}


def load_users(connection: sqlite3.Connection) -> _Users:
    """By digest, the results that a picture belongs to."""
    users: _Users = {}
    for digest, attempt_id in connection.execute(
        "SELECT digest, attempt_id FROM images JOIN attempts USING (attempt_id) WHERE state = 'done'"
    ):
        users.setdefault(digest, []).append(attempt_id)
    return users


def _judge(
    folder: StateFolder, seen: list[Seen], users: _Users, done: dict[int, DoneRow], known: Collection[str]
) -> Iterator[Finding]:
    suspects = [one for one in seen if one.kind is FindingKind.PICTURE_MISSING or one.digest not in users]
    used_now, expected = _look_again(folder) if suspects else (set[str](), Expected.NONE)
    for one in seen:
        used = one.digest in users
        where = _name(one.digest)
        if one.kind is FindingKind.PICTURE_MISSING:
            if one.digest not in used_now or path_of(folder, one.digest).exists():
                continue  # somebody else finished it, or collected it, meanwhile
        elif not used:
            if one.digest not in used_now and expected is not Expected.NOW:
                unknown = one.digest not in known and expected is Expected.NONE
                yield (
                    Finding(FindingKind.UNKNOWN_PICTURE, where, _UNKNOWN)
                    if unknown
                    else Finding(
                        FindingKind.UNUSED_PICTURE, where, "no result names it; `seedflow gc` may remove it"
                    )
                )
            continue
        if one.kind is None:
            continue
        lost = one.kind in (FindingKind.PICTURE_MISSING, FindingKind.PICTURE_DAMAGED)
        of = [done[number] for number in users[one.digest] if number in done]
        who = ", ".join(sorted({row.address for row in of})) or "a result"
        yield Finding(
            one.kind,
            where,
            f"a picture of {who}: {one.message}",
            tuple(describe_result(row) for row in of) if lost else (),
        )


class Expected(Enum):
    """Whether pictures that no result names may yet be those of one."""

    NONE = auto()
    LATER = auto()
    """A call was answered, and its run was killed before its result was written."""
    NOW = auto()
    """Somebody is at work."""


def _look_again(folder: StateFolder) -> tuple[set[str], Expected]:
    """The pictures that results name by now, and whether there may be more of them."""
    busy = bool(find_living(folder))
    connection = open_for_reading(folder)
    try:
        with disk_errors(folder.ledger):
            half = connection.execute(_HALF_WAY).fetchone()[0]
            expected = Expected.NOW if busy else Expected.LATER if half else Expected.NONE
            return set(load_users(connection)), expected
    finally:
        connection.close()


def _name(digest: str) -> str:
    name = digest.removeprefix("sha256:")
    return f"blobs/sha256/{name[:2]}/{name}"
