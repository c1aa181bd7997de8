"""Removing garbage, safely beside runs: everything is decided again under the ledger's lock, at the moment it goes.

The rows of a result go first and its pictures then, in a transaction of its own that removes only what no row names and
only while nobody lives who may be about to name it. Whatever is killed in between leaves an unused picture, not a result
without one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from seedflow.failpoints import Step
from seedflow.store.check_files import path_of
from seedflow.store.check_rows import COLLECTED
from seedflow.store.durable import sync_folder
from seedflow.store.existing import find_state
from seedflow.store.failures import disk_errors
from seedflow.store.garbage import (
    Garbage,
    GarbageKind,
    InUse,
    find_old_results,
    has_open_attempt,
)
from seedflow.store.ledger import Ledger
from seedflow.store.local import open_store
from seedflow.store.locks import KernelLock, RunLocks
from seedflow.store.state import StateFolder

_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed, and what stayed after all because somebody uses it by now."""

    removed: tuple[Garbage, ...]
    kept: tuple[Garbage, ...]

    @property
    def size_bytes(self) -> int:
        """The room that came free."""
        return sum(one.size_bytes for one in self.removed)


def collect_garbage(
    root: Path, garbage: Sequence[Garbage], in_use: InUse, paid_before: float | None, now: float
) -> Collected:
    """Remove what `find_garbage` found, as far as it is still garbage.

    Raises:
        StoreError: the state cannot be written.
    """
    folder = find_state(root)
    if folder is None:
        return Collected((), tuple(garbage))
    open_store(root).close()  # what killed runs left goes as with any run
    with disk_errors(folder.root):
        opening = KernelLock(folder.write_lock)
        try:
            with opening.holding():
                ledger = Ledger(folder)
        finally:
            opening.close()
    collector = _Collector(folder, ledger, in_use, paid_before, now)
    try:
        for batch in _cut(garbage):
            collector.collect(batch)
    finally:
        ledger.close()
    kept = tuple(one for one in garbage if one not in collector.removed)
    return Collected(tuple(collector.removed), kept)


class _Collector:
    def __init__(
        self, folder: StateFolder, ledger: Ledger, in_use: InUse, paid_before: float | None, now: float
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._locks = RunLocks(folder.locks)
        self._in_use = in_use
        self._paid_before = paid_before
        self._day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
        self.removed: list[Garbage] = []

    def collect(self, batch: Sequence[Garbage]) -> None:
        """Remove some of it."""
        results = [one for one in batch if one.kind is GarbageKind.OLD_RESULT]
        forgotten = self._forget(results) if results else []
        with self._ledger.transaction() as connection:
            for one in batch:
                match one.kind:
                    case GarbageKind.HALF_FILE:
                        gone = self._remove_half(one)
                    case GarbageKind.REJECTED:
                        gone = self._unlink(self._folder.root / one.where)
                    case GarbageKind.UNUSED_PICTURE | GarbageKind.UNKNOWN_PICTURE:
                        gone = self._remove_pictures(connection, one.digests, of_result=False)
                    case GarbageKind.OLD_RESULT:
                        gone = one in forgotten
                        if gone:
                            self._remove_pictures(connection, one.digests, of_result=True)
                if gone:
                    self.removed.append(one)

    def _forget(self, results: Iterable[Garbage]) -> list[Garbage]:
        """Take the pictures from the rows of results that still nobody refers to; what they cost stays written."""
        forgotten: list[Garbage] = []
        with self._ledger.transaction() as connection:
            if self._paid_before is None or self._locks.list_living():
                return []
            old = set(find_old_results(self._folder, connection, self._in_use, self._paid_before))
            for one in results:
                if one.attempt_id not in old:
                    continue
                number = (one.attempt_id,)
                connection.execute("DELETE FROM images WHERE attempt_id = ?", number)
                connection.execute("DELETE FROM answers WHERE attempt_id = ?", number)
                connection.execute(
                    "UPDATE attempts SET message = ? WHERE attempt_id = ?",
                    (f"{COLLECTED}{self._day}", one.attempt_id),
                )
                forgotten.append(one)
        return forgotten

    def _remove_pictures(
        self, connection: sqlite3.Connection, digests: Iterable[str], *, of_result: bool
    ) -> bool:
        if self._locks.list_living():
            return False
        if not of_result and has_open_attempt(connection) and not self._are_old(digests):
            return False
        gone = False
        for digest in digests:
            named = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM images WHERE digest = ?)", (digest,)
            ).fetchone()
            if not named[0]:
                gone |= self._unlink(path_of(self._folder, digest))
                connection.execute("DELETE FROM blobs WHERE digest = ?", (digest,))
        return gone

    def _are_old(self, digests: Iterable[str]) -> bool:
        before = self._paid_before
        if before is None:
            return False
        try:
            return all(path_of(self._folder, digest).lstat().st_mtime < before for digest in digests)
        except OSError:
            return False

    def _remove_half(self, one: Garbage) -> bool:
        path = self._folder.root / one.where
        if path.name.endswith(".new"):  # whoever makes such a file holds the lock that we hold
            self._unlink(path)
        return not path.exists()

    def _unlink(self, path: Path) -> bool:
        with suppress(FileNotFoundError):
            with Step.COLLECT_REMOVE:
                path.unlink()
            sync_folder(path.parent)
            return True
        return False


def _cut(garbage: Sequence[Garbage]) -> Iterable[Sequence[Garbage]]:
    for start in range(0, len(garbage), _BATCH):
        yield garbage[start : start + _BATCH]
