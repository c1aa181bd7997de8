"""Limits of the service: how many requests, calls and images in a window of time, and how much money in all.

What the real service has is in `docs/reference/emulator.md`; each limit is off unless it is asked for, and can be scaled down.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus

from seedflow.emulator.envelope import ApiError
from seedflow.errors import UsageError


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` of something in any `window_s` seconds; whoever passes it is blocked for `block_s` seconds.

    Without a block, what passes it is refused alone and does not count.
    """

    most: int
    window_s: float
    block_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLimits:
    """The limits that an emulator has; None where it has none.

    Attributes:
        api: of all requests to the API, those to the log included.
        gateway: of calls through one gateway.
        upstream_calls, upstream_images: of calls and images at the model's own maker.
        spend_usd: a spending limit of the account.
        credit_usd: what the account has.
        tells_wait: whether a refusal says how long to wait.
    """

    api: Rate | None = None
    gateway: Rate | None = None
    upstream_calls: Rate | None = None
    upstream_images: Rate | None = None
    spend_usd: Decimal | None = None
    credit_usd: Decimal | None = None
    tells_wait: bool = True


class Meter:
    """Counts against one `Rate`."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._taken: deque[float] = deque()
        self._blocked_until_s = -math.inf

    def take(self, count: int = 1) -> float | None:
        """Count something if there is room for it: None then, else the seconds after which there may be."""
        now_s = self._clock()
        if now_s < self._blocked_until_s:
            return self._blocked_until_s - now_s
        while self._taken and self._taken[0] <= now_s - self._rate.window_s:
            self._taken.popleft()
        excess = len(self._taken) + count - self._rate.most
        if excess <= 0:
            self._taken.extend([now_s] * count)
            return None
        if self._rate.block_s:
            self._blocked_until_s = now_s + self._rate.block_s
            self._taken.clear()
            return self._rate.block_s
        freeing = self._taken[min(excess, len(self._taken)) - 1] if self._taken else now_s
        return freeing + self._rate.window_s - now_s

    def give_back(self, count: int) -> None:
        """Forget what was counted last."""
        for _ in range(min(count, len(self._taken))):
            self._taken.pop()

    def reset(self) -> None:
        """Start from nothing."""
        self._taken.clear()
        self._blocked_until_s = -math.inf


class Gatekeeper:
    """Refuses what passes a limit, in the words of the service."""

    def __init__(self, limits: ServiceLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._api = _build_meter(limits.api, clock)
        self._calls = _build_meter(limits.upstream_calls, clock)
        self._images = _build_meter(limits.upstream_images, clock)
        self._gateways: dict[str, Meter] = {}

    def find_blocked(self) -> ApiError | None:
        """What a request to the API is told when the whole API is closed to its token."""
        rate = self._limits.api
        wait_s = self._api.take() if self._api is not None else None
        if rate is None or wait_s is None:
            return None
        return self._too_many(
            971,
            f"Please wait and consider throttling your request speed: {rate.most:,} requests in {rate.window_s:g} s",
            wait_s,
        )

    def find_refused(self, gateway: str, spent_usd: Decimal) -> ApiError | None:
        """What a call is told that the gateway or the account does not allow; `spent_usd` was billed before."""
        limits = self._limits
        if limits.credit_usd is not None and spent_usd >= limits.credit_usd:
            return ApiError(
                HTTPStatus.PAYMENT_REQUIRED, 2021, "Insufficient credits: add credits to use unified billing"
            )
        if limits.spend_usd is not None and spent_usd >= limits.spend_usd:
            return ApiError(HTTPStatus.TOO_MANY_REQUESTS, 3036, "Spend limit reached for this account")
        if limits.gateway is None:
            return None
        meter = self._gateways.setdefault(gateway, Meter(limits.gateway, self._clock))
        wait_s = meter.take()
        if wait_s is None:
            return None
        return self._too_many(
            2003, f"Rate limited: {limits.gateway.most:,} requests in {limits.gateway.window_s:g} s", wait_s
        )

    def find_overloaded(self, images: int) -> ApiError | None:
        """What a call is told that the model's maker does not take now; `images` is the most that it may give."""
        wait_s = self._calls.take() if self._calls is not None else None
        if wait_s is not None:
            return self._too_many(
                3040,
                "AiError: RateLimitExceeded: requests per minute (RPM) limit of the model reached",
                wait_s,
            )
        wait_s = self._images.take(images) if self._images is not None else None
        if wait_s is None:
            return None
        if self._calls is not None:
            self._calls.give_back(1)
        return self._too_many(
            3040, "AiError: RateLimitExceeded: images per minute (IPM) limit of the model reached", wait_s
        )

    def reset(self) -> None:
        """Start from nothing."""
        for meter in (self._api, self._calls, self._images):
            if meter is not None:
                meter.reset()
        self._gateways.clear()

    def _too_many(self, code: int, message: str, wait_s: float) -> ApiError:
        shown_s = max(math.ceil(wait_s * 1000) / 1000, 0.001) if wait_s < 1 else float(math.ceil(wait_s))
        return ApiError(
            HTTPStatus.TOO_MANY_REQUESTS,
            code,
            message,
            retry_after_s=shown_s if self._limits.tells_wait else None,
        )


def parse_rate(option: str, text: str | None, *, blocks: bool = False) -> Rate | None:
    """Read `200/60`: so many in so many seconds; with `blocks` also `1200/300/300`, whose last part is the block.

    Raises:
        UsageError: it is not of that form.
    """
    if text is None:
        return None
    parts = text.split("/")
    try:
        most, seconds = int(parts[0]), [float(part) for part in parts[1:]]
    except ValueError:
        most, seconds = 0, []
    fits = len(seconds) in ({1, 2} if blocks else {1})
    if not fits or most < 1 or not all(0 < value < math.inf for value in seconds):
        example = "1200/300/300: 1,200 in 300 s, then 300 s blocked" if blocks else "200/60: 200 in 60 s"
        raise UsageError(f"{option} {text!r} is not a limit", help=f"write it as {example}")
    return Rate(most, *seconds)


def _build_meter(rate: Rate | None, clock: Callable[[], float]) -> Meter | None:
    return None if rate is None else Meter(rate, clock)
