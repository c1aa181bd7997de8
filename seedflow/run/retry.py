"""Whether and when to call again after a call that did not succeed. Pure: no clock, randomness is passed in."""

from __future__ import annotations

from dataclasses import dataclass

from seedflow.errors import ProviderError, Retry

SLOWING_KINDS = frozenset({"rate-limited", "overloaded", "api-blocked"})
"""Failures that mean that there are too many calls, so that all tasks of the run have to slow down."""


UNREACHABLE_KIND = "not-sent"
"""The connection could not be made, so that nothing was sent."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds on calling again. Waits grow by doubling from `first_wait_s`, with full jitter, up to `longest_wait_s`.

    `most_calls` is for one attempt; where no connection can be made, waits are at most `longest_wait_for_connection_s`. A wait that the server names is never shortened; a task gives up when it is longer than
    `longest_retry_after_s`.
    """

    most_calls: int = 8
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    longest_wait_for_connection_s: float = 5.0
    longest_retry_after_s: float = 900.0
    most_repeats_of_unknown: int = 2


def find_wait_s(error: ProviderError, calls: int, policy: RetryPolicy, jitter: float) -> float | None:
    """Seconds to wait before call number `calls` + 1 after a failure that was not billed, or None for giving up.

    `jitter` is a random number from 0 up to 1.
    """
    if error.retry is not Retry.BACKOFF:
        return None
    if error.retry_after_s is None:
        wait_s = find_backoff_s(calls, policy, jitter)
        # Nobody there is rather a mistake than a crowd: whoever waits wants to know soon.
        unreachable = wait_s is not None and error.kind == UNREACHABLE_KIND
        return min(wait_s or 0.0, jitter * policy.longest_wait_for_connection_s) if unreachable else wait_s
    if calls >= policy.most_calls or error.retry_after_s > policy.longest_retry_after_s:
        return None
    return error.retry_after_s + jitter * policy.first_wait_s


def find_backoff_s(calls: int, policy: RetryPolicy, jitter: float) -> float | None:
    """The same where no server named a wait."""
    if calls >= policy.most_calls:
        return None
    return jitter * min(policy.longest_wait_s, policy.first_wait_s * 2.0**calls)
