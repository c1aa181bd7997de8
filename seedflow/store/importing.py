"""Taking results of another machine into a state: checked as a whole first, then one by one, each whole or not at all."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from seedflow.images.facts import ImageFacts
from seedflow.store import attempts, runs
from seedflow.store.archive import ArchivedResult
from seedflow.store.archive_reading import Archive, Judge, open_archive
from seedflow.store.attempts import storable
from seedflow.store.base import AttemptState, StoredImage
from seedflow.store.blobs import Blobs, Wholeness
from seedflow.store.budgets import day_of
from seedflow.store.calls import IMPORT_PREFIX
from seedflow.store.check_files import OnProgress
from seedflow.store.failures import disk_errors
from seedflow.store.ledger import Ledger
from seedflow.store.local import open_store
from seedflow.store.locks import KernelLock, RunLocks
from seedflow.store.state import StateFolder

STATUS: Final = "imported"
_BATCH: Final = 50
_OPEN: Final = (AttemptState.SENDING, AttemptState.ANSWERED, AttemptState.FETCHED)
"""What a run comes to the end of. An unknown outcome may stay so for ever; whatever the log says of it later is kept beside."""


@dataclass(slots=True)
class Imported:
    """What became of the results of a file, by what was done with each.

    `added`: new here. `kept`: there already. `restored`: there already, and a picture that was missing was put back.
    `open`: a call of one's own for it has not ended; it is left to that.
    """

    added: list[ArchivedResult] = field(default_factory=list)
    kept: list[ArchivedResult] = field(default_factory=list)
    restored: list[ArchivedResult] = field(default_factory=list)
    open: list[ArchivedResult] = field(default_factory=list)


def import_results(
    root: Path,
    path: Path,
    judge: Judge,
    on_progress: OnProgress,
    clock: Callable[[], float] = time.time,
) -> Imported:
    """Take every result of a file into the state at `root`, which is made where there is none. Twice is as good as once.

    Raises:
        ArchiveError: the file cannot be taken; nothing was changed.
        StoreError: the state cannot be written.
    """
    with open_archive(path, judge, on_progress) as archive:
        open_store(root).close()
        importer = _Importer(StateFolder(root), archive, path.name, clock)
        try:
            return importer.take_all(on_progress)
        finally:
            importer.close()


class _Importer:
    def __init__(
        self, folder: StateFolder, archive: Archive, source: str, clock: Callable[[], float]
    ) -> None:
        self._folder = folder
        self._archive = archive
        self._source = source
        self._clock = clock
        self._import_id = f"{IMPORT_PREFIX}{uuid4().hex[:16]}"
        self._session = f"store-{uuid4().hex}"
        self._blobs = Blobs(folder.blobs)
        self._locks = RunLocks(folder.locks)
        self._is_written = False
        with disk_errors(folder.root):
            opening = KernelLock(folder.write_lock)
            try:
                with opening.holding():
                    self._ledger = Ledger(folder)
            finally:
                opening.close()
        # From here on this is a store that receives, so that nobody collects what has no row yet.
        with self._ledger.transaction():
            self._locks.acquire(self._session)
            self._blobs.prepare_incoming(self._session)

    def take_all(self, on_progress: OnProgress) -> Imported:
        """Every result of the archive, a few at a time."""
        done = Imported()
        results = self._archive.results
        for start in range(0, len(results), _BATCH):
            self._take(results[start : start + _BATCH], done)
            on_progress(min(start + _BATCH, len(results)), len(results))
        return done

    def _take(self, batch: Sequence[ArchivedResult], done: Imported) -> None:
        with self._ledger.reading() as connection:
            found = [self._find(connection, result) for result in batch]
        for result, state in zip(batch, found, strict=True):
            if state not in _OPEN:
                healed = self._keep_pictures(result)
                if state is AttemptState.DONE:
                    (done.restored if healed else done.kept).append(result)
        with self._ledger.transaction() as connection:
            for result, state in zip(batch, found, strict=True):
                if state is AttemptState.DONE:
                    continue
                if self._find(connection, result) in _OPEN:
                    done.open.append(result)
                elif self._find(connection, result) is AttemptState.DONE:
                    done.kept.append(result)
                else:
                    self._add(connection, result)
                    done.added.append(result)

    def _find(self, connection: sqlite3.Connection, result: ArchivedResult) -> AttemptState | None:
        """`done` where this result is here, the state of an open call that is for it, else None."""
        request = result.request
        rows = connection.execute(
            """SELECT state, intent_id, EXISTS (SELECT 1 FROM images WHERE images.attempt_id = attempts.attempt_id)
               FROM attempts WHERE fingerprint = ? AND take = ? AND realm = ? AND attempt = ?""",
            (request.fingerprint, request.take, request.realm, result.attempt),
        ).fetchall()
        states = [AttemptState(state) for state, _, has_images in rows if state != "done" or has_images]
        if AttemptState.DONE in states:
            return AttemptState.DONE
        return next((state for state in states if state in _OPEN), None)

    def _keep_pictures(self, result: ArchivedResult) -> bool:
        """Put the pictures of a result where they belong; whether one was not there, or not whole."""
        healed = False
        for facts in result.images:
            path = self._blobs.path_of(facts.digest)
            whole = self._blobs.examine(path, facts.digest, facts.size_bytes, -1)[0]
            if whole is not Wholeness.TOUCHED:
                arriving = self._blobs.new_path(self._session)
                with disk_errors(arriving):
                    self._archive.extract(facts, arriving)
                self._blobs.keep(arriving, facts)
                healed = True
        return healed

    def _add(self, connection: sqlite3.Connection, result: ArchivedResult) -> None:
        request, now = result.request, self._clock()
        if not self._is_written:
            runs.add_run(connection, self._import_id, storable(self._source), request.realm, now)
            connection.execute(
                "UPDATE runs SET ended_at = ?, status = ? WHERE run_id = ?", (now, STATUS, self._import_id)
            )
            connection.execute(
                "INSERT INTO imports (import_id, imported_at, source, digest) VALUES (?, ?, ?, ?)",
                (self._import_id, now, storable(self._source), self._archive.digest),
            )
            self._is_written = True
        attempt_id = attempts.add_attempt(
            connection, self._import_id, request, result.attempt, 0, day_of(now), now
        )
        taken = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM attempts WHERE intent_id = ?)", (result.intent_id,)
        ).fetchone()[0]
        connection.execute(
            """UPDATE attempts SET state = 'done', claimed = 0, cost_micros = ?, sent_at = ?, answered_at = ?,
                 intent_id = CASE WHEN ? THEN intent_id ELSE ? END WHERE attempt_id = ?""",
            (result.cost_micros, result.sent_at, result.answered_at, taken, result.intent_id, attempt_id),
        )
        images = [
            StoredImage(number, facts, self._path_of(facts)) for number, facts in enumerate(result.images, 1)
        ]
        located, times_ns = self._blobs.locate(images)
        attempts.write_images(connection, attempt_id, located, times_ns)
        connection.execute(
            "INSERT INTO imported_attempts (attempt_id, import_id) VALUES (?, ?)",
            (attempt_id, self._import_id),
        )

    def _path_of(self, facts: ImageFacts) -> Path:
        return Path(self._blobs.path_of(facts.digest))

    def close(self) -> None:
        """Stop receiving."""
        self._blobs.remove_incoming(self._session)
        self._locks.release(self._session)
        self._ledger.close()
