"""A ledger of an earlier version becomes one of ours: a copy first, then one step after the other, each whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from seedflow.failpoints import Step
from seedflow.store.durable import open_private, sync_descriptor, sync_folder
from seedflow.store.failures import build_store_error
from seedflow.store.locks import RunLocks
from seedflow.store.schema import SCHEMA_VERSION, VERSIONS, apply_upgrade, read_version
from seedflow.store.state import StateFolder


def upgrade_ledger(connection: sqlite3.Connection, folder: StateFolder) -> None:
    """Bring a ledger that is whole to our version. Does nothing to one that has it. The caller holds the write lock.

    Killed at any moment it leaves the old ledger, that of a version between, or the new one; opening goes on from there.

    Raises:
        StoreError: (`busy`) a run of an earlier seedflow is at work on it; or the disk has no room for the copy. The ledger
            is as it was.
    """
    found = read_version(connection)
    if found >= SCHEMA_VERSION:
        return
    living = RunLocks(folder.locks).list_living()
    if living:
        raise build_store_error(
            f"{folder.ledger}: has schema {found} and is to become {SCHEMA_VERSION}, "
            f"but run {living[0]} of an earlier seedflow is at work on it",
            "busy",
        )
    back_up(connection, folder.ledger_copy(found))
    for version in VERSIONS[found:]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            apply_upgrade(connection, version)
            with Step.UPGRADE_TABLES:
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    _remove_older_copies(folder, found)


def back_up(connection: sqlite3.Connection, path: Path) -> None:
    """Write a whole copy of a ledger to `path`, durably, replacing what is there; killed, it leaves what was there.

    The copy is one file: what stands in the write-ahead log is in it.

    Raises:
        OSError: the disk refuses; so may SQLite, in its own words.
    """
    temporary = path.with_name(f"{path.name}.new")
    remove_database(temporary)
    with Step.UPGRADE_COPY:
        os.close(open_private(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    try:
        copy = sqlite3.connect(temporary, isolation_level=None)
        try:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # else whoever opens it would make side files
        finally:
            copy.close()
        descriptor = open_private(temporary, os.O_RDWR)
        try:
            with Step.UPGRADE_SYNC:
                sync_descriptor(descriptor)
        finally:
            os.close(descriptor)
        with Step.UPGRADE_RENAME:
            temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        remove_database(temporary)
        raise


def remove_database(path: Path) -> None:
    """Delete a database that is not in use, with what SQLite left beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _remove_older_copies(folder: StateFolder, newest: int) -> None:
    for version in VERSIONS:
        if version.number < newest:
            with Step.UPGRADE_TIDY:
                folder.ledger_copy(version.number).unlink(missing_ok=True)
