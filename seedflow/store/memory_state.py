"""What stores in memory share, and the look-ups on it: a second reading of `StoreView`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

from seedflow.store.base import (
    CLEARED,
    Attempt,
    AttemptState,
    PastRequest,
    RefusedCall,
    StoredImage,
    StoredResult,
)
from seedflow.store.blobs import Blobs
from seedflow.store.deciding import Candidate, find_deciding
from seedflow.store.durable import make_folder
from seedflow.store.transitions import find_next_take

_Key = tuple[str, str, int]


@dataclass(slots=True)
class MemoryRow:
    """One row of the ledger: an attempt, and whose work and money it is."""

    attempt: Attempt
    claimed: bool
    payer_run_id: str
    step: str
    day: str
    counted_micros: int

    @property
    def sent(self) -> bool:
        """Whether it was sent, and not for nothing."""
        return self.attempt.sent_at is not None and self.attempt.failure != CLEARED


def build_candidate(row: MemoryRow, *, held: bool) -> Candidate[MemoryRow]:
    """A row for `find_deciding`."""
    found = row.attempt
    return Candidate(row, found.attempt, found.state, bool(found.answer), held, counted=bool(found.cost_usd))


@dataclass(slots=True)
class MemoryState:
    """What the stores of one state share. `folder` holds the blobs."""

    folder: Path
    rows: dict[_Key, list[MemoryRow]] = field(default_factory=dict)
    past: dict[tuple[str, str, str], PastRequest] = field(default_factory=dict)
    judged: dict[tuple[str, str, str, str, int], int] = field(default_factory=dict)
    runs: set[str] = field(default_factory=set)
    living: set[str] = field(default_factory=set)
    mutex: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        for folder in (self.folder, *(self.folder / name for name in ("sha256", "incoming", "rejected"))):
            make_folder(folder)


class MemoryLookups:
    """`seedflow.store.base.StoreView` on a `MemoryState`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state
        self._blobs = Blobs(state.folder)

    def find_result(self, realm: str, fingerprint: str, take: int) -> StoredResult | None:
        """See `StoreView.find_result`."""
        with self._state.mutex:
            return next(self._iterate_results(realm, fingerprint, take), None)

    def list_results(self, realm: str, fingerprint: str, take: int) -> tuple[StoredResult, ...]:
        """See `StoreView.list_results`."""
        with self._state.mutex:
            return tuple(self._iterate_results(realm, fingerprint, take))

    def has_result(self, realm: str, fingerprint: str, take: int, after_attempt: int = 0) -> bool:
        """See `StoreView.has_result`."""
        with self._state.mutex:
            rows = self._rows_above(realm, fingerprint, take, after_attempt)
            return any(row.attempt.images for row in rows)

    def find_unfinished(
        self, realm: str, fingerprint: str, take: int, after_attempt: int = 0
    ) -> AttemptState | None:
        """See `StoreView.find_unfinished`."""
        with self._state.mutex:
            rows = self._rows_above(realm, fingerprint, take, after_attempt)
            found = find_deciding([build_candidate(row, held=False) for row in rows], again=False)
            return None if found is None else found.unfinished

    def list_lost(self, realm: str, fingerprint: str, take: int, after_attempt: int = 0) -> tuple[str, ...]:
        """See `StoreView.list_lost`."""
        with self._state.mutex:
            rows = self._rows_above(realm, fingerprint, take, after_attempt)
        lost = (AttemptState.SENDING, AttemptState.UNKNOWN)
        return tuple(row.attempt.intent_id for row in reversed(rows) if row.attempt.state in lost)

    def list_refused(
        self, realm: str, fingerprint: str, take: int, after_attempt: int = 0
    ) -> tuple[RefusedCall, ...]:
        """See `StoreView.list_refused`."""
        with self._state.mutex:
            rows = [row.attempt for row in self._rows_above(realm, fingerprint, take, after_attempt)]
        return tuple(
            RefusedCall(row.message or "nobody knows why", row.cost_usd)
            for row in reversed(rows)
            if row.state is AttemptState.FAILED and row.cost_usd
        )

    def find_takes(self, realm: str, fingerprint: str) -> tuple[int, ...]:
        """See `StoreView.find_takes`."""
        with self._state.mutex:
            return tuple(
                sorted({row.attempt.request.take for row in self._rows_of(realm, fingerprint) if row.sent})
            )

    def next_take(self, realm: str, fingerprint: str, above: int) -> int:
        """See `StoreView.next_take`."""
        with self._state.mutex:
            rows = list(self._rows_of(realm, fingerprint))
        found = ((row.attempt, row.sent) for row in rows)
        return find_next_take(
            ((one.request.take, one.attempt, one.state, sent) for one, sent in found), above
        )

    def has_sent(self, realm: str) -> bool:
        """See `StoreView.has_sent`."""
        with self._state.mutex:
            rows = [row for key, found in self._state.rows.items() if key[0] == realm for row in found]
        return any(row.attempt.sent_at is not None for row in rows)

    def load_answer(self, intent_id: str) -> tuple[float, bytes] | None:
        """See `StoreView.load_answer`."""
        for row in (row for rows in self._state.rows.values() for row in rows):
            found = row.attempt
            if found.intent_id == intent_id and found.answer is not None and found.answered_at is not None:
                return found.answered_at, found.answer
        return None

    def find_past_request(self, realm: str, recipe: str, address: str) -> PastRequest | None:
        """See `StoreView.find_past_request`."""
        return self._state.past.get((realm, recipe, address))

    def find_judged(self, realm: str, recipe: str, address: str, fingerprint: str, take: int) -> int:
        """See `StoreView.find_judged`."""
        with self._state.mutex:
            asked = [
                row.attempt.attempt
                for row in self._rows_above(realm, fingerprint, take, 0)
                if (row.attempt.request.recipe, row.attempt.request.address) == (recipe, address)
            ]
        return max([*asked, self._state.judged.get((realm, recipe, address, fingerprint, take), 0)])

    def _iterate_results(
        self, realm: str, fingerprint: str, take: int, after_attempt: int = 0
    ) -> Iterator[StoredResult]:
        """Every digest is recomputed: there are no recorded times."""
        given = after_attempt
        newest_first = reversed(self._rows_above(realm, fingerprint, take, after_attempt))
        for row in sorted(newest_first, key=lambda row: row.attempt.attempt):
            found = row.attempt
            if found.attempt <= given or found.state is not AttemptState.DONE:
                continue
            if all(map(self._is_whole, found.images)):
                given = found.attempt
                yield StoredResult(
                    fingerprint, take, found.images, found.cost_usd, found.intent_id, found.attempt
                )

    def _rows_above(self, realm: str, fingerprint: str, take: int, after_attempt: int) -> list[MemoryRow]:
        rows = self._state.rows.get((realm, fingerprint, take), [])
        return [row for row in rows if row.attempt.attempt > after_attempt]

    def _rows_of(self, realm: str, fingerprint: str) -> Iterator[MemoryRow]:
        for key, rows in self._state.rows.items():
            if key[:2] == (realm, fingerprint):
                yield from rows

    def _is_whole(self, image: StoredImage) -> bool:
        wholeness, _ = self._blobs.examine(str(image.path), image.facts.digest, image.facts.size_bytes, -1)
        return wholeness.is_whole
