"""Whether and when to call again after a call that did not succeed. Pure: no clock, randomness is passed in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from seedflow.errors import ProviderError, Retry, SeedflowError

SLOWING_KINDS = frozenset({"rate-limited", "overloaded", "api-blocked"})
"""Failures that mean that there are too many calls, so that all tasks of the run have to slow down."""


UNREACHABLE_KIND = "not-sent"
"""The connection could not be made, so that nothing was sent."""


_MOST_DOUBLINGS: Final = 32
"""Of the first wait; more would leave the range of numbers and not change what is waited."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds on calling again. Waits grow by doubling from `first_wait_s`, with full jitter, up to `longest_wait_s`.

    `most_calls` is for one attempt; where no connection can be made, waits are at most `longest_wait_for_connection_s`. A wait
    that the server names is never shortened; nobody waits when it is longer than `longest_retry_after_s`. Too many calls at
    once are everybody's: a task that is told so goes on beyond `most_calls` as long as some call of the run was accepted
    within `longest_standstill_s`.
    """

    most_calls: int = 8
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    longest_wait_for_connection_s: float = 5.0
    longest_retry_after_s: float = 900.0
    longest_standstill_s: float = 1800.0
    most_repeats_of_unknown: int = 2


def find_wait_s(
    error: ProviderError, calls: int, policy: RetryPolicy, jitter: float, standstill_s: float = math.inf
) -> float | None:
    """Seconds to wait before call number `calls` + 1 after a failure that was not billed, or None for giving up.

    `jitter` is a random number from 0 up to 1; `standstill_s` how long no call of the whole run was accepted.
    """
    if error.retry is not Retry.BACKOFF:
        return None
    crowded = error.kind in SLOWING_KINDS and standstill_s < policy.longest_standstill_s
    if calls >= policy.most_calls and not crowded:
        return None
    if error.retry_after_s is None:
        # Nobody there is rather a mistake than a crowd: whoever waits wants to know soon.
        unreachable = error.kind == UNREACHABLE_KIND
        longest_s = policy.longest_wait_for_connection_s if unreachable else policy.longest_wait_s
        return _back_off_s(calls, policy, jitter, longest_s)
    if error.retry_after_s > policy.longest_retry_after_s:
        return None
    return error.retry_after_s + jitter * policy.first_wait_s


def ends_run(error: SeedflowError) -> bool:
    """Whether a failure after which a task gave up is everybody's: no other call of the run can succeed now either."""
    return isinstance(error, ProviderError) and (error.retry is Retry.STOP_RUN or error.kind in SLOWING_KINDS)


def find_backoff_s(calls: int, policy: RetryPolicy, jitter: float) -> float | None:
    """The same where no server named a wait."""
    if calls >= policy.most_calls:
        return None
    return _back_off_s(calls, policy, jitter, policy.longest_wait_s)


def _back_off_s(calls: int, policy: RetryPolicy, jitter: float, longest_s: float) -> float:
    return jitter * min(longest_s, policy.first_wait_s * 2.0 ** min(calls, _MOST_DOUBLINGS))
