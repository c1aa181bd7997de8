"""A store whose ledger is in memory: for tests of runs that need no durability, and as a second reading of the port.

Only the pictures are files. Several stores on one `MemoryState` see the same ledger, as processes on one state folder do;
closing a store without ending its runs is what killing its process is to the real one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from seedflow.images.facts import ImageFacts
from seedflow.money import from_micros, to_micros
from seedflow.store.attempts import storable
from seedflow.store.base import (
    CLEARED,
    AlreadyStored,
    Attempt,
    AttemptState,
    Budget,
    Claim,
    Granted,
    HeldElsewhere,
    Judged,
    Past,
    RequestRecord,
    RunRecord,
    StoredImage,
    StoredResult,
    ToRecover,
)
from seedflow.store.budgets import build_budget_error, day_of, limit_to_micros, spending_key
from seedflow.store.deciding import find_deciding
from seedflow.store.locks import is_run_id
from seedflow.store.memory_state import MemoryLookups, MemoryRow, MemoryState, build_candidate
from seedflow.store.transitions import (
    LastAttempt,
    TransitionError,
    Verdict,
    check_transition,
    find_next_number,
    judge_claim,
    may_look_up,
)


class MemoryStore(MemoryLookups):
    """`seedflow.store.base.Store` on a `MemoryState`."""

    def __init__(self, state: MemoryState, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(state)
        self._clock = clock
        self._session = f"store-{uuid4().hex}"
        self._mine: set[str] = set()
        self._blobs.prepare_incoming(self._session)

    def spent_usd(self, run_id: str) -> Decimal:
        """See `Store.spent_usd`."""
        with self._state.mutex:
            return from_micros(
                sum(row.counted_micros for row in self._all_rows() if row.payer_run_id == run_id)
            )

    def is_there(self) -> bool:
        """See `Store.is_there`."""
        return True

    def begin_run(self, run_id: str, recipe: str, realm: str) -> None:  # noqa: ARG002 - nobody reads runs back
        """See `Store.begin_run`."""
        with self._state.mutex:
            if run_id in self._state.runs or not is_run_id(run_id):
                raise ValueError(f"run {run_id} was there before, or is not fit for a run id")
            self._state.runs.add(run_id)
            self._state.living.add(run_id)
            self._mine.add(run_id)

    def end_run(self, run_id: str, status: str, record: RunRecord | None = None) -> None:  # noqa: ARG002 - nobody reads runs back
        """See `Store.end_run`."""
        self._require_living(run_id)
        self._end(run_id)

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
        """See `Store.claim`."""
        self._require_living(run_id)
        terms = (request, to_micros(reserve_usd), budgets)
        with self._state.mutex:
            key = (request.realm, request.fingerprint, request.take)
            result = next(self._iterate_results(*key, after_attempt), None)
            if result is not None:
                return AlreadyStored(result)
            last = self._find_deciding(self._rows_above(*key, after_attempt), again=again)
            verdict = judge_claim(None if last is None else self._describe(last, run_id), again=again)
            if last is None:
                return Granted(self._grant(run_id, None, after_attempt + 1, *terms))
            if verdict is Verdict.GRANT:
                found = last.attempt
                number = find_next_number(found.attempt, found.state, found.answered_at)
                return Granted(self._grant(run_id, last, number, *terms))
            if verdict is Verdict.HELD:
                return HeldElsewhere(last.attempt.run_id)
            if last.attempt.state is AttemptState.RESERVED:
                self._reserve(last, run_id, *terms)
            elif last.attempt.state is AttemptState.DONE:
                last.attempt = replace(last.attempt, state=AttemptState.ANSWERED)
            last.attempt = replace(last.attempt, run_id=run_id)
            last.claimed = True
            return ToRecover(last.attempt)

    def take_up(self, run_id: str, intent_id: str) -> HeldElsewhere | ToRecover | None:
        """See `Store.take_up`."""
        self._require_living(run_id)
        with self._state.mutex:
            row = next((row for row in self._all_rows() if row.attempt.intent_id == intent_id), None)
            if row is None or not may_look_up(row.attempt.state, counted=bool(row.attempt.cost_usd)):
                return None
            if row.claimed and row.attempt.run_id in self._state.living:
                return HeldElsewhere(row.attempt.run_id)
            row.attempt = replace(row.attempt, run_id=run_id)
            row.claimed = True
            return ToRecover(row.attempt)

    def mark_sending(
        self, intent_id: str, references: Sequence[Mapping[str, object]], sent_at: float | None = None
    ) -> None:
        """See `Store.mark_sending`."""
        with self._state.mutex:
            row = self._get_own(intent_id)
            request = replace(row.attempt.request, references=tuple(references))
            moment = self._clock() if sent_at is None else sent_at
            self._move(row, AttemptState.SENDING, claimed=True, request=request, sent_at=moment)

    def mark_not_billed(self, intent_id: str, message: str) -> None:
        """See `Store.mark_not_billed`."""
        with self._state.mutex:
            row = self._get_own(intent_id)
            if row.payer_run_id != row.attempt.run_id:
                raise TransitionError(f"attempt {intent_id} was sent by run {row.payer_run_id}")
            self._move(
                row,
                AttemptState.RESERVED,
                claimed=True,
                counted_micros=to_micros(row.attempt.reserved_usd),
                cost_usd=Decimal(0),
                message=storable(message),
                sent_at=None,
                answered_at=None,
            )

    def mark_cleared(self, intent_id: str, message: str) -> None:
        """See `Store.mark_cleared`."""
        self._settle(
            intent_id,
            AttemptState.FAILED,
            Decimal(0),
            claimed=False,
            failure=CLEARED,
            message=storable(message),
            answered_at=None,
        )

    def leave(self, intent_id: str) -> None:
        """See `Store.leave`."""
        with self._state.mutex:
            self._get_own(intent_id).claimed = False

    def mark_answered(self, intent_id: str, answer: bytes, cost_usd: Decimal) -> None:
        """See `Store.mark_answered`."""
        self._settle(
            intent_id,
            AttemptState.ANSWERED,
            cost_usd,
            claimed=True,
            answer=answer,
            answered_at=self._clock(),
            failure=None,
        )

    def mark_done(self, intent_id: str, images: Sequence[StoredImage], cost_usd: Decimal) -> StoredResult:
        """See `Store.mark_done`."""
        if not images:
            raise ValueError("a result has at least one image")
        located, _ = self._blobs.locate(images)
        with self._state.mutex:
            row = self._get_own(intent_id)
            if row.attempt.state is not AttemptState.FETCHED:
                self._move(row, AttemptState.FETCHED, claimed=True)
            self._settle(intent_id, AttemptState.DONE, cost_usd, claimed=False, images=located)
            request = row.attempt.request
            cost, number = row.attempt.cost_usd, row.attempt.attempt
            return StoredResult(request.fingerprint, request.take, located, cost, intent_id, number)

    def mark_failed(self, intent_id: str, failure: str, message: str, cost_usd: Decimal) -> None:
        """See `Store.mark_failed`."""
        self._settle(
            intent_id,
            AttemptState.FAILED,
            cost_usd,
            claimed=False,
            failure=failure,
            message=storable(message),
        )

    def mark_unknown(self, intent_id: str, message: str) -> None:
        """See `Store.mark_unknown`."""
        with self._state.mutex:
            row = self._get_own(intent_id)
            counted_micros = to_micros(row.attempt.reserved_usd)
            self._move(
                row,
                AttemptState.UNKNOWN,
                claimed=False,
                counted_micros=counted_micros,
                cost_usd=Decimal(0),
                message=storable(message),
            )

    def mark_lost_paid(self, intent_id: str, message: str, cost_usd: Decimal | None = None) -> None:
        """See `Store.mark_lost_paid`."""
        with self._state.mutex:
            row = self._get_own(intent_id)
            cost = row.attempt.cost_usd if cost_usd is None else cost_usd
            self._settle(intent_id, AttemptState.LOST_PAID, cost, claimed=False, message=storable(message))

    def new_blob_path(self) -> Path:
        """See `Store.new_blob_path`."""
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

    def record_past_requests(self, realm: str, recipe: str, past: Past, judged: Judged = ()) -> None:
        """See `Store.record_past_requests`."""
        self._state.past.update({(realm, recipe, address): request for address, request in past.items()})
        for one in judged:
            key = (realm, recipe, one.address, one.fingerprint, one.take)
            self._state.judged[key] = max(one.attempts, self._state.judged.get(key, 0))

    def close(self) -> None:
        """See `Store.close`."""
        for run_id in tuple(self._mine):
            self._end(run_id)
        self._blobs.remove_incoming(self._session)

    def _end(self, run_id: str) -> None:
        with self._state.mutex:
            self._mine.discard(run_id)
            self._state.living.discard(run_id)
            for row in self._all_rows():
                if row.attempt.run_id == run_id and row.attempt.state is AttemptState.RESERVED:
                    row.counted_micros = 0

    def _find_deciding(self, rows: Iterable[MemoryRow], *, again: bool) -> MemoryRow | None:
        living = self._state.living
        candidates = [build_candidate(row, held=row.claimed and row.attempt.run_id in living) for row in rows]
        found = find_deciding(candidates, again=again)
        return None if found is None else found.row

    def _all_rows(self) -> Iterable[MemoryRow]:
        return (row for rows in self._state.rows.values() for row in rows)

    def _describe(self, last: MemoryRow, run_id: str) -> LastAttempt:
        owner = last.attempt.run_id
        return LastAttempt(
            last.attempt.state,
            claimed=last.claimed,
            owner_lives=last.claimed and owner in self._state.living,
            own=owner == run_id,
            has_answer=bool(last.attempt.answer),
            counted=bool(last.attempt.cost_usd),
        )

    def _grant(
        self,
        run_id: str,
        last: MemoryRow | None,
        number: int,
        request: RequestRecord,
        reserve_micros: int,
        budgets: Sequence[Budget],
    ) -> Attempt:
        empty = Attempt(uuid4().hex, run_id, request, number, AttemptState.RESERVED, Decimal(0), Decimal(0))
        row = MemoryRow(empty, claimed=True, payer_run_id=run_id, step=request.step, day="", counted_micros=0)
        self._reserve(row, run_id, request, reserve_micros, budgets)
        if last is not None:
            last.claimed = False
        self._state.rows.setdefault((request.realm, request.fingerprint, request.take), []).append(row)
        return row.attempt

    def _reserve(
        self,
        row: MemoryRow,
        run_id: str,
        request: RequestRecord,
        reserve_micros: int,
        budgets: Sequence[Budget],
    ) -> None:
        day = day_of(self._clock())
        rooms = []
        for budget in budgets:
            wanted = spending_key(budget.scope, run_id, request.step, day)
            spent_micros = sum(
                other.counted_micros
                for other in self._all_rows()
                if other is not row
                and other.attempt.request.realm == request.realm
                and spending_key(budget.scope, other.payer_run_id, other.step, other.day) == wanted
            )
            rooms.append((limit_to_micros(budget.limit_usd) - spent_micros, spent_micros, budget))
        if rooms and reserve_micros:
            room, spent_micros, budget = min(rooms, key=lambda entry: entry[0])
            if reserve_micros > room:
                raise build_budget_error(request, budget, spent_micros, reserve_micros)
        row.payer_run_id, row.step, row.day, row.counted_micros = run_id, request.step, day, reserve_micros
        row.attempt = replace(row.attempt, request=request, reserved_usd=from_micros(reserve_micros))

    def _require_living(self, run_id: str) -> None:
        if run_id not in self._mine:
            raise ValueError(f"run {run_id} was not begun here, or has ended")

    def _get_own(self, intent_id: str) -> MemoryRow:
        for row in self._all_rows():
            if row.attempt.intent_id == intent_id and row.attempt.run_id in self._mine and row.claimed:
                return row
        raise TransitionError(f"attempt {intent_id} is not claimed by a run of this store")

    def _settle(
        self, intent_id: str, state: AttemptState, cost_usd: Decimal, *, claimed: bool, **changes: object
    ) -> None:
        with self._state.mutex:
            micros = to_micros(cost_usd)
            row = self._get_own(intent_id)
            self._move(
                row, state, claimed=claimed, counted_micros=micros, cost_usd=from_micros(micros), **changes
            )

    def _move(
        self,
        row: MemoryRow,
        state: AttemptState,
        *,
        claimed: bool,
        counted_micros: int | None = None,
        **changes: object,
    ) -> None:
        check_transition(row.attempt.intent_id, row.attempt.state, state)
        row.attempt = replace(row.attempt, state=state, **changes)  # type: ignore[arg-type] # fields of Attempt
        row.claimed = claimed
        row.counted_micros = row.counted_micros if counted_micros is None else counted_micros
