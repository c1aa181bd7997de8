"""How many calls are in flight at once, and how many begin within a time: one limiter for the whole run.

Additive increase, multiplicative decrease: a rate limit halves the window for everybody and holds new calls back; each success
opens it again by a fraction. Calls that were in flight together when the limit was hit all say so: together they halve it once.
A pace that is known beforehand is kept without ever hitting its limit. The clock is the event loop's, so that tests can run it
on a virtual one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from seedflow.providers.options import Pace

_RECOVERY: Final = 0.5
_MARGIN_S: Final = 1.0
"""Calls do not reach a server at the distance at which they began."""


class Limiter:
    """Bounded concurrency that adapts. Not thread-safe; one event loop.

    Args:
        most_in_flight: calls at once, at most.
        on_change: told how many may be in flight, and for how many seconds nothing is started, whenever one of them changes.
        pace: calls that may begin within a time.
    """

    def __init__(
        self,
        most_in_flight: int,
        on_change: Callable[[int, float], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        if most_in_flight < 1:
            raise ValueError("at least one call must be allowed in flight")
        self._most = most_in_flight
        self._window = float(most_in_flight)
        self._in_flight = 0
        self._cuts = 0
        self._open = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._held_until = 0.0
        self._accepted_at: float | None = None
        self._pace = pace
        self._begun: deque[float] = deque(maxlen=None if pace is None else pace.calls)
        self._wake: asyncio.TimerHandle | None = None
        self._on_change = on_change

    @property
    def window(self) -> int:
        """How many calls may be in flight now."""
        return max(1, int(self._window))

    @property
    def standstill_s(self) -> float:
        """Seconds since a call was accepted, or since the first one was sent away; 0 before."""
        return 0.0 if self._accepted_at is None else asyncio.get_running_loop().time() - self._accepted_at

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Hold a place while calling; places are given in the order in which they were asked for.

        Gives how often the window had been cut when the place was taken, for `slow_down`.
        """
        await self._enter()
        try:
            yield self._cuts
        finally:
            self._in_flight -= 1
            self._admit()

    def succeeded(self) -> None:
        """A call was accepted: open the window a little."""
        self._accepted_at = asyncio.get_running_loop().time()
        if self._window < self._most:
            before = self.window
            self._window = min(float(self._most), self._window + _RECOVERY / self.window)
            self._changed(before)
            self._admit()

    def slow_down(self, hold_s: float, cuts: int) -> None:
        """The provider said to slow down: start nothing for `hold_s` seconds, and halve the window.

        `cuts` is what the call's `slot` gave: a call that began before the last cut says nothing about the window since.
        """
        now = asyncio.get_running_loop().time()
        self._held_until = max(self._held_until, now + hold_s)
        if self._accepted_at is None:
            self._accepted_at = now
        if cuts == self._cuts:
            before = self.window
            self._cuts += 1
            self._window = max(1.0, self._window / 2)
            self._changed(before, hold_s)

    def let_through(self) -> None:
        """Let everybody pass from now on, those who wait included: the run is stopping, and they will find so."""
        self._open = True
        self._admit()

    async def _enter(self) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._in_flight -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and (self._open or self._in_flight < self.window):
            held_s = 0.0 if self._open else self._find_held_s()
            if held_s > 0:
                if self._wake is None:
                    self._wake = asyncio.get_running_loop().call_later(held_s, self._wake_up)
                    if self._kept_by_pace():
                        self._changed(self.window, held_s)
                return
            place = self._waiting.popleft()
            if not place.done():
                self._in_flight += 1
                if self._pace is not None:
                    self._begun.append(asyncio.get_running_loop().time())
                place.set_result(None)

    def _find_held_s(self) -> float:
        """Seconds until the next call may begin."""
        now = asyncio.get_running_loop().time()
        held_s = self._held_until - now
        if self._pace is not None and len(self._begun) == self._pace.calls:
            held_s = max(held_s, self._begun[0] + self._pace.within_s + _MARGIN_S - now)
        return held_s

    def _kept_by_pace(self) -> bool:
        """Whether it is the pace alone that holds calls back; that a provider does was told when it said so."""
        return self._held_until <= asyncio.get_running_loop().time()

    def _wake_up(self) -> None:
        self._wake = None
        self._admit()

    def _changed(self, before: int, hold_s: float = 0.0) -> None:
        if self._on_change is not None and (self.window != before or hold_s):
            self._on_change(self.window, hold_s)
