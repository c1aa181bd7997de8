"""The store on this machine's disk: the port's methods, each one transaction of the ledger or one durable step of a blob."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.images.facts import ImageFacts
from seedflow.money import from_micros, to_micros
from seedflow.store import attempts, results, runs
from seedflow.store.attempts import AttemptRow, storable
from seedflow.store.base import (
    CLEARED,
    Attempt,
    AttemptState,
    Budget,
    Claim,
    HeldElsewhere,
    Judged,
    Past,
    RequestRecord,
    RunRecord,
    StoredImage,
    StoredResult,
    ToRecover,
)
from seedflow.store.blobs import Blobs
from seedflow.store.budgets import find_run_spent_micros
from seedflow.store.calls import list_open_calls
from seedflow.store.claims import Claims, Terms
from seedflow.store.failures import disk_errors
from seedflow.store.journal import Journal, JournaledAnswer, rescue
from seedflow.store.ledger import Ledger
from seedflow.store.locks import KernelLock, RunLocks, probe_locks
from seedflow.store.lookups import Lookups, Touched
from seedflow.store.paid_runs import PaidRunMarks, refuse_older_ledger
from seedflow.store.state import StateFolder, finish_state, prepare_state, require_open
from seedflow.store.transitions import TransitionError


def open_store(root: Path, *, clock: Callable[[], float] = time.time) -> LocalStore:
    """Open the state at `root` for running, making it first where there is none.

    Takes up what killed runs left: answers in their journals go into the ledger, half-received files are deleted.

    Args:
        root: the state folder itself, usually `PROJECT/.seedflow`.
        clock: Unix seconds.

    Raises:
        StoreError: newer, damaged, older than what was paid since, not ours, on a network file system, or the disk refuses.
    """
    folder = prepare_state(root)
    with disk_errors(folder.root):
        require_open(folder)
        probe_locks(folder.write_lock)
        making = KernelLock(folder.write_lock)
        try:
            with making.holding():
                ledger = Ledger(folder)
                finish_state(folder)
        finally:
            making.close()
    store = LocalStore(folder, ledger, clock)
    try:
        with ledger.reading() as connection:
            refuse_older_ledger(folder, connection)
        store.take_up_leftovers()
    except BaseException:
        store.close()
        raise
    return store


class LocalStore(Lookups):
    """`seedflow.store.base.Store` on SQLite and files. Any thread may call it; a forked child may not.

    Two tasks of one run that ask for the same (realm, fingerprint, take): the first is granted it, the second is told
    `HeldElsewhere` with the run's own id. It waits for the first inside the process and claims again: `AlreadyStored` when
    that went well. When the first ended `failed` a second claim is granted a new attempt, so a run that wants one outcome
    for both shares the outcome and does not claim again.
    """

    def __init__(self, folder: StateFolder, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._session = f"store-{uuid4().hex}"
        self._ledger = ledger
        self._clock = clock
        self._blobs = Blobs(folder.blobs)
        self._locks = RunLocks(folder.locks)
        self._claims = Claims(folder, self._blobs, self._locks)
        self._journals: dict[str, Journal] = {}
        self._marks = PaidRunMarks(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Looking up

    @contextmanager
    def _reading(self) -> Iterator[tuple[sqlite3.Connection, Blobs] | None]:
        with self._ledger.reading() as connection:
            yield connection, self._blobs

    def _note_times(self, touched: Touched) -> None:
        with suppress(StoreError), self._ledger.transaction() as connection:
            for digest, mtime_ns in touched:
                results.record_time(connection, digest, mtime_ns)

    def spent_usd(self, run_id: str) -> Decimal:
        """See `Store.spent_usd`."""
        with self._ledger.reading() as connection:
            return from_micros(find_run_spent_micros(connection, run_id))

    def list_open_attempts(self, realm: str) -> tuple[Attempt, ...]:
        """Of a realm, what was sent and of which the log may say more, oldest first; see `calls.list_open_calls`."""
        with self._ledger.reading() as connection:
            found = list_open_calls(connection, realm, self._locks.is_alive, refused=True)
            return tuple(attempts.load_attempt(connection, self._blobs, call.attempt_id) for call in found)

    # Runs

    def is_there(self) -> bool:
        """See `Store.is_there`."""
        return self._ledger.is_there

    def begin_run(self, run_id: str, recipe: str, realm: str) -> None:
        """See `Store.begin_run`.

        Raises:
            ValueError: the id is not fit for a file name, or a run had it before.
            StoreError: the disk has no room for a run's emergency journal, or refuses.
        """
        if run_id in self._journals:
            raise ValueError(f"run {run_id} lives already")
        try:
            with self._ledger.transaction(Step.LEDGER_BEGIN_RUN) as connection:
                self._begin_receiving()
                self._locks.acquire(run_id)
                runs.add_run(connection, run_id, recipe, realm, self._clock())
                self._journals[run_id] = runs.make_journal(self._folder, run_id)
        except BaseException:
            self._forget_run(run_id)
            raise

    def end_run(self, run_id: str, status: str, record: RunRecord | None = None) -> None:
        """See `Store.end_run`. What the run left open is an orphan from this moment."""
        self._require_living(run_id)
        try:
            with self._ledger.transaction(Step.LEDGER_END_RUN) as connection:
                if not self._journals[run_id].is_empty:
                    runs.fold_journal(connection, self._folder, run_id)
                self._blobs.note_unnamed(connection)
                runs.write_run_end(connection, run_id, status, self._clock(), record)
        except StoreError as error:
            runs.note_end(self._journals[run_id], status, self._clock(), error)
            raise
        self._marks.note_end(run_id)
        self._forget_run(run_id)

    def _forget_run(self, run_id: str) -> None:
        journal = self._journals.pop(run_id, None)
        if journal is not None:
            journal.close()
            runs.remove_journal(self._folder, run_id)
        self._locks.release(run_id)

    def _begin_receiving(self) -> None:
        if self._session not in self._locks.mine:
            self._locks.acquire(self._session)
            self._blobs.prepare_incoming(self._session)

    def take_up_leftovers(self) -> None:
        """Do what killed runs could not do any more; see `open_store`."""
        runs.take_up_leftovers(self._ledger, self._folder, self._blobs, self._locks)

    # Claims

    def claim(
        self,
        run_id: str,
        request: RequestRecord,
        reserve_usd: Decimal,
        budgets: Sequence[Budget],
        *,
        again: bool = False,
        after_attempt: int = 0,
    ) -> Claim:
        """See `Store.claim`, and the class for two tasks that share a request."""
        self._require_living(run_id)
        terms = Terms(run_id, request, to_micros(reserve_usd), budgets)
        with self._ledger.transaction(Step.LEDGER_CLAIM) as connection:
            return self._claims.decide(
                connection, terms, self._clock(), again=again, after_attempt=after_attempt
            )

    def take_up(self, run_id: str, intent_id: str) -> HeldElsewhere | ToRecover | None:
        """See `Store.take_up`."""
        self._require_living(run_id)
        with self._ledger.transaction(Step.LEDGER_TAKE_UP) as connection:
            return self._claims.take_up(connection, run_id, intent_id)

    # States

    def mark_sending(
        self, intent_id: str, references: Sequence[Mapping[str, object]], sent_at: float | None = None
    ) -> None:
        """See `Store.mark_sending`."""
        with self._ledger.transaction(Step.LEDGER_SENDING) as connection:
            row = self._get_own(connection, intent_id)
            if row.reserved_micros:
                self._marks.mark(row.run_id)
            attempts.write_references(connection, row.attempt_id, references)
            moment = self._clock() if sent_at is None else sent_at
            attempts.move_attempt(connection, row, AttemptState.SENDING, claimed=True, sent_at=moment)

    def mark_not_billed(self, intent_id: str, message: str) -> None:
        """See `Store.mark_not_billed`."""
        with self._ledger.transaction(Step.LEDGER_NOT_BILLED) as connection:
            row = self._get_own(connection, intent_id)
            if row.payer_run_id != row.run_id:
                raise TransitionError(
                    f"attempt {intent_id} was sent by run {row.payer_run_id}, not by {row.run_id}"
                )
            attempts.move_attempt(
                connection, row, AttemptState.RESERVED, claimed=True, message=storable(message), sent_at=None,
                answered_at=None, cost_micros=0, counted_micros=row.reserved_micros,
            )  # fmt: skip # as the columns stand

    def mark_cleared(self, intent_id: str, message: str) -> None:
        """See `Store.mark_cleared`."""
        self._finish(
            intent_id,
            AttemptState.FAILED,
            message,
            failure=CLEARED,
            cost_micros=0,
            counted_micros=0,
            answered_at=None,
        )

    def leave(self, intent_id: str) -> None:
        """See `Store.leave`."""
        with self._ledger.transaction(Step.LEDGER_LEAVE) as connection:
            attempts.leave(connection, self._get_own(connection, intent_id).attempt_id)

    def mark_answered(self, intent_id: str, answer: bytes, cost_usd: Decimal) -> None:
        """See `Store.mark_answered`.

        Raises:
            StoreError: the ledger did not take it. The answer then stands in the run's emergency journal, from where the
                next run takes it up; only if that failed as well is it in the error's `unsaved`.
        """
        record = JournaledAnswer(intent_id, answer, to_micros(cost_usd), self._clock())
        try:
            with self._ledger.transaction(Step.LEDGER_ANSWERED) as connection:
                row = self._get_own(connection, intent_id)
                attempts.write_answer(connection, row.attempt_id, answer)
                attempts.move_attempt(
                    connection, row, AttemptState.ANSWERED, claimed=True,
                    cost_micros=record.cost_micros, counted_micros=record.cost_micros, answered_at=record.answered_at, failure=None,
                )  # fmt: skip # as the columns stand
        except StoreError as error:
            raise rescue(next(iter(self._journals.values())), record, error) from error
        except BaseException:
            # A bug or an interrupt; the answer is paid for all the same.
            with suppress(StoreError, StopIteration):
                next(iter(self._journals.values())).append(record)
            raise

    def mark_done(self, intent_id: str, images: Sequence[StoredImage], cost_usd: Decimal) -> StoredResult:
        """See `Store.mark_done`.

        Raises:
            ValueError: no image: that is no result.
            StoreError: an image is not in the store, or the disk refuses.
        """
        if not images:
            raise ValueError("a result has at least one image")
        kept, times_ns = self._blobs.locate(images)
        cost_micros = to_micros(cost_usd)
        with self._ledger.transaction(Step.LEDGER_DONE) as connection:
            row = self._get_own(connection, intent_id)
            attempts.write_images(connection, row.attempt_id, kept, times_ns)
            fetched = () if row.state is AttemptState.FETCHED else (AttemptState.FETCHED,)
            attempts.move_attempt(
                connection,
                row,
                *fetched,
                AttemptState.DONE,
                claimed=False,
                cost_micros=cost_micros,
                counted_micros=cost_micros,
            )
        self._marks.note_call(row.run_id, row.attempt_id)
        return StoredResult(row.fingerprint, row.take, kept, from_micros(cost_micros), intent_id, row.attempt)

    def mark_failed(self, intent_id: str, failure: str, message: str, cost_usd: Decimal) -> None:
        """See `Store.mark_failed`."""
        micros = to_micros(cost_usd)
        self._finish(
            intent_id,
            AttemptState.FAILED,
            message,
            failure=failure,
            cost_micros=micros,
            counted_micros=micros,
        )

    def mark_unknown(self, intent_id: str, message: str) -> None:
        """See `Store.mark_unknown`."""
        with self._ledger.transaction(Step.LEDGER_UNKNOWN) as connection:
            row = self._get_own(connection, intent_id)
            attempts.move_attempt(
                connection, row, AttemptState.UNKNOWN, claimed=False, message=storable(message),
                cost_micros=0, counted_micros=row.reserved_micros,
            )  # fmt: skip # as the columns stand
        self._marks.note_call(row.run_id, row.attempt_id)

    def mark_lost_paid(self, intent_id: str, message: str, cost_usd: Decimal | None = None) -> None:
        """See `Store.mark_lost_paid`."""
        micros = None if cost_usd is None else to_micros(cost_usd)
        cost = {} if micros is None else {"cost_micros": micros, "counted_micros": micros}
        self._finish(intent_id, AttemptState.LOST_PAID, message, **cost)

    def _finish(self, intent_id: str, state: AttemptState, message: str, **columns: int | str | None) -> None:
        with self._ledger.transaction(Step.LEDGER_END) as connection:
            row = self._get_own(connection, intent_id)
            attempts.move_attempt(connection, row, state, claimed=False, message=storable(message), **columns)
        self._marks.note_call(row.run_id, row.attempt_id)

    # Blobs

    def new_blob_path(self) -> Path:
        """See `Store.new_blob_path`. A run has begun here; what is left at these paths goes when the store is closed."""
        if self._session not in self._locks.mine:
            raise ValueError("no run has begun here")
        return self._blobs.new_path(self._session)

    def keep_blob(self, path: Path, facts: ImageFacts) -> Path:
        """See `Store.keep_blob`."""
        return self._blobs.keep(path, facts)

    def keep_rejected(self, path: Path) -> Path:
        """See `Store.keep_rejected`."""
        return self._blobs.keep_rejected(path)

    def blob_path(self, digest: str) -> Path:
        """See `Store.blob_path`."""
        return Path(self._blobs.path_of(digest))

    def verify_blob(self, facts: ImageFacts) -> Path:
        """See `Store.verify_blob`."""
        return self._blobs.verify(facts)

    # History

    def record_past_requests(self, realm: str, recipe: str, past: Past, judged: Judged = ()) -> None:
        """See `Store.record_past_requests`."""
        with self._ledger.transaction() as connection:
            results.record_past_requests(connection, realm, recipe, past, judged)

    def close(self) -> None:
        """See `Store.close`. A run that was not ended counts as killed. A forked child leaves all as it is."""
        for journal in self._journals.values():
            journal.close()
        self._journals.clear()
        try:
            if not self._ledger.is_inherited:
                self._marks.close()
            if self._session in self._locks.mine and not self._ledger.is_inherited:
                self._blobs.remove_incoming(self._session)
                self._locks.release(self._session)
        finally:
            self._locks.close()
            self._ledger.close()

    def _require_living(self, run_id: str) -> None:
        if run_id not in self._journals:
            raise ValueError(f"run {run_id} was not begun here, or has ended")

    def _get_own(self, connection: sqlite3.Connection, intent_id: str) -> AttemptRow:
        return attempts.get_own_attempt(connection, intent_id, self._journals)
