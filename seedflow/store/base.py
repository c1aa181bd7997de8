"""The store's port: what planning reads, what running writes, and the values that pass between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from seedflow.images.facts import ImageFacts


class AttemptState(StrEnum):
    """The durable states of one attempt, in order; the last three end it."""

    RESERVED = "reserved"
    SENDING = "sending"
    ANSWERED = "answered"
    FETCHED = "fetched"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LOST_PAID = "lost-paid"


UNFINISHED = frozenset(
    {
        AttemptState.SENDING,
        AttemptState.ANSWERED,
        AttemptState.FETCHED,
        AttemptState.UNKNOWN,
        AttemptState.LOST_PAID,
    }
)
"""States of an attempt that was sent, and may have been paid, without a result so far."""

OUTCOME_OPEN = frozenset(
    {AttemptState.SENDING, AttemptState.ANSWERED, AttemptState.FETCHED, AttemptState.UNKNOWN}
)
"""Sent, and its pictures may still be had without paying again."""

CLEARED = "not-billed"
"""The failure of a call that was looked up and proved to have cost nothing: for takes, it is as if it had never been sent."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """One image of a result; `number` counts from 1 in the answer's order."""

    number: int
    facts: ImageFacts
    path: Path


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What one attempt of (realm, fingerprint, take) was answered with, every blob known to be there."""

    fingerprint: str
    take: int
    images: tuple[StoredImage, ...]
    cost_usd: Decimal
    intent_id: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class PastRequest:
    """What an address asked for last time, to explain why it asks again."""

    fingerprint: str
    params_digest: str


@dataclass(frozen=True, slots=True)
class JudgedAttempts:
    """How many attempts of a take of its request an address judged by what it expects."""

    address: str
    fingerprint: str
    take: int
    attempts: int


Past: TypeAlias = Mapping[str, PastRequest]
"""By address, what it asked for; it takes the place of what was noted before."""

Judged: TypeAlias = Collection[JudgedAttempts]
"""What a run found out, added to the notes of those before: of equal ones the greatest number stays."""


class StoreView(Protocol):
    """Read-only: what planning may know. Opens nothing for writing and never creates the state."""

    def find_result(self, realm: str, fingerprint: str, take: int) -> StoredResult | None:
        """The first of `list_results`."""

    def list_results(self, realm: str, fingerprint: str, take: int) -> tuple[StoredResult, ...]:
        """The results of all attempts in order of attempt, those alone of which every image is there and whole.

        Whole is: size and time as recorded, digest when they differ. Without an expectation the first is the take's result;
        a later one was made because somebody's `expect` found the earlier ones not good enough.
        """

    def has_result(self, realm: str, fingerprint: str, take: int, after_attempt: int = 0) -> bool:
        """Whether a result of an attempt above `after_attempt` was recorded, be its images there or not."""

    def find_unfinished(
        self, realm: str, fingerprint: str, take: int, after_attempt: int = 0
    ) -> AttemptState | None:
        """The state of the call that decides above `after_attempt`, if it was sent and may have been paid, but gave no result so far.

        It is the newest one, but for one that was made with consent and was refused, or never sent: that changes nothing. `failed`
        when it was refused and may have been billed all the same, so that nothing of it can be had without asking again.
        """

    def list_lost(self, realm: str, fingerprint: str, take: int, after_attempt: int = 0) -> tuple[str, ...]:
        """The intent ids of all calls above `after_attempt` whose outcome is unknown, the newest first.

        Several are unknown where somebody consented to pay again. The newest decides; but the answers of the others may still be had.
        """

    def find_takes(self, realm: str, fingerprint: str) -> tuple[int, ...]:
        """The takes with an attempt that was sent, whatever became of it, in order."""

    def next_take(self, realm: str, fingerprint: str, above: int) -> int:
        """The take that a reroll asks for, given the one that is to be replaced (0: none).

        It is the smallest take greater than `above` whose outcome is still open (sent and not ended, or unknown): what may be
        paid already is recovered, not paid twice. Else it is one more than `above` and than every take of `find_takes`. So a
        take that has a result, was refused, or whose paid pictures are lost for good is never what a reroll gives.
        """

    def has_sent(self, realm: str) -> bool:
        """Whether any request was ever sent in this realm, whatever became of it."""

    def load_answer(self, intent_id: str) -> tuple[float, bytes] | None:
        """When a call was answered (Unix seconds) and its raw answer, if it is kept."""

    def find_past_request(self, realm: str, recipe: str, address: str) -> PastRequest | None:
        """What this address of this recipe asked for last time in this realm."""

    def find_judged(self, realm: str, recipe: str, address: str, fingerprint: str, take: int) -> int:
        """How many attempts of a take this address of this recipe judged by what it expects, by their numbers; 0 when none is known.

        Those that were asked for in its name count, whatever was noted.
        """


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as the ledger keeps it: everything that recovery needs, never the bytes of a reference.

    `params` are the rendered parameters without references; `references` a JSON list, each item with `digest` or
    `url`, its `name`, and, once known, `transport` (`url`, `data`).
    """

    realm: str
    fingerprint: str
    take: int
    recipe: str
    address: str
    step: str
    model: str
    params: Mapping[str, object]
    params_digest: str
    references_field: str | None
    references: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is remembered of a run that ended: where its outputs went, and what it came to as plain JSON."""

    output_folder: str | None
    result: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Budget:
    """An upper bound on money. `scope` is `run`, `step`, `day` (UTC) or `project`; the smallest room wins.

    `where` are the words for where it was set, empty when nobody knows.
    """

    scope: str
    limit_usd: Decimal
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of the ledger.

    `attempt` counts from 1 within the take and grows only after an answer that was not good enough; a try that is repeated for another reason
    has the same number and an `intent_id` of its own. `sent_at` and `answered_at` are Unix seconds; `answer` is the raw one.
    """

    intent_id: str
    run_id: str
    request: RequestRecord
    attempt: int
    state: AttemptState
    reserved_usd: Decimal
    cost_usd: Decimal
    failure: str | None = None
    message: str | None = None
    sent_at: float | None = None
    answered_at: float | None = None
    answer: bytes | None = None
    images: tuple[StoredImage, ...] = ()


