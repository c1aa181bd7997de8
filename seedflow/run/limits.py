"""How many calls are in flight at once: one limiter for the whole run, slowed for everybody by a rate limit.

Additive increase, multiplicative decrease: a rate limit halves the window and holds new calls back; each success opens it
again by a fraction. Calls that were in flight together when the limit was hit all say so: together they halve it once.
The clock is the event loop's, so that tests can run it on a virtual one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_RECOVERY = 0.5


class Limiter:
    """Bounded concurrency that adapts. Not thread-safe; one event loop."""

    def __init__(self, most_in_flight: int, on_change: Callable[[int], None] | None = None) -> None:
        if most_in_flight < 1:
            raise ValueError("at least one call must be allowed in flight")
        self._most = most_in_flight
        self._window = float(most_in_flight)
        self._in_flight = 0
        self._cuts = 0
        self._open = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._held_until = 0.0
        self._wake: asyncio.TimerHandle | None = None
        self._on_change = on_change

    @property
    def window(self) -> int:
        """How many calls may be in flight now."""
        return max(1, int(self._window))

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
        if self._window < self._most:
            before = self.window
            self._window = min(float(self._most), self._window + _RECOVERY / self.window)
            self._changed(before)
            self._admit()

    def slow_down(self, hold_s: float, cuts: int) -> None:
        """The provider said to slow down: start nothing for `hold_s` seconds, and halve the window.

        `cuts` is what the call's `slot` gave: a call that began before the last cut says nothing about the window since.
        """
        loop = asyncio.get_running_loop()
        self._held_until = max(self._held_until, loop.time() + hold_s)
        if cuts == self._cuts:
            before = self.window
            self._cuts += 1
            self._window = max(1.0, self._window / 2)
            self._changed(before)

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
        loop = asyncio.get_running_loop()
        held_s = self._held_until - loop.time()
        if held_s > 0 and not self._open:
            if self._wake is None and self._waiting:
                self._wake = loop.call_later(held_s, self._wake_up)
            return
        while self._waiting and (self._open or self._in_flight < self.window):
            place = self._waiting.popleft()
            if not place.done():
                self._in_flight += 1
                place.set_result(None)

    def _wake_up(self) -> None:
        self._wake = None
        self._admit()

    def _changed(self, before: int) -> None:
        if self._on_change is not None and self.window != before:
            self._on_change(self.window)
