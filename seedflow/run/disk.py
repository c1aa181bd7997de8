"""Blocking work of the disk off the event loop. A write that has begun is always awaited, even when its task is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Disk:
    """A small pool of threads for fsync, hashing and decoding."""

    def __init__(self, threads: int = 4) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="seedflow-disk")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The work's result.

        Raises:
            CancelledError: the work was finished first; what went wrong with it is the `__cause__`.
        """
        future = asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError as cancelled:
            while not future.done():
                with suppress(
                    asyncio.CancelledError
                ):  # asked once more; the write is waited for all the same
                    await asyncio.wait({future})
            raise cancelled from future.exception()

    def close(self) -> None:
        """Wait for running work and free the threads."""
        self._pool.shutdown(wait=True)