@dataclass(frozen=True, slots=True)
class Granted:
    """The caller owns a new attempt in state `reserved`; nothing has been sent."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class AlreadyStored:
    """Somebody paid for it before."""

    result: StoredResult


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """A living run is on it; ask again after it is done."""

    run_id: str


@dataclass(frozen=True, slots=True)
class ToRecover:
    """An earlier run left this attempt behind; it is the caller's now. `run.recover` says what to do by its state.

    What was sent stays that run's money, whatever becomes of it; what was only reserved is reserved anew, for the caller's.
    """

    attempt: Attempt


Claim: TypeAlias = Granted | AlreadyStored | HeldElsewhere | ToRecover


class Store(StoreView, Protocol):
    """Everything a run writes. Methods block (they wait for the disk) and may be called from any thread."""

    def is_there(self) -> bool:
        """Whether what was written is still where it was written to: nobody has removed it meanwhile."""

    def begin_run(self, run_id: str, recipe: str, realm: str) -> None:
        """Take the run's own lock and write its row. Orphaned claims are those whose run's lock is free."""

    def end_run(self, run_id: str, status: str, record: RunRecord | None = None) -> None:
        """Write how it ended, with what is to be remembered of it, and free the lock."""

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
        """Own (realm, fingerprint, take), or learn who does. Reserves the budget in the same commit.

        `after_attempt`: the results of attempts up to this number were not good enough. Only what has a greater number counts
        then: its first whole result is `AlreadyStored`, its unfinished attempt held, recovered or repeated, and a new attempt
        is numbered above all of them.

        `again` starts a further attempt although the last one ended `failed`, `unknown` or `lost-paid`; without it the
        last one is returned as `ToRecover` when it is `unknown` or `lost-paid`, and a `failed` one is followed by a new one.

        Raises:
            BudgetError: a budget has no room; nothing was written.
            StoreError: the disk did not take it.
        """

    def take_up(self, run_id: str, intent_id: str) -> HeldElsewhere | ToRecover | None:
        """Own this very call, which was sent and has not ended, whatever was asked after it. None: it has ended.

        Nothing is reserved: its money is that of the run that sent it.

        Raises:
            StoreError: the disk did not take it.
        """

    def mark_sending(
        self, intent_id: str, references: Sequence[Mapping[str, object]], sent_at: float | None = None
    ) -> None:
        """Committed before the first byte leaves. `sent_at`: Unix seconds of when the call was begun, now by default."""

    def mark_not_billed(self, intent_id: str, message: str) -> None:
        """It is proven that a call of this run was not billed: back to `reserved`, to be sent again as the same attempt."""

    def mark_cleared(self, intent_id: str, message: str) -> None:
        """It is proven that a call that was only looked up was not billed: it ends as `failed` at no cost.

        It stays the call of the run that sent it, with the time of its sending; its number is that of the next attempt.
        """

    def leave(self, intent_id: str) -> None:
        """Stop working on an attempt without an end (its images could not be fetched now): the next claim recovers it."""

    def mark_answered(self, intent_id: str, answer: bytes, cost_usd: Decimal) -> None:
        """Committed before the answer is judged."""

    def new_blob_path(self) -> Path:
        """A fresh path in the blobs' own file system for bytes that are still arriving."""

    def keep_blob(self, path: Path, facts: ImageFacts) -> Path:
        """Fsync, rename into place by digest, fsync the folder; idempotent. Returns the final path."""

    def keep_rejected(self, path: Path) -> Path:
        """Keep bytes that were paid for and cannot be used, beside the blobs, never sent on. Returns where they are."""

    def blob_path(self, digest: str) -> Path:
        """Where a blob lies or would lie; nothing is checked."""

    def mark_done(self, intent_id: str, images: Sequence[StoredImage], cost_usd: Decimal) -> StoredResult:
        """Images are in the store and verified: states `fetched` and `done` in one commit."""

    def mark_failed(self, intent_id: str, failure: str, message: str, cost_usd: Decimal) -> None:
        """Ended without a result; the reservation is settled to what it cost."""

    def mark_unknown(self, intent_id: str, message: str) -> None:
        """The outcome is unknown; the reservation counts as spent."""

    def mark_lost_paid(self, intent_id: str, message: str, cost_usd: Decimal | None = None) -> None:
        """Answered and paid, but its images cannot be fetched any more. Without a cost it counts as when it was answered."""

    def record_past_requests(self, realm: str, recipe: str, past: Past, judged: Judged = ()) -> None:
        """What addresses asked for, for the next plan's reasons, and how many attempts they judged, in one commit.

        What is known already costs none.
        """

    def verify_blob(self, facts: ImageFacts) -> Path:
        """The blob's path after its digest was recomputed (before it is sent or published).

        Raises:
            StoreError: missing or damaged.
        """

    def spent_usd(self, run_id: str) -> Decimal:
        """What a run has spent, unknown outcomes included."""

    def close(self) -> None:
        """Close files and free locks."""
