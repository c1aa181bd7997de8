"""`seedflow doctor --probe`: what it may cost, consent to that, and the calls."""

from __future__ import annotations

import asyncio
import gc
import sys
from decimal import Decimal

import click

from seedflow.cli.model_text import spell_source
from seedflow.cli.stopping import listen
from seedflow.cli.terminal import is_interactive, say
from seedflow.errors import ExitCode
from seedflow.money import format_usd
from seedflow.pipeline.probe import Probe, ProbePrice, ProbeResult
from seedflow.pipeline.session import Session
from seedflow.providers.options import REALM_EMULATED
from seedflow.run.status import EXIT_CODES


def run_probe(
    session: Session, *, again: bool, yes: bool, max_cost: Decimal | None
) -> tuple[ExitCode, ProbeResult | None]:
    """Ask what is open, after saying what it may cost and hearing that it may.

    Raises:
        UsageError: there is nothing to probe.
        StoreError: the state cannot be used.
    """
    model = session.catalog.models[session.catalog.default_id]
    probe = Probe(session, model, again=again, tell=lambda what: say(f"  {what}"))
    price = probe.price
    if price.calls:
        calls = _spell_calls(price.calls)
        whose = "the emulator" if session.settings.base_url.realm == REALM_EMULATED else "your account"
        say(f"Probing {model.id} takes up to {calls}, up to {format_usd(price.most_usd)} of {whose}.")
        if not price.most_usd:
            whose_word = spell_source(model, session.settings)
            say(
                f"{model.id} is priced at {format_usd(price.most_usd)}, {whose_word}: what is billed is not seen."
            )
        say("What is refused costs nothing, as far as is known; most probes take two calls.")
    else:
        say("Everything that costs money is known; nothing is paid. --again asks all of it anew.")
    refusal = None if not price.calls else _find_refusal(price, calls, yes=yes, max_cost=max_cost)
    if refusal is not None:
        return ExitCode.STOPPED, None
    gc.enable()
    most_usd = price.most_usd if max_cost is None else min(price.most_usd, max_cost)
    result = asyncio.run(_run(probe, most_usd))
    if result.stopped is not None:
        say(f"error: the probe stopped: {result.stopped}")
        say(
            "help: run it again to go on; what was answered is kept and not paid again. --again asks all of it anew"
        )
        code = EXIT_CODES[result.status]
        return (code if code is not ExitCode.DONE else ExitCode.FAILED_TASKS), result
    if result.calls:
        say(f"{_spell_calls(result.calls)}, {format_usd(result.cost_usd)}.")
    say()
    return ExitCode.DONE, result


async def _run(probe: Probe, most_usd: Decimal) -> ProbeResult:
    """As `run` does with Ctrl-C, a call in flight is finished, since it is paid; the next one is not made."""

    def stop() -> None:
        if not probe.control.aborted:
            say("Letting go." if probe.control.interrupted else "Stopping after this call; it is paid.")
            probe.control.stop()

    listen(probe.control, stop)
    return await probe.run(most_usd)


def _find_refusal(price: ProbePrice, calls: str, *, yes: bool, max_cost: Decimal | None) -> str | None:
    most_usd, least_usd = price.most_usd, price.most_usd / price.calls
    if max_cost is not None and max_cost < least_usd:
        refusal = f"a call costs {format_usd(least_usd)}, more than the {format_usd(max_cost)} of --max-cost"
        say(f"error: {refusal}")
        say("help: raise --max-cost")
        return refusal
    if yes or max_cost is not None:
        return None
    if not is_interactive():
        refusal = f"this probe may cost up to {format_usd(most_usd)}, and nobody is there to ask"
        say(f"error: {refusal}")
        say("help: consent with --yes, or with --max-cost USD")
        return refusal
    try:
        consent = click.confirm(f"{calls}, up to {format_usd(most_usd)}. Continue?", err=True)
    except click.Abort:
        say()
        consent = False
    if not consent:
        say("Nothing was asked, nothing was paid.")
        sys.stderr.flush()
        return "it was not confirmed"
    return None


def _spell_calls(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'}"
