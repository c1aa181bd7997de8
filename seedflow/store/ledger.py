"""The ledger's file: opening it, knowing whether it is whole and ours, and the one way to write it.

SQLite in WAL mode with `synchronous=FULL`: when a transaction has ended, what it wrote survives a power cut. Every write,
checkpoint and close happens under one kernel lock, since SQLite before 3.51.3 can lose pages when two connections do so
at the same moment (the WAL-reset bug); the machines of users have such versions.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.store.cut_short import drop_rebuilt, has_log, refuse_half_repaired
from seedflow.store.durable import open_private, sync_folder
from seedflow.store.failures import UNREADABLE, build_store_error, disk_errors
from seedflow.store.locks import WRITE_LOCK_TIMEOUT_S, KernelLock
from seedflow.store.schema import (
    APPLICATION_ID,
    OLDEST_SQLITE,
    SCHEMA_VERSION,
    create_schema,
    find_schema_problem,
    read_version,
)
from seedflow.store.state import StateFolder, count_marks, is_begun
from seedflow.store.upgrade import upgrade_ledger

_BUSY_TIMEOUT_S = 10.0
_CACHED_STATEMENTS = 64
_CACHE_KIB = 16 << 10  # holds the inner pages of the indexes of a million rows
_LARGEST_IDLE_WAL_BYTES = 16 << 20

_abandoned: list[sqlite3.Connection] = []


class Ledger:
    """A connection for writing, shared by every thread of one process. A forked child opens its own."""

    def __init__(self, folder: StateFolder) -> None:
        """Open the ledger, make it when the state is new, upgrade it when it is of an earlier version.

        The caller holds `folder.write_lock`.

        Raises:
            StoreError: newer (untouched), damaged, of an earlier version that a run is at work on, or the disk refuses.
        """
        self.path = folder.ledger
        self._mutex = Lock()
        self._process = os.getpid()
        self._write_lock = KernelLock(folder.write_lock)
        with disk_errors(self.path):
            refuse_half_repaired(folder)
            _make_file(folder)
            if is_begun(folder) or has_tables(folder):
                _refuse_untouched(folder)
            drop_rebuilt(folder)
            self._connection = _connect(self.path, "rw")
            try:
                self._set_up(folder)
                self._identity = _identify(self.path)
            except BaseException:
                self._connection.close()
                raise

    def _set_up(self, folder: StateFolder) -> None:
        connection = self._connection
        is_blank = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        if is_begun(folder) or not is_blank:
            check_ledger(connection, self.path)
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise build_store_error(
                f"{self.path}: this file system does not take SQLite's WAL mode", "no-locks"
            )
        for pragma in (
            "synchronous = FULL",
            "fullfsync = ON",
            "checkpoint_fullfsync = ON",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_IDLE_WAL_BYTES}")
        if is_blank:
            connection.execute("BEGIN IMMEDIATE")
            try:
                create_schema(connection)
                with Step.LEDGER_TABLES:
                    connection.execute("COMMIT")
            finally:
                _roll_back(connection)
        else:
            upgrade_ledger(connection, folder)

    @contextmanager
    def transaction(self, step: Step = Step.LEDGER_CHANGE) -> Iterator[sqlite3.Connection]:
        """One durable change, its commit named `step`: all of the block is on disk when it ends, or none of it.

        Raises:
            StoreError: the disk did not take it, or another process kept the lock.
        """
        self._check_process()
        with self._mutex, disk_errors(self.path), self._write_lock.holding(WRITE_LOCK_TIMEOUT_S):
            self._refuse_if_gone()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                with step:
                    self._connection.execute("COMMIT")
            finally:
                _roll_back(self._connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for look-ups that need no transaction."""
        self._check_process()
        with self._mutex, disk_errors(self.path):
            yield self._connection

    @property
    def is_there(self) -> bool:
        """Whether the file is still where it was opened: what is written to one that was removed is gone with it."""
        try:
            return _identify(self.path) == self._identity
        except OSError:
            return False

    def _refuse_if_gone(self) -> None:
        if not self.is_there:
            raise StoreError(
                f"{self.path}: somebody has removed or replaced it while it was in use",
                kind="missing",
                help="do not move or delete the state while a run uses it; put it back, and run again",
            )

    @property
    def is_inherited(self) -> bool:
        """Whether this is the forked child of the process that opened it."""
        return self._process != os.getpid()

    def close(self) -> None:
        """Close the file; the last one out folds the write-ahead log into the database."""
        if self.is_inherited:
            _abandoned.append(self._connection)  # closing it here would meddle with our parent's files
            return
        with (
            self._mutex,
            disk_errors(self.path),
            self._write_lock.holding(WRITE_LOCK_TIMEOUT_S),
            Step.LEDGER_CLOSE,
        ):
            self._connection.close()
        self._write_lock.close()

    def _check_process(self) -> None:
        if self.is_inherited:
            raise RuntimeError("a store does not pass through fork: open it again in the child")


