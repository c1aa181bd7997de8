"""`seedflow ledger reconcile`: the provider's log is asked what became of calls whose outcome is open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.ledger_text import describe_call, print_calls
from seedflow.cli.moments import spell_moment
from seedflow.cli.session import start
from seedflow.cli.stopping import listen
from seedflow.cli.terminal import print_json, say
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode
from seedflow.money import format_usd, to_json_usd
from seedflow.pipeline.reconcile import list_open_calls, reconcile_ledger
from seedflow.pipeline.session import Session
from seedflow.run.options import RunControl
from seedflow.run.reconciling import Finding, Settled
from seedflow.run.status import EXIT_CODES, RunStatus
from seedflow.store.base import Attempt

_WORDS: Final = {
    Finding.RECOVERED: ("recovered", "green"),
    Finding.NOT_BILLED: ("not billed", "green"),
    Finding.STILL_UNKNOWN: ("still unknown", "bold yellow"),
    Finding.NOT_FETCHED: ("paid, not fetched", "yellow"),
    Finding.LOST: ("paid, lost", "bold red"),
    Finding.FAILED: ("failed", "red"),
    Finding.HELD: ("at work", ""),
    Finding.STORED: ("has a result", "green"),
    Finding.NO_MODEL: ("no such model", "bold yellow"),
}


@click.command(
    "reconcile",
    short_help="Look up calls whose outcome is unknown.",
    cls=Command,
    examples=(
        ("seedflow ledger reconcile", ""),
        ("seedflow ledger reconcile --provider cloudflare --json", ""),
    ),
)
@click.option(
    "--provider", metavar="NAME", help="Who was asked: cloudflare. Default: the settings' provider."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(provider: str | None, as_json: bool) -> int:
    """Ask the provider's log what became of calls whose outcome is unknown, and take up the answers that it has.

    It costs nothing: what is recovered was paid already, and nothing is asked for anew. What was not billed is asked by the
    next run; what stays unknown is shown with what it may have cost.
    """
    session = start(provider)
    calls = list_open_calls(session)
    if not calls:
        if as_json:
            print_json({"run": None, "status": "done", "calls": []})
        else:
            say(f"No call is open in realm {make_printable(session.provider.realm)}: nothing to look up.")
        return ExitCode.DONE
    if not as_json:
        console = open_console()
        word = "call" if len(calls) == 1 else "calls"
        print_folded(console, Text(f"Looking up {len(calls):,} {word}; this costs nothing.", style="bold"))
        print_calls(console, calls, 0, notes=False)  # the log is asked why, and says it below
    control = RunControl()
    run_id, found, status = asyncio.run(_reconcile(session, control))
    if as_json:
        before = {call.intent_id: call for call in calls}
        print_json(
            {
                "run": run_id,
                "status": status.value,
                "calls": [
                    {
                        **(
                            describe_call(before[one.attempt.intent_id])
                            if one.attempt.intent_id in before
                            else {}
                        ),
                        **_describe(one),
                    }
                    for one in found
                ],
            }
        )
    else:
        _print(open_console(), found)
    return EXIT_CODES[status]


async def _reconcile(session: Session, control: RunControl) -> tuple[str, Sequence[Settled], RunStatus]:
    listen(control)
    return await reconcile_ledger(session, control)


def _describe(settled: Settled) -> dict[str, object]:
    return {
        "intent": settled.attempt.intent_id,
        "address": settled.attempt.request.address,
        "finding": settled.finding.value,
        "message": settled.message,
        "cost_usd": to_json_usd(settled.cost_usd),
        "perhaps_usd": to_json_usd(settled.perhaps_usd),
        "beside": settled.beside,
        "images": [
            {"number": image.number, "path": str(image.path), "digest": image.facts.digest}
            for image in settled.images
        ],
    }


def _print(console: Console, found: Sequence[Settled]) -> None:
    rows = []
    addresses = Counter(settled.attempt.request.address for settled in found)
    for settled in found:
        word, style = _WORDS[settled.finding]
        address = settled.attempt.request.address
        what = Text(make_printable(address), style="cyan")
        if addresses[address] > 1:
            what.append(f" · {_tell_apart(settled.attempt)}", style="not bold default")
        what.append(f" · {make_printable(_explain(settled))}", style="not bold default")
        rows.append((Text(word, style=style), what))
    print_columns(console, rows)
    console.print()
    print_folded(console, Text(_sum_up(found), style="bold"))


def _tell_apart(attempt: Attempt) -> str:
    """Which of several calls of one address it is."""
    take, sent_at = f"take {attempt.request.take}", attempt.sent_at
    return take if sent_at is None else f"{take}, sent {spell_moment(sent_at)}"


def _explain(settled: Settled) -> str:
    match settled.finding:
        case Finding.RECOVERED:
            count = len(settled.images)
            pictures = f"{count} {'image' if count == 1 else 'images'}"
            beside = "; kept beside those that are there already" if settled.beside else ""
            odd = f"; {settled.message}" if settled.message else ""
            return f"{pictures}; {format_usd(settled.cost_usd)}, paid already{beside}{odd}"
        case Finding.NOT_BILLED:
            if settled.beside:
                return "it cost nothing; nothing is left to do for it, its images are there already"
            return "it cost nothing; the next run asks it"
        case Finding.STORED:
            return "it was asked again meanwhile, and has a result"
        case Finding.STILL_UNKNOWN | Finding.NO_MODEL | Finding.NOT_FETCHED | Finding.LOST:
            return settled.message or ""
        case Finding.HELD | Finding.FAILED:
            return settled.message or ""


def _sum_up(found: Sequence[Settled]) -> str:
    def count(*findings: Finding) -> int:
        return sum(1 for one in found if one.finding in findings)

    recovered = [one for one in found if one.finding is Finding.RECOVERED]
    unknown = [one for one in found if one.finding in (Finding.STILL_UNKNOWN, Finding.NO_MODEL)]
    paid_usd = sum((one.cost_usd for one in recovered), Decimal(0))
    perhaps_usd = sum((one.perhaps_usd for one in unknown), Decimal(0))
    parts = [f"{len(recovered):,} recovered ({format_usd(paid_usd)}, paid already)"] if recovered else []
    if not_billed := count(Finding.NOT_BILLED):
        parts.append(f"{not_billed:,} not billed")
    if not_fetched := count(Finding.NOT_FETCHED):
        parts.append(f"{not_fetched:,} paid and not fetched: try again soon")
    if lost := count(Finding.LOST):
        lost_usd = sum((one.cost_usd for one in found if one.finding is Finding.LOST), Decimal(0))
        parts.append(f"{lost:,} paid ({format_usd(lost_usd)}), and the images are lost")
    if failed := count(Finding.FAILED):
        billed_usd = sum((one.perhaps_usd for one in found if one.finding is Finding.FAILED), Decimal(0))
        perhaps = f" (perhaps {format_usd(billed_usd)} billed)" if billed_usd else ""
        parts.append(f"{failed:,} failed{perhaps}")
    if stored := count(Finding.STORED):
        parts.append(f"{stored:,} with a result meanwhile")
    if held := count(Finding.HELD):
        parts.append(f"{held:,} at work in another run")
    if unknown:
        parts.append(
            f"{len(unknown):,} still unknown, perhaps {format_usd(perhaps_usd)}: "
            "a run with --on-unknown retry consents to paying again"
        )
    return " · ".join(parts) or "Nothing was looked up."
