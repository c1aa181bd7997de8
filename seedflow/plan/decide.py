"""What will be done for a request, and why: from what the store knows of it."""

from __future__ import annotations

from dataclasses import dataclass

from seedflow.plan.expect import Choice, Expectation, choose_result
from seedflow.plan.model import Action, Reason
from seedflow.store.base import AttemptState, PastRequest, StoredResult, StoreView


@dataclass(frozen=True, slots=True)
class Decision:
    """An action with its reason.

    `result` when it is reused, `may_be_free` when the picture may be had without paying. `attempts` may still be made after
    `attempts_made`, which are stored and were not as expected; `complaint` says how. `moved` as for a task.
    """

    action: Action
    reason: Reason
    result: StoredResult | None = None
    may_be_free: bool = False
    attempts: int = 1
    attempts_made: int = 0
    complaint: str | None = None
    moved: bool = False


def decide_settled(
    view: StoreView,
    *,
    realm: str,
    fingerprint: str,
    params_digest: str,
    take: int,
    past: PastRequest | None,
    expectation: Expectation | None = None,
    forced: bool = False,
    moved: bool = False,
) -> Decision:
    """For a request of which everything is known."""
    choice = choose_result(expectation, view.list_results(realm, fingerprint, take))
    if choice.result is not None:
        return Decision(Action.REUSE, Reason.STORED, choice.result, complaint=choice.complaint)
    if choice.exhausted:
        return Decision(Action.BLOCKED, Reason.REJECTED, attempts=0, complaint=choice.complaint)
    reason, may_be_free = _why(view, realm, fingerprint, params_digest, take, past, choice)
    return Decision(
        Action.CALL,
        Reason.FORCED if forced else reason,
        may_be_free=may_be_free,
        attempts=choice.left,
        attempts_made=choice.after_attempt,
        complaint=choice.complaint,
        moved=moved,
    )


def was_asked(view: StoreView, realm: str, fingerprint: str, take: int) -> bool:
    """Whether the pictures of a request are stored, or may have been paid."""
    unfinished = view.find_unfinished(realm, fingerprint, take)
    return view.has_result(realm, fingerprint, take) or unfinished not in (None, AttemptState.FAILED)


def _why(
    view: StoreView,
    realm: str,
    fingerprint: str,
    params_digest: str,
    take: int,
    past: PastRequest | None,
    choice: Choice,
) -> tuple[Reason, bool]:
    if view.has_result(realm, fingerprint, take, choice.after_attempt):
        return Reason.ARTIFACT_MISSING, True
    unfinished = view.find_unfinished(realm, fingerprint, take, choice.after_attempt)
    if unfinished is AttemptState.FAILED:
        return Reason.REFUSED_BEFORE, True
    if unfinished is AttemptState.LOST_PAID:
        return Reason.LOST_PAID, True
    if unfinished is not None:
        return Reason.ASKED_BEFORE, True
    if choice.after_attempt:
        return Reason.REJECTED, False
    if past is None or past.fingerprint == fingerprint:
        return Reason.NEW, False
    if past.params_digest == params_digest:
        return Reason.REFERENCE_CHANGED, False
    return Reason.CHANGED, False


UNSETTLED = Decision(Action.CALL, Reason.UPSTREAM_UNKNOWN)
