"""Signals that end a command which pays: what is under way is finished first, since it is paid."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from seedflow.run.options import RunControl


def listen(control: RunControl, stop: Callable[[], None] | None = None) -> None:
    """Have signals stop what runs in this event loop.

    Ctrl-C and SIGTERM count each time, so that a second one lets go of what is under way. A terminal that is closed means the
    first of them alone, however often it is told, since nobody chose to lose anything; under `nohup` it means nothing.

    Args:
        control: what is stopped.
        stop: what a signal does, by default `control.stop`.
    """
    loop = asyncio.get_running_loop()
    act = control.stop if stop is None else stop

    def hang_up() -> None:
        if not control.interrupted:
            act()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, act)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, hang_up)
