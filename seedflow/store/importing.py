"""Taking results of another machine into a state: checked as a whole first, then one by one, each whole or not at all."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
from seedflow.store.paid_runs import PaidRunMarks
from seedflow.store.state import StateFolder

STATUS: Final = "imported"
_BATCH: Final = 50
_OPEN: Final = (AttemptState.SENDING, AttemptState.ANSWERED, AttemptState.FETCHED)
"""What a run comes to the end of. An unknown outcome may stay so for ever; whatever the log says of it later is kept beside."""


@dataclass(slots=True)
class Imported:
    """What became of the results of a file, by what was done with each.

    `added`: new here. `kept`: there already. `restored`: there already, and a picture that was missing was put back.
    `moved`: there already with other pictures, so that it was added as a further take, which is told. `open`: a call of one's own for it has not ended; it is left to that.
    """

    added: list[ArchivedResult] = field(default_factory=list)
    kept: list[ArchivedResult] = field(default_factory=list)
    restored: list[ArchivedResult] = field(default_factory=list)
    moved: list[tuple[ArchivedResult, int]] = field(default_factory=list)
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


@dataclass(frozen=True, slots=True)
class _Here:
    """What a state has of a result: what stands under its take and attempt, and the pictures of all results of its request."""

    state: AttemptState | None
    done: tuple[tuple[str, ...], ...]

    def holds(self, result: ArchivedResult) -> bool:
        """Whether the very result is here, under whatever take: added as a further one before, or made here and coming back."""
        return self.state not in _OPEN and tuple(facts.digest for facts in result.images) in self.done


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
        self._marks = PaidRunMarks(folder)
        self._last_number = 0
        self._last_takes: dict[tuple[str, str], int] = {}
        for result in archive.results:
            name = (result.request.realm, result.request.fingerprint)
            self._last_takes[name] = max(result.request.take, self._last_takes.get(name, 0))
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
        for result, here in zip(batch, found, strict=True):
            if here.state in _OPEN:
                continue
            healed = self._keep_pictures(result)
            if here.holds(result):
                (done.restored if healed else done.kept).append(result)
        with self._ledger.transaction() as connection:
            for result, before in zip(batch, found, strict=True):
                if before.holds(result):
                    continue
                here = self._find(connection, result)
                if here.state in _OPEN:
                    done.open.append(result)
                elif here.holds(result):
                    done.kept.append(result)
                elif here.state is AttemptState.DONE:
                    take = self._find_free_take(connection, result)
                    self._add(
                        connection, replace(result, request=replace(result.request, take=take), attempt=1)
                    )
                    done.moved.append((result, take))
                else:
                    self._add(connection, result)
                    done.added.append(result)
        self._note_batch()

    def _note_batch(self) -> None:
        """Let a ledger that is put back from before this be known for that, as from before a run."""
        if self._is_written:
            with disk_errors(self._folder.paid_runs):
                self._marks.mark(self._import_id)
            self._marks.note_call(self._import_id, self._last_number)

    def _find(self, connection: sqlite3.Connection, result: ArchivedResult) -> _Here:
        """What is here of a result: itself, under whatever take, another one in its place, or an open call that is for it."""
        request = result.request
        rows = connection.execute(
            """SELECT attempt_id, state, take, attempt FROM attempts WHERE fingerprint = ? AND realm = ?""",
            (request.fingerprint, request.realm),
        ).fetchall()
        done: list[tuple[str, ...]] = []
        in_place = is_open = None
        for attempt_id, state, take, attempt in rows:
            mine = (take, attempt) == (request.take, result.attempt)
            if state == AttemptState.DONE:
                images = self._list_images(connection, attempt_id)
                if images:
                    done.append(images)
                    in_place = AttemptState.DONE if mine else in_place
            elif mine and state in _OPEN:
                is_open = AttemptState(state)
        return _Here(in_place or is_open, tuple(done))

    def _list_images(self, connection: sqlite3.Connection, attempt_id: int) -> tuple[str, ...]:
        rows = connection.execute(
            "SELECT digest FROM images WHERE attempt_id = ? ORDER BY number", (attempt_id,)
        )
        return tuple(digest for (digest,) in rows)

    def _find_free_take(self, connection: sqlite3.Connection, result: ArchivedResult) -> int:
        """A take of this request that neither this state nor the file has."""
        name = (result.request.realm, result.request.fingerprint)
        here: int = connection.execute(
            "SELECT max(take) FROM attempts WHERE realm = ? AND fingerprint = ?", name
        ).fetchone()[0]
        return max(here, self._last_takes[name]) + 1

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
        self._last_number = max(self._last_number, attempt_id)

    def _path_of(self, facts: ImageFacts) -> Path:
        return Path(self._blobs.path_of(facts.digest))

    def close(self) -> None:
        """Stop receiving."""
        self._marks.close()
        self._blobs.remove_incoming(self._session)
        self._locks.release(self._session)
        self._ledger.close()
