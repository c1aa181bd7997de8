"""Kernel locks (`flock`): the ledger's write lock and the locks by which living runs are known.

A lock is held or free because the kernel says so, never because of a file's age, a process number or what it contains.
It is free at the very moment its holder ends, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

from seedflow.failpoints import Step
from seedflow.store.durable import open_private
from seedflow.store.failures import build_store_error

WRITE_LOCK_TIMEOUT_S = 60.0
LOOK_FOR_S = 2.0
"""How long a look at the runs' locks waits for a write to end."""

_FIRST_PAUSE_S = 0.0002
_LONGEST_PAUSE_S = 0.01

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_BUSY = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


class KernelLock:
    """One lock file. Not for several threads at once: whoever shares it between threads guards it with a mutex."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1
        _open_locks.add(self)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock or keeps its file open for the next time."""
        return self._descriptor >= 0

    def try_acquire(self) -> bool:
        """Take the lock if it is free."""
        while True:
            if self._descriptor < 0:
                with Step.LOCK_FILE:
                    self._descriptor = open_private(self.path, os.O_RDWR | os.O_CREAT)
            with Step.LOCK_TAKE:
                taken = _try_flock(self._descriptor, fcntl.LOCK_EX)
            if not taken:
                return False
            if os.fstat(self._descriptor).st_nlink:
                return True
            self.close()  # somebody deleted the file: a lock on a nameless file excludes nobody

    def acquire(self, timeout_s: float) -> None:
        """Take the lock, waiting for its holder.

        Raises:
            StoreError: (`busy`) still held after `timeout_s`.
        """
        if self.try_acquire():
            return
        deadline = time.monotonic() + timeout_s
        pause_s = _FIRST_PAUSE_S
        while not self.try_acquire():
            if time.monotonic() > deadline:
                raise build_store_error(f"{self.path}: held by another process for {timeout_s:.0f} s", "busy")
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def release(self) -> None:
        """Free the lock and keep the file open for the next time."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Free the lock and forget the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @contextmanager
    def holding(self, timeout_s: float = WRITE_LOCK_TIMEOUT_S) -> Iterator[None]:
        """Hold the lock for the block."""
        self.acquire(timeout_s)
        try:
            yield
        finally:
            self.release()


_open_locks: WeakSet[KernelLock] = WeakSet()


def _close_in_child() -> None:
    # A forked child shares our locks and would keep them held after our death. Closing (not unlocking) its copies
    # leaves ours as they are.
    for lock in _open_locks:
        lock.close()


os.register_at_fork(after_in_child=_close_in_child)


@contextmanager
def share_lock(path: Path, timeout_s: float) -> Iterator[None]:
    """Keep writers out for a moment without being one; after `timeout_s`, or where there is no such file, do without."""
    try:
        descriptor = open_private(path, os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        deadline = time.monotonic() + timeout_s
        while not _try_flock(descriptor, fcntl.LOCK_SH) and time.monotonic() < deadline:
            time.sleep(_LONGEST_PAUSE_S)
        yield
    finally:
        os.close(descriptor)


class RunLocks:
    """The locks of runs: `run-ID.lock` is held as long as run ID lives.

    All but `release` and `close` are called while the ledger's write lock is held, so that looking at a lock for a moment
    cannot be mistaken for a living run. A store that receives bytes lives under a name of its own in the same way.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: dict[str, KernelLock] = {}

    @property
    def mine(self) -> tuple[str, ...]:
        """The runs begun here, oldest first."""
        return tuple(self._mine)

    def acquire(self, run_id: str) -> None:
        """Begin to live as `run_id`.

        Raises:
            ValueError: not fit for a run, or a run that lives already.
        """
        if not is_run_id(run_id):
            raise ValueError(
                f"{run_id!r} is not fit for a run id: letters, digits, `.`, `_`, `-`, at most 100"
            )
        lock = KernelLock(self._path(run_id))
        if not lock.try_acquire():
            lock.close()
            raise ValueError(f"run {run_id} lives already")
        self._mine[run_id] = lock

    def release(self, run_id: str) -> None:
        """End the life of a run, if it is ours; its lock file goes."""
        lock = self._mine.pop(run_id, None)
        if lock is not None:
            # A file that cannot be removed says nothing by being there; whoever opens the state next removes it.
            with suppress(OSError), Step.LOCK_REMOVE:
                self._path(run_id).unlink(missing_ok=True)
            lock.close()

    def is_alive(self, run_id: str) -> bool:
        """Whether a run lives, here or in another process."""
        if run_id in self._mine:
            return True
        if not is_run_id(run_id):
            return False
        try:
            descriptor = open_private(self._path(run_id), os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            return not _try_flock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    def list_living(self) -> tuple[str, ...]:
        """The runs, and the stores that receive, that live here or in another process."""
        return tuple(run_id for run_id in self._list_known() if self.is_alive(run_id))

    def look_at_living(self, write_lock: Path) -> tuple[str, ...]:
        """The same for somebody who only looks and holds no lock; none where the file system has no locks."""
        try:
            with share_lock(write_lock, LOOK_FOR_S):
                return self.list_living()
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return ()
            raise

    def remove_dead(self) -> tuple[str, ...]:
        """Delete the lock files that killed runs left behind, and name those runs."""
        dead = tuple(run_id for run_id in self._list_known() if not self.is_alive(run_id))
        for run_id in dead:
            with Step.LOCK_TIDY:
                (self._folder / f"run-{run_id}.lock").unlink(missing_ok=True)
        return dead

    def close(self) -> None:
        """Stop living as every run of ours, without an end having been written."""
        for lock in self._mine.values():
            lock.close()
        self._mine.clear()

    def _list_known(self) -> list[str]:
        return sorted(path.name[len("run-") : -len(".lock")] for path in self._folder.glob("run-*.lock"))

    def _path(self, run_id: str) -> Path:
        return self._folder / f"run-{run_id}.lock"


def is_run_id(text: str) -> bool:
    """Whether a text is fit for a run id, and so for a file name."""
    return _RUN_ID.fullmatch(text) is not None


def probe_locks(path: Path) -> None:
    """See with our own eyes that this file system keeps a second holder out.

    Raises:
        StoreError: (`no-locks`) it does not.
    """
    first, second = KernelLock(path), KernelLock(path)
    try:
        first.acquire(WRITE_LOCK_TIMEOUT_S)
        if second.try_acquire():
            raise build_store_error(f"{path}: this file system lets two holders have one lock", "no-locks")
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise build_store_error(
                f"{path}: this file system has no locks ({error.strerror})", "no-locks"
            ) from error
        raise
    finally:
        second.close()
        first.close()


def _try_flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True
