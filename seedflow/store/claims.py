"""What a claim finds and does, inside its transaction: somebody's result, a new attempt, or an old one to recover."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from seedflow.store import attempts, results
from seedflow.store.attempts import AttemptRow
from seedflow.store.base import (
    AlreadyStored,
    Attempt,
    AttemptState,
    Budget,
    Claim,
    Granted,
    HeldElsewhere,
    RequestRecord,
    ToRecover,
)
from seedflow.store.blobs import Blobs
from seedflow.store.budgets import check_budgets, day_of
from seedflow.store.deciding import Candidate, find_deciding
from seedflow.store.locks import RunLocks
from seedflow.store.runs import CAN_TAKE_AN_ANSWER, fold_journal
from seedflow.store.state import StateFolder
from seedflow.store.transitions import LastAttempt, Verdict, find_next_number, judge_claim, may_look_up


@dataclass(frozen=True, slots=True)
class Terms:
    """Who asks for what, and what it may cost."""

    run_id: str
    request: RequestRecord
    reserve_micros: int
    budgets: Sequence[Budget]

    def check(self, connection: sqlite3.Connection, day: str) -> None:
        """Hold the reservation against the budgets.

        Raises:
            BudgetError: no room.
        """
        check_budgets(connection, self.run_id, self.request, day, self.reserve_micros, self.budgets)


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims on one state."""

    folder: StateFolder
    blobs: Blobs
    locks: RunLocks

    def decide(
        self, connection: sqlite3.Connection, terms: Terms, now: float, *, again: bool, after_attempt: int
    ) -> Claim:
        """Answer one claim; see `Store.claim`.

        Raises:
            BudgetError: no room for what would have to be sent.
        """
        request = terms.request
        result = results.find_result(
            connection,
            self.blobs,
            request.realm,
            request.fingerprint,
            request.take,
            lambda digest, mtime_ns: results.record_time(connection, digest, mtime_ns),
            after_attempt=after_attempt,
        )
        if result is not None:
            return AlreadyStored(result)
        last = self._find_last(connection, request, after_attempt, again=again)
        if last is None:
            return Granted(self._grant(connection, terms, None, after_attempt + 1, now))
        match judge_claim(self._describe(last, terms.run_id), again=again):
            case Verdict.GRANT:
                number = find_next_number(last.attempt, last.state, last.answered_at)
                return Granted(self._grant(connection, terms, last, number, now))
            case Verdict.HELD:
                return HeldElsewhere(last.run_id)
            case Verdict.RECOVER:
                return ToRecover(self._recover(connection, terms, last, now))

    def take_up(
        self, connection: sqlite3.Connection, run_id: str, intent_id: str
    ) -> HeldElsewhere | ToRecover | None:
        """Answer for one call; see `Store.take_up`."""
        row = attempts.find_attempt(connection, intent_id)
        if row is not None and row.state in CAN_TAKE_AN_ANSWER and not self.locks.is_alive(row.run_id):
            fold_journal(connection, self.folder, row.run_id)
            row = attempts.find_attempt(connection, intent_id)
        if row is None or not may_look_up(row.state, counted=row.counted):
            return None
        if row.claimed and self.locks.is_alive(row.run_id):
            return HeldElsewhere(row.run_id)
        attempts.take_over(connection, row.attempt_id, run_id)
        return ToRecover(attempts.load_attempt(connection, self.blobs, row.attempt_id))

    def _find_last(
        self, connection: sqlite3.Connection, request: RequestRecord, after_attempt: int, *, again: bool
    ) -> AttemptRow | None:
        """The row that decides; see `find_deciding`."""
        last = self._find_deciding(connection, request, after_attempt, again=again)
        if last is None or last.state not in CAN_TAKE_AN_ANSWER or self.locks.is_alive(last.run_id):
            return last
        fold_journal(connection, self.folder, last.run_id)  # its run was killed while we were open
        return self._find_deciding(connection, request, after_attempt, again=again)

    def _find_deciding(
        self, connection: sqlite3.Connection, request: RequestRecord, after_attempt: int, *, again: bool
    ) -> AttemptRow | None:
        rows = attempts.list_rows(connection, request.realm, request.fingerprint, request.take, after_attempt)
        candidates = [
            Candidate(
                row,
                row.attempt,
                row.state,
                row.has_answer,
                row.claimed and self.locks.is_alive(row.run_id),
                row.counted,
            )
            for row in rows
        ]
        found = find_deciding(candidates, again=again)
        return None if found is None else found.row

    def _describe(self, last: AttemptRow, run_id: str) -> LastAttempt:
        return LastAttempt(
            last.state,
            claimed=last.claimed,
            owner_lives=last.claimed and self.locks.is_alive(last.run_id),
            own=last.run_id == run_id,
            has_answer=last.has_answer,
            counted=last.counted,
        )

    def _grant(
        self, connection: sqlite3.Connection, terms: Terms, last: AttemptRow | None, number: int, now: float
    ) -> Attempt:
        day = day_of(now)
        terms.check(connection, day)
        if last is not None and last.claimed:
            attempts.leave(connection, last.attempt_id)
        attempt_id = attempts.add_attempt(
            connection, terms.run_id, terms.request, number, terms.reserve_micros, day, now
        )
        return attempts.load_attempt(connection, self.blobs, attempt_id)

    def _recover(self, connection: sqlite3.Connection, terms: Terms, last: AttemptRow, now: float) -> Attempt:
        # What was never sent becomes this run's money; what was sent stays the money of the run that sent it.
        if last.state is AttemptState.RESERVED:
            day = day_of(now)
            attempts.drop_reservation(connection, last.attempt_id)
            terms.check(connection, day)
            attempts.reserve_anew(
                connection, last.attempt_id, terms.run_id, terms.request, terms.reserve_micros, day, now
            )
        else:
            if last.state is AttemptState.DONE:
                attempts.move_attempt(connection, last, AttemptState.ANSWERED, claimed=True)
            attempts.take_over(connection, last.attempt_id, terms.run_id)
        return attempts.load_attempt(connection, self.blobs, last.attempt_id)
