"""Asking the provider's log about a call whose answer was lost, for as long as its entry may still appear."""

from __future__ import annotations

import asyncio
import time

from seedflow.providers.base import Provider, Reconciliation, StillUnknown
from seedflow.providers.wire_facts import WireFacts
from seedflow.store.base import Attempt, AttemptState

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 8.0
SECOND_LOOK_S = 5.0
"""How long the log is asked about a call that was refused and perhaps billed, before that is believed."""


def find_patience_s(known: WireFacts | None, for_s: float) -> float:
    """How long the log is worth waiting for: one that is known to give nothing back is asked once, since asking is free."""
    return 0.0 if known is not None and known.log_recovers is False else for_s


def tell_why(attempt: Attempt) -> str:
    """Why the answer of an attempt that an earlier run left is missing: what that run wrote down, if it came to that.

    What the log said after it is left out, since it is about to be asked again.
    """
    if attempt.state is AttemptState.UNKNOWN and attempt.message:
        return attempt.message.partition("\n")[0]
    return "an earlier run ended before the answer came"


def write_down(why: str, found: str) -> str:
    """What the ledger keeps of an unknown outcome: why the answer is missing, and on a line of its own what was found since."""
    return "\n".join(" ".join(text.split()) for text in (why, found))


async def reconcile(
    provider: Provider, intent_id: str, sent_at: float, for_s: float, *, refused: bool = False
) -> Reconciliation:
    """What the log says in the end; `StillUnknown` once `for_s` seconds have passed since the call was sent.

    Args:
        provider: who was called.
        intent_id: what the call carried.
        sent_at: Unix seconds. A clock that was set back since cannot make this wait longer than `for_s`.
        for_s: how long after its sending a call may be missing in the log.
        refused: whether the call was, so that what the log says that it cost ends the question.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + for_s - max(0.0, time.time() - sent_at)
    wait_s = FIRST_WAIT_S
    while True:
        found = await provider.reconcile(intent_id, sent_at)
        left_s = deadline - loop.time()
        if not isinstance(found, StillUnknown) or not found.may_appear or left_s <= 0:
            return found
        if refused and found.cost_usd is not None:
            return found
        await asyncio.sleep(min(wait_s, left_s))
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)
