"""The emulator's clock: it runs as the machine's does, never backwards, and can be moved on by hours or days at once."""

from __future__ import annotations

from collections.abc import Callable


class Clock:
    """Seconds since some moment."""

    def __init__(self, running: Callable[[], float]) -> None:
        self._running = running
        self._ahead_s = 0.0

    def __call__(self) -> float:
        """Now."""
        return self._running() + self._ahead_s

    def move_on(self, seconds: float) -> float:
        """Let so much time pass at once; returns how far the clock is ahead of the machine's by now."""
        self._ahead_s += seconds
        return self._ahead_s
