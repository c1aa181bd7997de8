"""Waiting for room in a budget: what tasks of this run hold reserved may come free when they end cheaper than they may."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from seedflow.errors import BudgetError
from seedflow.run.options import RunControl


class Room:
    """Counts who holds money, or is about to. One event loop.

    A task that finds no room waits until somebody's money came free, and gives up only once nobody holds any.
    """

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self._holders = 0
        self._freed = 0
        self._changed = asyncio.Event()

    @property
    def freed(self) -> int:
        """How often money came free so far; to be looked at before asking for room."""
        return self._freed

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold money for the block. A block that ends for want of room (`BudgetError`) held none."""
        with self.asking():
            try:
                yield
            except BudgetError:
                raise
            except BaseException:
                self._freed += 1
                raise
            self._freed += 1

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask for room: for the block, nobody may conclude that nothing is held."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            self._changed.set()
            self._changed = asyncio.Event()

    async def wait_freed(self, since: int) -> bool:
        """Whether money came free after `freed` was `since`; False when there is nobody from whom it could, or the run stops."""
        while self._freed == since and self._holders and not self._control.stopping:
            changed = self._changed
            self._control.on_stop(changed.set)
            try:
                await changed.wait()
            finally:
                self._control.forget(changed.set)
        return self._freed != since
