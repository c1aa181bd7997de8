"""`seedflow verify`: every picture and every row of the state looked at, and what is wrong mended on request."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.console import open_console
from seedflow.cli.counting import Counter
from seedflow.cli.help import Command
from seedflow.cli.session import start
from seedflow.cli.sizes import spell_bytes, spell_many
from seedflow.cli.terminal import print_json, say
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode
from seedflow.money import format_usd, to_json_usd
from seedflow.pipeline.in_use import find_copies
from seedflow.store.findings import AffectedResult, Finding, FindingKind, Outlook, Report, sum_costs
from seedflow.store.repair import Repaired, repair_state
from seedflow.store.verify import verify_state

MOST_SHOWN: Final = 10
MOST_NOTED: Final = 3
"""How many of one kind of note are named; what is damaged is named up to `MOST_SHOWN`."""

ADVICE: Final = {
    FindingKind.LOST_PAID: "paid and gone; a run pays for it again only with --on-unknown retry",
    FindingKind.OTHER_TIME: "the bytes are right, the file's time is another one; the next run or --repair notes it",
    FindingKind.DEAD_CLAIM: "a run was killed at work; the next run takes it up",
    FindingKind.DEAD_RUN: "a run was killed; the next run takes up what it left",
    FindingKind.UNUSED_PICTURE: "no result names it; `seedflow gc` shows what may be removed",
    FindingKind.UNKNOWN_PICTURE: "this ledger has never named them: calls that it does not know may have paid for them; "
    "where a newer ledger.db lies somewhere, put it back; gc removes them only with --unknown-pictures",
    FindingKind.HALF_FILE: "a run that was killed left it; the next run takes it up",
    FindingKind.UNKNOWN_FILE: "seedflow did not put it there and leaves it alone; move it out if nobody needs it there",
    FindingKind.PERMISSIONS: "others may use it; --repair takes that from them",
    FindingKind.VERSION_MISSING: "the number of the layout is not there; the next run or --repair writes it",
}
"""What each kind of note means, and what to do."""

_TELLING: Final = frozenset({FindingKind.LOST_PAID, FindingKind.DEAD_CLAIM})
"""Notes of which each says something of its own."""


@click.command(
    "verify",
    cls=Command,
    examples=(
        ("seedflow verify", ""),
        ("seedflow verify --repair", ""),
        ("seedflow verify --json", ""),
    ),
)
@click.option(
    "--repair", is_flag=True, help="Mend what can be mended; damaged files are moved aside, never deleted."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(repair: bool, as_json: bool) -> int:
    """Look at every picture and every row of this project's state. Opens no connection; without --repair changes nothing.

    Ends with 0 when everything is whole, and with 3 when something is damaged or missing, or was lost by the repair.
    """
    settings = start(quiet=True).settings
    root = settings.state_folder
    with Counter(sys.stderr, "picture") as counter:
        done = repair_state(root, counter.show, partial(find_copies, settings)) if repair else None
        report = done.after if done is not None else None if repair else verify_state(root, counter.show)
    if as_json:
        print_json(describe_report(str(root), report, done))
    elif report is None:
        say(f"{make_printable(str(root))}: there is no state yet; the first run makes it")
    else:
        _print(str(root), report, done, open_console())
    lossy = done is not None and bool(done.losses)
    return ExitCode.FAILED_TASKS if lossy or (report is not None and report.damage) else ExitCode.DONE


def describe_report(root: str, report: Report | None, done: Repaired | None) -> dict[str, object]:
    """What was found, as plain data."""
    found = report or Report()
    return {
        "state": root,
        "exists": report is not None,
        "ok": not found.damage,
        "pictures": found.pictures,
        "size_bytes": found.size_bytes,
        "calls": found.attempts,
        "findings": [_describe(one) for one in found.findings],
        "can_be_fetched_usd": to_json_usd(sum_costs(found.list_results(Outlook.REFETCH))),
        "paid_and_gone_usd": to_json_usd(sum_costs(found.list_results(Outlook.GONE))),
        "repaired": None if done is None else list(done.actions),
        "lost": None if done is None else list(done.losses),
        "findings_before": None if done is None else [_describe(one) for one in done.before.findings],
    }


def _describe(found: Finding) -> dict[str, object]:
    return {
        "kind": found.kind.value,
        "damage": found.is_damage,
        "where": found.where,
        "message": found.message,
        "results": [
            {
                "recipe": one.recipe,
                "address": one.address,
                "realm": one.realm,
                "cost_usd": to_json_usd(one.cost_usd),
                "outlook": one.outlook.value,
            }
            for one in found.results
        ],
    }


def _print(root: str, report: Report, done: Repaired | None, console: Console) -> None:
    if done is not None:
        _print_actions(done, console)
    pictures = f"{spell_many(report.pictures, 'picture')}, {spell_bytes(report.size_bytes)}"
    title = f"{make_printable(root)} · {pictures} · {spell_many(report.attempts, 'call')}"
    print_folded(console, Text(title, style="bold"))
    lossy = done is not None and bool(done.losses)
    groups: dict[str, list[Finding]] = defaultdict(list)
    for found in sorted(report.findings, key=lambda one: not one.is_damage):
        groups[found.kind.value].append(found)
    for kind, findings in groups.items():
        console.print()
        style = "bold red" if findings[0].is_damage else "yellow"
        console.print(Text(f"{kind}: {len(findings):,}", style=style))
        advice = ADVICE.get(findings[0].kind)
        if advice is not None:
            print_folded(console, Text(advice), "  ")
        most = MOST_SHOWN if advice is None else MOST_NOTED
        for one in findings[:most]:  # paths are too long to stand beside anything
            print_columns(console, [(Text(make_printable(one.where), style="cyan"),)])
            if advice is None or one.kind in _TELLING:
                print_folded(console, Text(make_printable(one.message)), "    ")
        if len(findings) > most:
            print_folded(console, Text(f"and {len(findings) - most:,} more; --json lists all"), "  ")
    console.print()
    for line in _conclude(report, repaired=done is not None, lossy=lossy):
        print_folded(console, line)


def _print_actions(done: Repaired, console: Console) -> None:
    if not done.actions:
        print_folded(console, Text("Nothing had to be mended."))
    for action in done.actions:
        print_folded(console, Text(f"mended: {make_printable(action)}", style="green"))
    for loss in done.losses:
        print_folded(console, Text(f"lost: {make_printable(loss)}", style="bold red"))
    console.print()


def _conclude(report: Report, *, repaired: bool, lossy: bool) -> Iterator[Text]:
    fetchable, gone = report.list_results(Outlook.REFETCH), report.list_results(Outlook.GONE)
    if fetchable:
        yield Text(
            f"{_count(fetchable)}: the answers are kept, so the next run fetches the pictures again where their addresses still "
            "live; where they do not, it pays again only with --on-unknown retry.",
            style="yellow",
        )
    if gone:
        yield Text(
            f"{_count(gone)}: paid and gone; a run asks for them again only with --on-unknown retry.",
            style="red",
        )
    if lossy:
        yield Text(
            "What is lost is told above. A good backup of ledger.db, put in the place of this one before "
            "the next run, brings it back.",
            style="bold yellow",
        )
    elif not report.findings:
        yield Text("Everything is whole.", style="bold green")
    elif not report.damage:
        unknown = any(found.kind is FindingKind.UNKNOWN_PICTURE for found in report.findings)
        whole = (
            "Everything that this ledger knows of is whole"
            if unknown
            else "All that is stored is whole"
            if gone
            else "Everything that was paid for is whole"
        )
        yield Text(f"{whole}; see above for what else there is to say.", style="bold green")
    elif repaired and all(one.outlook is Outlook.REFETCH for found in report.damage for one in found.results):
        yield Text(
            "Run the recipe again to have what is missing, with --on-unknown retry where the addresses of its pictures are dead.",
            style="bold yellow",
        )
    elif repaired:
        yield Text("What is listed above could not be mended here.", style="bold yellow")
    elif not all(found.mendable for found in report.damage):
        yield Text("Nothing can be mended here before ledger.db is restored: see above.", style="bold yellow")
    elif any(found.kind is FindingKind.LEDGER_OLDER for found in report.damage):
        yield Text(
            "A newer ledger.db, put in the place of this one, mends it; without one, `seedflow verify --repair` goes on with this one.",
            style="bold yellow",
        )
    else:
        yield Text(
            "`seedflow verify --repair` moves what is damaged aside and mends the rest.", style="bold yellow"
        )


def _count(results: Iterable[AffectedResult]) -> str:
    listed = list(results)
    return f"{spell_many(len(listed), 'result')}, {format_usd(sum_costs(listed))}"
