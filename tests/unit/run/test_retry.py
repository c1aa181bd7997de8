"""Only what was proven not to be billed is asked again, in bounds."""

from __future__ import annotations

import pytest

from seedflow.errors import Billed, ProviderError, Retry
from seedflow.run.retry import RetryPolicy, find_wait_s


def failure(retry: Retry, *, retry_after_s: float | None = None) -> ProviderError:
    return ProviderError("no", kind="x", retry=retry, billed=Billed.NO, retry_after_s=retry_after_s)


@pytest.mark.parametrize("retry", [Retry.NEVER, Retry.CONSENT, Retry.STOP_RUN])
def test_nothing_but_backoff_is_repeated(retry: Retry) -> None:
    assert find_wait_s(failure(retry), 1, RetryPolicy(), 0.5) is None


def test_waits_double_with_full_jitter_up_to_a_bound() -> None:
    policy = RetryPolicy(first_wait_s=1.0, longest_wait_s=10.0)
    assert [find_wait_s(failure(Retry.BACKOFF), calls, policy, 1.0) for calls in (1, 2, 3, 4, 5)] == [
        2,
        4,
        8,
        10,
        10,
    ]
    assert find_wait_s(failure(Retry.BACKOFF), 3, policy, 0.0) == 0.0


def test_it_gives_up_after_the_last_allowed_call() -> None:
    policy = RetryPolicy(most_calls=3)
    assert find_wait_s(failure(Retry.BACKOFF), 2, policy, 0.5) is not None
    assert find_wait_s(failure(Retry.BACKOFF), 3, policy, 0.5) is None


def test_a_wait_that_the_server_names_is_never_shortened() -> None:
    wait_s = find_wait_s(failure(Retry.BACKOFF, retry_after_s=30), 1, RetryPolicy(), 0.0)
    assert wait_s is not None
    assert wait_s >= 30


def test_a_wait_beyond_the_bound_is_not_waited_for() -> None:
    assert find_wait_s(failure(Retry.BACKOFF, retry_after_s=7200), 1, RetryPolicy(), 0.0) is None


def test_too_many_calls_are_waited_for_as_long_as_others_are_accepted() -> None:
    policy = RetryPolicy(most_calls=3, first_wait_s=1.0, longest_wait_s=10.0, longest_standstill_s=60.0)
    crowd = ProviderError("no", kind="rate-limited", retry=Retry.BACKOFF, billed=Billed.NO)
    assert find_wait_s(crowd, 5_000, policy, 1.0, standstill_s=59.0) == 10
    assert find_wait_s(crowd, 3, policy, 1.0, standstill_s=60.0) is None
    assert find_wait_s(crowd, 2, policy, 1.0, standstill_s=60.0) == 4
    assert find_wait_s(failure(Retry.BACKOFF), 3, policy, 1.0, standstill_s=0.0) is None


def test_a_service_that_cannot_be_reached_is_given_up_soon() -> None:
    policy = RetryPolicy()
    error = ProviderError("no", kind="not-sent", retry=Retry.BACKOFF, billed=Billed.NO)
    waits = [find_wait_s(error, calls, policy, 1.0) for calls in range(1, policy.most_calls)]
    assert waits == [1, 2, 4, 5, 5, 5, 5]
    assert find_wait_s(error, policy.most_calls, policy, 1.0) is None