def open_for_reading(folder: StateFolder) -> sqlite3.Connection:
    """A read-only connection, to be used under the caller's mutex.

    Raises:
        StoreError: newer, damaged, or not readable.
    """
    with disk_errors(folder.ledger):
        _refuse_missing(folder)
        refuse_half_repaired(folder)
        _refuse_newer_at_rest(folder)
        connection = _connect_for_reading(folder)
        try:
            check_ledger(connection, folder.ledger)
        except BaseException:
            connection.close()
            raise
        return connection


def has_tables(folder: StateFolder) -> bool:
    """Whether a file of tables lies where the ledger belongs: not one that is being made, or whose maker was killed at it."""
    if not _is_filled(folder.ledger):
        return False
    try:
        connection = _connect_for_reading(folder)
        try:
            return bool(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
        finally:
            connection.close()
    except UNREADABLE:
        return True  # whoever opens it says what is wrong with it


def _connect_for_reading(folder: StateFolder) -> sqlite3.Connection:
    # Without the right to make SQLite's side files, a ledger that nobody has open can be read as it lies there.
    at_rest = not os.access(folder.root, os.W_OK) and not has_log(folder)
    return _connect(folder.ledger, "ro&immutable=1" if at_rest else "ro")


def _refuse_newer_at_rest(folder: StateFolder) -> None:
    """Refuse a newer ledger that nobody has open as it lies there: opened as any other it would get side files beside it."""
    if has_log(folder):
        return
    with contextlib.suppress(*UNREADABLE):  # whoever opens it next says what is wrong with it
        connection = _connect(folder.ledger, "ro&immutable=1")
        try:
            version = read_version(connection)
            application = connection.execute("PRAGMA application_id").fetchone()[0]
        finally:
            connection.close()
        if application == APPLICATION_ID:
            _refuse_newer(version, folder.ledger)


def _refuse_untouched(folder: StateFolder) -> None:
    """See that a ledger can be ours before it is opened for writing: closing it again would fold its write-ahead log."""
    try:
        open_for_reading(folder).close()
    except StoreError as error:
        if error.kind in ("newer", "damaged"):
            raise


def check_ledger(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a ledger that is not ours, newer, or not built as its version says. An earlier version is as good as ours.

    Raises:
        StoreError: kind `newer` or `damaged`.
    """
    version = read_version(connection)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise build_store_error(
                f"{path}: the ledger is empty (copied without its `ledger.db-wal`?)", "damaged"
            )
        raise build_store_error(f"{path}: a database, but not a seedflow ledger", "damaged")
    _refuse_newer(version, path)
    problem = find_schema_problem(connection)
    if problem is not None:
        raise build_store_error(f"{path}: the ledger {problem}", "damaged")


def _refuse_newer(version: int, path: Path) -> None:
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: the ledger has schema {version}; this seedflow knows schemas up to {SCHEMA_VERSION}",
            kind="newer",
            help="use the newer seedflow that wrote it; nothing was changed",
        )


def _make_file(folder: StateFolder) -> None:
    if is_begun(folder):
        _refuse_missing(folder)
        return
    try:
        with Step.LEDGER_FILE:
            descriptor = open_private(folder.ledger, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return  # whoever made it was killed before the state was finished
    os.close(descriptor)
    sync_folder(folder.root)


def _refuse_missing(folder: StateFolder) -> None:
    if not _is_filled(folder.ledger):
        word = "is empty" if folder.ledger.exists() else "is missing"
        count = count_marks(folder)
        runs = f"; {count:,} run{'' if count == 1 else 's'} paid here" if count else ""
        raise StoreError(
            f"{folder.ledger}: the ledger {word}, although the rest of the state is there{runs}",
            kind="damaged",
            help="put ledger.db back from a backup; where there is none, move the state folder away to begin anew, so that all "
            "that was paid here is asked and paid again, and keep its blobs/",
        )


def _is_filled(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(
            f"this Python has SQLite {sqlite3.sqlite_version}; {needed} or newer is needed",
            kind="sqlite",
            help="use a Python that was built with a newer SQLite",
        )
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        # A failed commit may have rolled back by itself; an error here would hide the one that matters.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _identify(path: Path) -> tuple[int, int]:
    """What tells a file from every other one while it is open."""
    found = path.stat()
    return found.st_dev, found.st_ino
