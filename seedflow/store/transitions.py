"""Which state may follow which, and what a claim means: the ledger's rules as pure functions, for every store alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from seedflow.store.base import OUTCOME_OPEN, AttemptState

_S = AttemptState

FOLLOWERS: Mapping[AttemptState, frozenset[AttemptState]] = {
    _S.RESERVED: frozenset({_S.SENDING, _S.FAILED}),
    # Back to reserved: it is proven that the call was not billed, and the run that sent it sends it again.
    # To lost-paid: it was refused, and the log knows what it cost.
    _S.SENDING: frozenset({_S.ANSWERED, _S.FAILED, _S.UNKNOWN, _S.LOST_PAID, _S.RESERVED}),
    # An answer that cannot be read is no better than none; the log may have another, or prove that nothing was billed.
    _S.ANSWERED: frozenset({_S.FETCHED, _S.FAILED, _S.LOST_PAID, _S.ANSWERED, _S.UNKNOWN, _S.RESERVED}),
    _S.FETCHED: frozenset({_S.DONE, _S.LOST_PAID}),
    # A picture of a paid result is gone or damaged: its answer is fetched again.
    _S.DONE: frozenset({_S.ANSWERED}),
    # It was refused and may have been billed; the log has an answer after all, or knows what it cost.
    _S.FAILED: frozenset({_S.ANSWERED, _S.FAILED, _S.LOST_PAID}),
    # The provider's log knows after all (an answer, or that it cost nothing), or still does not.
    _S.UNKNOWN: frozenset({_S.ANSWERED, _S.FAILED, _S.UNKNOWN}),
    # The address gives its picture after all, or still does not.
    _S.LOST_PAID: frozenset({_S.FETCHED, _S.LOST_PAID}),
}


class TransitionError(RuntimeError):
    """A change that the ledger does not know: a bug in the caller, never the user's or the world's fault."""


def check_transition(intent_id: str, *states: AttemptState) -> None:
    """Hold a chain of states, first to last, against the table.

    Raises:
        TransitionError: a state in it may not follow the one before it.
    """
    for before, after in pairwise(states):
        if after not in FOLLOWERS[before]:
            raise TransitionError(f"attempt {intent_id}: {after} cannot follow {before}")


class Verdict(StrEnum):
    """What a claim gets."""

    GRANT = "grant"
    HELD = "held"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """What a claim finds as the last row of an attempt that has no whole result.

    `claimed`: its run works on it; `owner_lives`: that run's lock is held; `own`: that run is the one that asks; `counted`: it may have
    cost something.
    """

    state: AttemptState
    claimed: bool
    owner_lives: bool
    own: bool
    has_answer: bool
    counted: bool = False


def judge_claim(last: LastAttempt | None, *, again: bool) -> Verdict:
    """Decide a claim for which no whole result is stored."""
    if last is None:
        return Verdict.GRANT
    match last.state:
        case _S.RESERVED | _S.SENDING | _S.ANSWERED | _S.FETCHED:
            return Verdict.HELD if last.claimed and last.owner_lives else Verdict.RECOVER
        case _S.DONE:
            return Verdict.RECOVER if last.has_answer else Verdict.GRANT
        case _S.FAILED if not last.counted:
            return Verdict.GRANT
        case _S.UNKNOWN | _S.LOST_PAID | _S.FAILED:
            if last.claimed and last.owner_lives and not (last.own and again):
                return Verdict.HELD
            return Verdict.GRANT if again else Verdict.RECOVER


def may_look_up(state: AttemptState, *, counted: bool) -> bool:
    """Whether the provider's log, or the addresses of an answer, may still say more of a call; `counted`: it may have cost something."""
    return state in OUTCOME_OPEN or (state is _S.FAILED and counted)


def is_open(state: AttemptState, *, has_answer: bool) -> bool:
    """Whether a claim has to look at an attempt whose last row is in this state, for want of a whole result.

    The others ended and cannot give one any more: a failure, and a result that lost its pictures and has no answer to
    fetch them by.
    """
    return state is not _S.FAILED and (state is not _S.DONE or has_answer)


def find_next_take(rows: Iterable[tuple[int, int, AttemptState, bool]], above: int) -> int:
    """The take that a reroll asks for; see `StoreView.next_take`.

    Args:
        rows: of every attempt of every take, oldest first: take, attempt, state, and whether it was sent.
        above: the take that is to be replaced.
    """
    newest = above
    states: dict[tuple[int, int], AttemptState] = {}
    for take, attempt, state, sent in rows:
        # What was refused or never sent leaves what came before it open.
        if state not in (_S.RESERVED, _S.FAILED) or states.get((take, attempt)) not in OUTCOME_OPEN:
            states[take, attempt] = state
        if sent:
            newest = max(newest, take)
    still_open = (take for (take, _), state in states.items() if take > above and state in OUTCOME_OPEN)
    return min(still_open, default=newest + 1)


def find_next_number(attempt: int, state: AttemptState, answered_at: float | None) -> int:
    """The number of the attempt that is granted after one.

    Only an answer that was there and was not good enough makes a new number. What was lost, refused, or repeated with
    consent is asked for under the old one, so that a run with faults ends with the pictures of a run without.
    """
    return attempt + 1 if state is _S.FAILED and answered_at is not None else attempt
