"""A look at the state folder for people: where it is, how large, and whether a run could work with it. Changes nothing."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seedflow.errors import StoreError
from seedflow.store.blobs import require_writable
from seedflow.store.durable import refuse_instead_of_folder
from seedflow.store.existing import find_state
from seedflow.store.failures import disk_errors
from seedflow.store.state import (
    StateFolder,
    find_file_system,
    is_network,
    refuse_foreign_contents,
    require_open,
)
from seedflow.store.view import open_view


@dataclass(frozen=True, slots=True)
class StateFacts:
    """What is known of one state folder.

    Attributes:
        root: the folder.
        exists: whether there is a state yet.
        readable: whether what is there can be read.
        writable: whether the folder, or the nearest one above that exists, can be written, and where pictures go in it.
        file_system: its kind, as the kernel names it, or None where it does not say.
        has_locks: whether it keeps a second holder out; None when that could not be tried.
        size_bytes: of all files in it.
        pictures: how many are stored.
        problem: why a run could not use it, or None.
    """

    root: Path
    exists: bool
    readable: bool
    writable: bool
    file_system: str | None
    has_locks: bool | None
    size_bytes: int
    pictures: int
    problem: StoreError | None


def get_sqlite_version() -> str:
    """The version of the SQLite that the ledger is kept with."""
    return sqlite3.sqlite_version


def inspect_state(root: Path) -> StateFacts:
    """Look at the state at `root`, which need not exist. Creates nothing and holds no lock afterwards."""
    nearest = root
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    problem = _find_problem(root, nearest)
    folder = nearest if nearest.is_dir() else nearest.parent
    file_system = find_file_system(folder)
    has_locks = None if is_network(file_system) else _tries_locks(folder)
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    if problem is None and not writable:
        problem = StoreError(
            f"{nearest}: the state cannot be written here",
            kind="read-only",
            help="make the folder writable, or name another one with SEEDFLOW_HOME",
        )
    if problem is None:
        problem = _find_closed(root)
        writable = problem is None
    if problem is None and has_locks is not True:
        problem = StoreError(
            f"{nearest}: this file system has no locks that can be relied on",
            kind="no-locks",
            help="name a folder on a local disk with SEEDFLOW_HOME",
        )
    sizes = list(_list_sizes(root))
    return StateFacts(
        root=root,
        exists=nearest == root,
        readable=problem is None or problem.kind in ("read-only", "no-locks"),
        writable=writable,
        file_system=file_system,
        has_locks=has_locks,
        size_bytes=sum(size for _, size in sizes),
        pictures=sum(1 for path, _ in sizes if "/blobs/sha256/" in path.removeprefix(str(root))),
        problem=problem,
    )


def _find_problem(root: Path, nearest: Path) -> StoreError | None:
    try:
        if find_state(root) is None and nearest == root:
            refuse_foreign_contents(root)
        if os.path.lexists(root):
            for path in StateFolder(root).list_folders():
                refuse_instead_of_folder(path)
        open_view(root).close()
    except StoreError as error:
        return error
    return None


def _find_closed(root: Path) -> StoreError | None:
    """The first place of the state in which a run could not write what it has to."""
    try:
        with disk_errors(root):
            require_writable(StateFolder(root).blobs)
            require_open(StateFolder(root))
    except StoreError as error:
        return error
    return None


def _tries_locks(folder: Path) -> bool | None:
    """Two openings of one folder: the second must not get the lock that the first holds."""
    try:
        first = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        second = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(second)
    finally:
        os.close(first)
    return False


def _list_sizes(folder: Path | str) -> Iterator[tuple[str, int]]:
    """Every file below a folder with its size; what cannot be looked at is passed over."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _list_sizes(entry.path)
                else:
                    yield entry.path, entry.stat(follow_symlinks=False).st_size
    except OSError:
        return
