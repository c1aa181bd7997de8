"""Which action a task takes and why, from its request and what the store knows."""

from __future__ import annotations

from dataclasses import dataclass

from seedflow.plan.model import Action, Reason
from seedflow.store.base import PastRequest, StoredResult, StoreView


@dataclass(frozen=True, slots=True)
class Decision:
    """An action with its reason; `result` when it is reused, `may_be_free` when the picture may be had without paying."""

    action: Action
    reason: Reason
    result: StoredResult | None = None
    may_be_free: bool = False


def decide_settled(
    view: StoreView, *, realm: str, fingerprint: str, params_digest: str, take: int, past: PastRequest | None
) -> Decision:
    """For a request of which everything is known."""
    result = view.find_result(realm, fingerprint, take)
    if result is not None:
        return Decision(Action.REUSE, Reason.STORED, result)
    if view.has_result(realm, fingerprint, take):
        return Decision(Action.CALL, Reason.ARTIFACT_MISSING, may_be_free=True)
    if view.find_unfinished(realm, fingerprint, take) is not None:
        return Decision(Action.CALL, Reason.ASKED_BEFORE, may_be_free=True)
    if past is None or past.fingerprint == fingerprint:
        return Decision(Action.CALL, Reason.NEW)
    if past.params_digest == params_digest:
        return Decision(Action.CALL, Reason.REFERENCE_CHANGED)
    return Decision(Action.CALL, Reason.CHANGED)


UNSETTLED = Decision(Action.CALL, Reason.UPSTREAM_UNKNOWN)
