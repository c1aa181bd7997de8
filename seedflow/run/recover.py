"""Recovery as a pure function: the row that an earlier run left behind, to what to do about it."""

from __future__ import annotations

from enum import StrEnum

from seedflow.store.base import AttemptState


class Recovery(StrEnum):
    """What to do about a row."""

    REDO = "redo"
    """Nothing was sent: ask as if it were new, on the same attempt."""
    RECONCILE = "reconcile"
    """It may have been billed: ask the provider's log first."""
    FETCH = "fetch"
    """It was answered and paid: fetch what is missing."""
    LOOK_AGAIN = "look-again"
    """It was refused and may have been billed: ask the log once more, and pay again only with consent."""
    ASK = "ask"
    """It was paid, and nothing can be had of it any more: pay again only with consent."""


def recover(state: AttemptState) -> Recovery:
    """The action for the state of a row whose run is gone.

    Raises:
        ValueError: for one that claims a result; the store does not hand that out, nor a failure that cost nothing.
    """
    match state:
        case AttemptState.RESERVED:
            return Recovery.REDO
        case AttemptState.SENDING | AttemptState.UNKNOWN:
            return Recovery.RECONCILE
        case AttemptState.ANSWERED | AttemptState.FETCHED:
            return Recovery.FETCH
        case AttemptState.FAILED:
            return Recovery.LOOK_AGAIN
        case AttemptState.LOST_PAID:
            return Recovery.ASK
        case AttemptState.DONE:
            raise ValueError(f"an attempt that is {state} has nothing to recover")
