"""A damaged ledger, rebuilt: every row that can still be read goes into a new file, and the old one goes aside.

Tables are read from both ends until SQLite refuses, and what lies between is looked for row by row. Sums are made anew by the
new ledger's own triggers, what is known of pictures is read from the pictures. What cannot be read is counted and told.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from seedflow.errors import ImageError, StoreError
from seedflow.failpoints import Step
from seedflow.images.inspect import inspect_image
from seedflow.store.budgets import day_of
from seedflow.store.check_files import list_blobs, path_of
from seedflow.store.durable import FILE_MODE, make_folder, open_private, sync_descriptor, sync_folder
from seedflow.store.failures import disk_errors
from seedflow.store.ledger import check_ledger
from seedflow.store.locks import KernelLock, RunLocks
from seedflow.store.schema import create_schema
from seedflow.store.state import StateFolder

BY_NUMBER: Final = ("attempts", "requests", "answers")
"""Tables whose rows have a number, so that each can be looked for by itself."""

MADE_ANEW: Final = ("spending", "blobs")
_SIDES: Final = ("ledger.db-wal", "ledger.db-shm", "ledger.db-journal")
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_MOST_PADDED_BYTES: Final = 1 << 40
"""What a header says is no more to be trusted than the rest of a damaged file."""

_MOST_SINGLE: Final = 1_000_000
_MOST_MISSES: Final = 10_000
_MOST_NAMED: Final = 20
_UNKNOWN_RUN: Final = "not-known"
_BY_REQUEST: Final = ("attempts_by_request", "fingerprint, take, realm")
_INDEXES: Final = (
    ("attempts_by_run", "run_id"),
    ("attempts_by_payer", "payer_run_id"),
    ("attempts_by_time", "reserved_at"),
)


def finish_salvage(folder: StateFolder) -> list[str]:
    """Put a rebuilt ledger into its place, where a repair was killed between the last two steps."""
    ready = _ready(folder)
    if not ready.exists():
        return []
    if folder.ledger.with_name(_SIDES[0]).exists():
        with Step.SALVAGE_AGAIN:
            ready.unlink()  # the old ledger is whole yet: it is rebuilt once more
        return []
    with disk_errors(folder.root):
        with Step.SALVAGE_RENAME:
            ready.replace(folder.ledger)
        sync_folder(folder.root)
    return ["finished a repair that was cut short"]


def salvage_ledger(folder: StateFolder) -> list[str]:
    """Rebuild the ledger from what can be read of it.

    Returns:
        What was saved, what was lost, and where the old file is.

    Raises:
        StoreError: (`busy`) a run is at work; (`damaged`) nothing can be read at all, and nothing was changed.
    """
    lock = KernelLock(folder.write_lock)
    try:
        with disk_errors(folder.root), lock.holding():
            living = RunLocks(folder.locks).list_living()
            if living:
                raise StoreError(
                    f"{folder.ledger}: the ledger has to be rebuilt, and {living[0]} is at work",
                    kind="busy",
                    help="let it end, then repair again",
                )
            return _rebuild(folder)
    finally:
        lock.close()


def _rebuild(folder: StateFolder) -> list[str]:
    if not folder.ledger.is_file() or not folder.ledger.stat().st_size:
        raise _nothing(folder)
    fresh = folder.root / f"ledger.db.{os.getpid()}.new"
    with Step.SALVAGE_FILE:
        fresh.unlink(missing_ok=True)
        os.close(open_private(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    try:
        told = _copy(folder, fresh)
        fresh.chmod(FILE_MODE)
        descriptor = open_private(fresh, os.O_RDWR)
        try:
            with Step.SALVAGE_SYNC:
                sync_descriptor(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        for path in folder.root.glob(f"{fresh.name}*"):
            path.unlink(missing_ok=True)
        raise
    aside = _make_aside(folder)
    ready = _ready(folder)
    with Step.SALVAGE_READY:
        fresh.replace(ready)
    with Step.SALVAGE_ASIDE:
        os.link(folder.ledger, aside / folder.ledger.name)
    for name in _SIDES:  # before the new file has the name that they belong to
        with suppress(FileNotFoundError), Step.SALVAGE_ASIDE:
            (folder.root / name).rename(aside / name)
    sync_folder(aside)
    with Step.SALVAGE_RENAME:
        ready.replace(folder.ledger)
    sync_folder(folder.root)
    return [*told, f"the old ledger is in {aside.relative_to(folder.root)}"]


def _copy(folder: StateFolder, fresh: Path) -> list[str]:
    padded = _pad(folder.ledger, fresh)
    old = _open(folder.ledger, "ro") if padded is None else _open(padded, "rw")
    new = _open(fresh, "rw")
    old.text_factory = lambda data: data.decode("utf-8", "replace")
    try:
        new.execute("PRAGMA synchronous = FULL")
        new.execute("BEGIN IMMEDIATE")
        create_schema(new)
        told = list(_copy_tables(old, new, folder))
        with Step.SALVAGE_COPY:
            new.execute("COMMIT")
        check_ledger(new, fresh)
        broken = new.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if broken != "ok":
            raise StoreError(f"{fresh}: the rebuilt ledger is not whole: {broken}", kind="io-error")
        return told
    finally:
        old.close()
        new.close()
        if padded is not None:
            for path in padded.parent.glob(f"{padded.name}*"):
                path.unlink(missing_ok=True)


def _copy_tables(old: sqlite3.Connection, new: sqlite3.Connection, folder: StateFolder) -> Iterator[str]:
    tables = [
        name
        for (name,) in new.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
        if name not in MADE_ANEW
    ]
    taken = {table: _copy_table(old, new, table) for table in tables}
    if not any(taken.values()):
        raise _nothing(folder)
    restored = _restore_calls(old, new)
    _add_pictures(new, folder)
    _drop_orphans(new)
    numbers = {number for (number,) in new.execute("SELECT attempt_id FROM attempts")}
    last = max(numbers, default=0)
    gone = sorted(set(range(1, last + 1)) - numbers)
    yield f"saved {len(numbers):,} call{'' if len(numbers) == 1 else 's'} of the ledger"
    if restored:
        many = f"{restored:,} call{'' if restored == 1 else 's'}"
        yield f"restored {many} from the indexes; what they cost is not known any more, so budgets do not count it"
    if gone:
        some = ", ".join(map(str, gone[:_MOST_NAMED])) + (" …" if len(gone) > _MOST_NAMED else "")
        yield f"lost {len(gone):,} that cannot be read (number {some}): what they paid for may be asked and paid again"
    added = _add_missing(new)
    if added:
        yield added


def _nothing(folder: StateFolder) -> StoreError:
    return StoreError(
        f"{folder.ledger}: not a row of the ledger can be read; nothing was changed",
        kind="damaged",
        help="restore ledger.db from a backup, or move the state away to begin anew; keep its blobs/, they were paid for",
    )


def _copy_table(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """The rows of a table that can be read and that the new ledger takes."""
    try:
        there = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
    except sqlite3.DatabaseError:
        return 0
    columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})") if row[1] in there]
    if not columns:
        return 0
    names = ", ".join(f'"{name}"' for name in columns)
    put = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - our own names
    count = 0
    for row in _read_rows(old, table, names):
        with suppress(sqlite3.IntegrityError):  # a row whose bytes were overwritten
            count += new.execute(put, row).rowcount
    return count


def _read_rows(old: sqlite3.Connection, table: str, names: str) -> Iterator[Sequence[Any]]:
    """Rows from the first on, from the last on, and, where they have numbers, those between, each by itself."""
    parts = sorted((row[5], row[1]) for row in old.execute(f"PRAGMA table_info({table})") if row[5])
    keys = [f'"{name}"' for _, name in parts] or ["rowid"]
    question = f"SELECT {keys[0]}, {names} FROM {table} NOT INDEXED ORDER BY "  # noqa: S608 - our own names
    first: Any = None
    last: Any = None
    broken = False
    for row in _read_until_broken(old, question + ", ".join(keys)):
        if row is None:
            broken = True
            break
        first = row[0]
        yield row[1:]
    if not broken:
        return
    for row in _read_until_broken(old, question + ", ".join(f"{key} DESC" for key in keys)):
        if row is None:
            break
        last = row[0]
        yield row[1:]
    if table in BY_NUMBER:
        yield from _read_between(old, table, names, first or 0, last)


def _read_between(
    old: sqlite3.Connection, table: str, names: str, first: int, last: int | None
) -> Iterator[Sequence[Any]]:
    question = f"SELECT {names} FROM {table} WHERE attempt_id = ?"  # noqa: S608 - our own names
    misses = 0
    for number in range(first + 1, last if last is not None else first + _MOST_SINGLE):
        row = None
        with suppress(sqlite3.DatabaseError):
            row = old.execute(question, (number,)).fetchone()
        if row is not None:
            yield row
        misses = 0 if row is not None else misses + 1
        if last is None and misses > _MOST_MISSES:
            return


def _read_until_broken(old: sqlite3.Connection, question: str) -> Iterator[Sequence[Any] | None]:
    """The rows that come before SQLite refuses, and then None."""
    try:
        cursor = old.execute(question)
        while (row := cursor.fetchone()) is not None:
            yield row
    except (sqlite3.DatabaseError, OverflowError, UnicodeDecodeError):
        yield None


def _restore_calls(old: sqlite3.Connection, new: sqlite3.Connection) -> int:
    """Calls whose rows are lost and which the indexes, which have pages of their own, still know.

    One with pictures is a result. Of any other nobody knows what became of it, so that it is asked again only with consent.
    """
    there = {number for (number,) in new.execute("SELECT attempt_id FROM attempts")}
    named = {number for (number,) in new.execute("SELECT DISTINCT attempt_id FROM images")}
    steps = dict(new.execute("SELECT attempt_id, address FROM requests"))
    runs, payers, times = (_read_index(old, *index) for index in _INDEXES)
    counts: dict[tuple[str, int, str], int] = {}
    restored = 0
    for number, (fingerprint, take, realm) in sorted(_read_index(old, *_BY_REQUEST).items()):
        if number in there or number not in steps:
            continue
        name = (fingerprint, take, realm)
        is_done = number in named
        counts[name] = counts.get(name, 0) + (1 if is_done else 0)
        (run_id,), (at,) = runs.get(number, (_UNKNOWN_RUN,)), times.get(number, (0.0,))
        (payer,) = payers.get(number, (run_id,))
        try:
            new.execute(
                """INSERT INTO attempts (attempt_id, intent_id, realm, fingerprint, take, attempt, state, claimed, run_id,
                     payer_run_id, step, day, reserved_micros, cost_micros, counted_micros, reserved_at, sent_at, answered_at,
                     message) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, ?)""",
                (
                    number, f"restored-{number}", realm, fingerprint, take, max(1, counts[name]),
                    "done" if is_done else "unknown", run_id, payer, steps[number], day_of(at), at, at,
                    at if is_done else None, "restored from the indexes of a damaged ledger",
                ),
            )  # fmt: skip
            restored += 1
        except sqlite3.Error:  # an index that is damaged, too
            continue
    return restored


def _read_index(old: sqlite3.Connection, index: str, columns: str) -> dict[int, tuple[Any, ...]]:
    """What an index says of the rows of `attempts`, without a look at these."""
    found: dict[int, tuple[Any, ...]] = {}
    question = f"SELECT attempt_id, {columns} FROM attempts INDEXED BY {index}"  # noqa: S608 - our own names
    for row in _read_until_broken(old, question):
        if row is None:
            break
        found[row[0]] = tuple(row[1:])
    return found


def _add_pictures(new: sqlite3.Connection, folder: StateFolder) -> None:
    """What pictures are, read from those that are there; of the others a row that says nothing."""
    there = list_blobs(folder)
    for (digest,) in new.execute("SELECT DISTINCT digest FROM images").fetchall():
        values: tuple[object, ...] = (0, 0, 1, 1, "png")
        if digest in there:
            path = path_of(folder, digest)
            with suppress(ImageError, OSError):
                facts = inspect_image(path, decode=False)
                time_ns = path.lstat().st_mtime_ns if facts.digest == digest else 0
                values = (facts.size_bytes, time_ns, facts.width_px, facts.height_px, facts.format.value)
        new.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?)", (digest, *values))


def _drop_orphans(new: sqlite3.Connection) -> None:
    """Rows that belong to a call that could not be read; they say nothing by themselves."""
    for table in ("requests", "answers", "images", "imported_attempts"):
        new.execute(f"DELETE FROM {table} WHERE attempt_id NOT IN (SELECT attempt_id FROM attempts)")  # noqa: S608 - our own names


def _add_missing(new: sqlite3.Connection) -> str | None:
    """Runs and requests that calls name and that could not be read, as far as the calls themselves tell."""
    new.execute(
        """INSERT OR IGNORE INTO runs (run_id, recipe, realm, started_at, ended_at, status)
           SELECT run_id, coalesce(max(recipe), ''), max(realm), min(reserved_at), max(reserved_at), 'interrupted'
           FROM (SELECT attempt_id, run_id, realm, reserved_at FROM attempts
                 UNION ALL SELECT attempt_id, payer_run_id, realm, reserved_at FROM attempts)
           LEFT JOIN requests USING (attempt_id) GROUP BY run_id"""
    )
    new.execute("DELETE FROM run_results WHERE run_id NOT IN (SELECT run_id FROM runs)")
    new.execute(
        """INSERT OR IGNORE INTO imports (import_id, imported_at, source, digest)
           SELECT import_id, min(reserved_at), '', '' FROM imported_attempts JOIN attempts USING (attempt_id)
           GROUP BY import_id"""
    )
    added = new.execute(
        """INSERT INTO requests (attempt_id, recipe, address, model, params, params_digest, "references")
           SELECT attempt_id, '', step, '', '{}', '', '[]' FROM attempts
           WHERE attempt_id NOT IN (SELECT attempt_id FROM requests)"""
    ).rowcount
    if not added:
        return None
    return f"of {added:,} call{'' if added == 1 else 's'} it is not known any more what was asked; the results stay"


def _pad(ledger: Path, fresh: Path) -> Path | None:
    """A copy of a ledger that was cut short, as long as its header says; None for one that was not.

    SQLite reads nothing at all of a file that is shorter than its header says, though all pages but the last ones are there.
    """
    with ledger.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        return None
    page_bytes = int.from_bytes(header[16:18]) or 0
    whole_bytes = (65_536 if page_bytes == 1 else page_bytes) * int.from_bytes(header[28:32])
    if not ledger.stat().st_size < whole_bytes <= _MOST_PADDED_BYTES:
        return None
    padded = fresh.with_name(f"{fresh.name}.padded")
    with Step.SALVAGE_COPY:
        shutil.copyfile(ledger, padded)
        os.truncate(padded, whole_bytes)
        with suppress(FileNotFoundError):
            shutil.copyfile(ledger.with_name(_SIDES[0]), padded.with_name(f"{padded.name}-wal"))
    return padded


def _open(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, isolation_level=None
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _make_aside(folder: StateFolder) -> Path:
    make_folder(folder.damaged)
    number = 1
    while os.path.lexists(folder.damaged / f"ledger-{number}"):
        number += 1
    aside = folder.damaged / f"ledger-{number}"
    make_folder(aside)
    return aside


def _ready(folder: StateFolder) -> Path:
    return folder.root / "ledger.db.rebuilt"
