"""Which of all the rows of a request a claim has to look at: what may still give pictures comes before paying again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from seedflow.store.base import UNFINISHED, AttemptState
from seedflow.store.transitions import is_open

_CAME_TO_NOTHING: Final = frozenset({AttemptState.RESERVED, AttemptState.FAILED})

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[RowT]):
    """A row as this choice sees it. `held`: a run that lives works on it; `counted`: it has, or may have, cost something."""

    row: RowT
    attempt: int
    state: AttemptState
    has_answer: bool
    held: bool = False
    counted: bool = False

    @property
    def may_give(self) -> bool:
        """Whether pictures may still come of it without paying."""
        return self.held or self.state in UNFINISHED or (self.state is AttemptState.DONE and self.has_answer)

    @property
    def wants_consent(self) -> bool:
        """Whether nothing can be had of it any more, and asking again may be paying again."""
        return self.state is AttemptState.LOST_PAID or (self.state is AttemptState.FAILED and self.counted)

    @property
    def unfinished(self) -> AttemptState | None:
        """Its state, if it was sent and has come to no end that costs nothing; a result without pictures is its answer."""
        if self.state is AttemptState.DONE and self.has_answer:
            return AttemptState.ANSWERED
        if self.state is AttemptState.FAILED and self.counted:
            return AttemptState.FAILED
        return self.state if self.state in UNFINISHED else None


def find_deciding(rows: Sequence[Candidate[RowT]], *, again: bool) -> Candidate[RowT] | None:
    """The row that decides over a request that has no whole result.

    Of each attempt that is the newest row, and of all attempts the first that may still give a result. But a row that was
    added with somebody's consent to pay again takes the place of the one before it only once it was sent: where it was
    refused, or was never sent, the one before it decides as if nobody had consented, and consent has to be given anew.

    Args:
        rows: of all its attempts, oldest first.
        again: whether whoever asks consents to paying again for what may have been paid.
    """
    newest = {row.attempt: row for row in rows}
    in_order = [newest[number] for number in sorted(newest)]
    still_open = [row for row in in_order if is_open(row.state, has_answer=row.has_answer)]
    under_way = next((row for row in still_open if row.held or row.state is not AttemptState.RESERVED), None)
    if under_way is not None:
        return under_way
    beneath = list(_find_beneath(rows, newest))
    held = next((row for row in beneath if row.held), None)
    if held is not None:
        return held
    if beneath and not again:
        return next((row for row in beneath if not row.wants_consent), beneath[0])
    return next(iter(still_open), in_order[-1] if in_order else None)


def _find_beneath(rows: Sequence[Candidate[RowT]], numbers: Iterable[int]) -> Iterator[Candidate[RowT]]:
    """Of each attempt whose newest rows came to nothing the row before these, if it may still give pictures or was paid for."""
    for number in sorted(numbers):
        found: Candidate[RowT] | None = None
        for row in reversed([row for row in rows if row.attempt == number]):
            if row.may_give:
                found = row
                break
            if row.state not in _CAME_TO_NOTHING:
                break
            if row.wants_consent and found is None:
                found = row
        if found is not None:
            yield found
