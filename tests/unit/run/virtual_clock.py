"""An event loop whose clock jumps: waits of minutes take no time, threads are not used, and a hang is an error at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_WAIT_S = 1e6


class HangError(AssertionError):
    """Nothing is ready and no timer runs: whoever still waits would wait for ever."""


class _Selector(selectors.SelectSelector):
    """Instead of waiting for a time, moves the clock on by it."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if found or timeout == 0:
            return found
        if timeout is None:
            raise HangError("the run hangs")
        self.now_s += timeout
        if self.now_s > LONGEST_WAIT_S:
            raise HangError("the run waits without end")
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Work for threads is done in place, so that a run takes the same way each time."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now_s

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def run_virtually(main: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """The result, and the seconds that it took on the loop's own clock."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(main)
        return result, runner.get_loop().time()
