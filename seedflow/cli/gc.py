"""`seedflow gc`: what nothing refers to is shown, and removed once somebody has agreed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.session import start
from seedflow.cli.sizes import Age, spell_bytes, spell_many
from seedflow.cli.terminal import is_interactive, print_json, say
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode, UsageError
from seedflow.money import ZERO_USD, format_usd, to_json_usd
from seedflow.pipeline.in_use import find_in_use, find_sharing
from seedflow.store.collect import Collected, collect_garbage
from seedflow.store.garbage import Found, Garbage, InUse, find_garbage

MOST_SHOWN: Final = 40


@click.command(
    "gc",
    cls=Command,
    examples=(
        ("seedflow gc", ""),
        ("seedflow gc --yes --json", ""),
        ("seedflow gc --paid-older-than 90d", ""),
    ),
)
@click.option(
    "--paid-older-than",
    "age_s",
    type=Age(),
    metavar="AGE",
    help="Also results that were paid for longer ago, such as 90d, 12w or 1y, and that nothing refers to any more.",
)
@click.option(
    "--unknown-pictures",
    is_flag=True,
    help="Also pictures that the ledger has never named. Calls that it does not know may have paid for them.",
)
@click.option(
    "--shared",
    is_flag=True,
    help="With --paid-older-than: also where other projects may use this state. What they pick or ask for is not known here.",
)
@click.option("--yes", is_flag=True, help="Remove without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(age_s: float | None, unknown_pictures: bool, shared: bool, yes: bool, as_json: bool) -> int:
    """Remove from this project's state what nothing refers to. Shows it first, and asks.

    What any run may still use stays; paid results go only with --paid-older-than, and never those that the last plan of a
    recipe, a pick or an output refers to.
    """
    if shared and age_s is None:
        raise UsageError("--shared is about paid results", help="say how old they are with --paid-older-than")
    settings = start(quiet=True).settings
    root, now = settings.state_folder, time.time()
    sharing = None if shared or age_s is None else find_sharing(settings)
    in_use = InUse() if age_s is None else replace(find_in_use(settings), shared=sharing is not None)
    paid_before = None if age_s is None else now - age_s
    found = find_garbage(root, in_use, paid_before, with_unknown=unknown_pictures)
    garbage = () if found is None else found.garbage
    if not as_json:
        _print(str(root), found, sharing, open_console())
    done: Collected | None = None
    agreed = bool(garbage) and (yes or _ask(garbage))
    if agreed:
        done = collect_garbage(root, garbage, in_use, paid_before, now)
    if as_json:
        print_json(_describe(str(root), found, done))
    elif done is not None:
        _conclude(done, open_console())
    return ExitCode.STOPPED if garbage and not agreed else ExitCode.DONE


def _ask(garbage: Sequence[Garbage]) -> bool:
    if not is_interactive():
        say("error: nothing was removed: nobody is there to ask")
        say("help: agree with --yes")
        return False
    cost = sum((one.cost_usd for one in garbage), ZERO_USD)
    perhaps = sum((one.perhaps_usd for one in garbage), ZERO_USD)
    paid = f", paid {format_usd(cost)}" if cost else ""
    paid += f", perhaps paid {format_usd(perhaps)}" if perhaps else ""
    try:
        agreed = click.confirm(
            f"\nRemove {spell_many(len(garbage), 'thing')}, {spell_bytes(_size(garbage))}{paid}?", err=True
        )
    except click.Abort:
        say()
        agreed = False
    if not agreed:
        say("Nothing was removed.")
    return agreed


def _print(root: str, found: Found | None, sharing: str | None, console: Console) -> None:
    if found is None:
        say(f"{make_printable(root)}: there is no state yet, so there is nothing to remove")
        return
    if not found.garbage:
        print_folded(
            console,
            Text(
                "Nothing to remove. What a repair moved aside, and files that seedflow does not know, are left alone; `seedflow verify` names them."
            ),
        )
    rows = []
    for one in found.garbage[:MOST_SHOWN]:
        cost = format_usd(one.cost_usd) if one.cost_usd else ""
        if one.perhaps_usd:
            cost = f"perhaps {format_usd(one.perhaps_usd)}"
        where = make_printable(one.where)
        if one.unused_import:
            where += ", imported, its recipe not run since"
        rows.append(
            (
                Text(one.kind.value, "cyan"),
                Text(spell_bytes(one.size_bytes)),
                Text(cost, "yellow"),
                Text(where),
            )
        )
    print_columns(console, rows)
    if len(found.garbage) > MOST_SHOWN:
        rest = len(found.garbage) - MOST_SHOWN
        print_folded(console, Text(f"and {rest:,} more; --json lists all"), "  ")
    if found.waiting:
        what = spell_many(found.waiting, "picture")
        print_folded(
            console,
            Text(
                f"note: {what} without a result stay: a run is at work, or a call is open to which they may belong",
                style="dim",
            ),
        )

    if found.unknown:
        what = spell_many(found.unknown, "picture")
        cost = f", for perhaps {format_usd(found.unknown_usd)}" if found.unknown_usd else ""
        stay = "stays" if found.unknown == 1 else "stay"
        print_folded(
            console,
            Text(
                f"note: {what} that this ledger has never named {stay}: calls that it does not know may have paid for "
                f"{'it' if found.unknown == 1 else 'them'}{cost}. --unknown-pictures removes {'it' if found.unknown == 1 else 'them'}",
                style="yellow",
            ),
        )
    if found.shared and sharing is not None:
        single = found.shared == 1
        print_folded(
            console,
            Text(
                f"note: {spell_many(found.shared, 'old result')}, paid {format_usd(found.shared_usd)}, {'stays' if single else 'stay'}: "
                f"{make_printable(sharing)}, so that other projects may use {'it' if single else 'them'}. "
                f"--shared removes {'it' if single else 'them'}",
                style="yellow",
            ),
        )


def _conclude(done: Collected, console: Console) -> None:
    size = spell_bytes(done.size_bytes)
    print_folded(
        console, Text(f"Removed {spell_many(len(done.removed), 'thing')}, {size}.", style="bold green")
    )
    if done.kept:
        print_folded(
            console,
            Text(
                f"{spell_many(len(done.kept), 'thing')} stayed: something uses it by now, or a run is at work."
            ),
        )


def _size(garbage: Sequence[Garbage]) -> int:
    return sum(one.size_bytes for one in garbage)


def _describe(root: str, found: Found | None, done: Collected | None) -> dict[str, object]:
    return {
        "state": root,
        "garbage": [_describe_one(one) for one in (found.garbage if found else ())],
        "waiting": 0 if found is None else found.waiting,
        "unknown": 0 if found is None else found.unknown,
        "unknown_usd": to_json_usd(ZERO_USD if found is None else found.unknown_usd),
        "shared": 0 if found is None else found.shared,
        "shared_usd": to_json_usd(ZERO_USD if found is None else found.shared_usd),
        "removed": 0 if done is None else len(done.removed),
        "freed_bytes": 0 if done is None else done.size_bytes,
        "kept": [] if done is None else [one.where for one in done.kept],
    }


def _describe_one(one: Garbage) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "where": one.where,
        "size_bytes": one.size_bytes,
        "cost_usd": to_json_usd(one.cost_usd),
        "perhaps_usd": to_json_usd(one.perhaps_usd),
        "unused_import": one.unused_import,
    }
