"""`seedflow import`: results that another machine exported, into this project's state."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from seedflow.cli.columns import print_folded
from seedflow.cli.console import open_console
from seedflow.cli.counting import Counter
from seedflow.cli.help import Command
from seedflow.cli.session import start
from seedflow.cli.sizes import spell_many
from seedflow.cli.terminal import print_json
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode, UsageError
from seedflow.money import format_usd, from_micros, to_json_usd
from seedflow.pipeline.archives import judge_fingerprint
from seedflow.pipeline.session import Session
from seedflow.store.archive import ArchivedResult, sum_micros
from seedflow.store.importing import Imported, import_results

MOST_NAMED: Final = 3


@click.command(
    "import",
    cls=Command,
    examples=(
        ("seedflow import book.zip", ""),
        ("seedflow import book.zip --json", ""),
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(file: Path, as_json: bool) -> int:
    """Take the results of FILE, which seedflow export wrote. The whole file is checked before anything is changed.

    What is here already stays as it is; taking a file twice changes nothing. Imported results count nothing against
    budgets, and runs reuse them without asking anybody.
    """
    session = start(quiet=True)
    with Counter(sys.stderr, "picture") as counter:
        done = import_results(session.settings.state_folder, file, judge_fingerprint, counter.show)
    other = _find_other_realms(done, session)
    if as_json:
        print_json(_describe(file, done, other))
        return ExitCode.DONE
    console = open_console()
    for line in _spell(file, done, other):
        print_folded(console, line)
    return ExitCode.DONE


def _spell(file: Path, done: Imported, other: Sequence[str]) -> list[Text]:
    cost = format_usd(from_micros(sum_micros(done.added)))
    new = "nothing new"
    if done.added:
        new = f"{spell_many(len(done.added), 'new result')}, which cost {cost} elsewhere and nothing here"
    lines = [Text(f"{make_printable(str(file))}: {new}", style="bold green" if done.added else "")]
    if done.kept:
        lines.append(Text(f"here already: {spell_many(len(done.kept), 'result')}"))
    if done.moved:
        lines.append(Text(_spell_moved(done)))
    if done.restored:
        lines.append(
            Text(
                f"{spell_many(len(done.restored), 'result')} here got pictures back that were missing or damaged"
            )
        )
    if done.open:
        lines.append(
            Text(
                f"{spell_many(len(done.open), 'result')} left out: a call from here for the same has no outcome yet; run, then import again",
                style="yellow",
            )
        )
    if other:
        lines.append(
            Text(
                f"note: results of {', '.join(map(make_printable, other))} are kept apart: only runs that ask there use them",
                style="yellow",
            )
        )
    return lines


def _spell_moved(done: Imported) -> str:
    cost = format_usd(from_micros(sum_micros([result for result, _ in done.moved])))
    named = [
        f"{make_printable(result.request.address)} as take {take}" for result, take in done.moved[:MOST_NAMED]
    ]
    more = f" and {len(done.moved) - MOST_NAMED:,} more" if len(done.moved) > MOST_NAMED else ""
    return (
        f"{spell_many(len(done.moved), 'result')} here has other pictures for the same request"
        if len(done.moved) == 1
        else f"{len(done.moved):,} results here have other pictures for the same requests"
    ) + f"; those of the file, which cost {cost} elsewhere, were added beside them: {', '.join(named)}{more}"


def _find_other_realms(done: Imported, session: Session) -> list[str]:
    try:
        mine = session.provider.realm
    except UsageError:
        mine = None
    return sorted({result.request.realm for result in _all(done)} - {mine})


def _all(done: Imported) -> list[ArchivedResult]:
    return [*done.added, *done.kept, *done.restored, *(result for result, _ in done.moved), *done.open]


def _describe(file: Path, done: Imported, other: Sequence[str]) -> dict[str, object]:
    return {
        "file": str(file),
        "added": len(done.added),
        "kept": len(done.kept),
        "restored": len(done.restored),
        "moved": [
            {"recipe": result.request.recipe, "address": result.request.address, "take": take}
            for result, take in done.moved
        ],
        "open": len(done.open),
        "cost_elsewhere_usd": to_json_usd(
            from_micros(sum_micros([*done.added, *(result for result, _ in done.moved)]))
        ),
        "realms": sorted({result.request.realm for result in _all(done)}),
        "other_realms": list(other),
    }
