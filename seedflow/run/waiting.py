"""Waiting that ends with the run."""

from __future__ import annotations

import asyncio

from seedflow.run.options import RunControl


async def sleep_unless_stopped(control: RunControl, wait_s: float) -> None:
    """Sleep, but wake when the run is stopped."""
    woken = asyncio.Event()
    control.on_stop(woken.set)
    try:
        async with asyncio.timeout(wait_s):
            if not control.stopping:
                await woken.wait()
    except TimeoutError:
        pass
    finally:
        control.forget(woken.set)
