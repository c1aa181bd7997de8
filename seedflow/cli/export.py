"""`seedflow export`: stored results into one file, for another machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from seedflow.cli.columns import print_folded
from seedflow.cli.console import open_console
from seedflow.cli.counting import Counter
from seedflow.cli.help import Command
from seedflow.cli.ledger import find_run
from seedflow.cli.session import start
from seedflow.cli.sizes import spell_bytes, spell_many
from seedflow.cli.terminal import print_json, say
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode, UsageError
from seedflow.money import format_usd, from_micros, to_json_usd
from seedflow.pipeline.archives import build_wanted
from seedflow.pipeline.written_file import refuse_as_file
from seedflow.store.exporting import Exported, export_results
from seedflow.store.history import History


@click.command(
    "export",
    cls=Command,
    examples=(
        ("seedflow export all.zip --all", ""),
        ("seedflow export book.zip --recipe storybook", ""),
        ("seedflow export pages.zip page 'sheet#2'", ""),
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("selector", nargs=-1, metavar="[SELECTOR]...")
@click.option(
    "--recipe", "recipes", metavar="NAME", multiple=True, help="What this recipe asked for; repeat it."
)
@click.option(
    "--run",
    "run_ids",
    metavar="ID",
    multiple=True,
    help="What this run asked for; the beginning of its id is enough. Repeat it.",
)
@click.option("--all", "everything", is_flag=True, help="Every stored result.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(
    file: Path,
    selector: tuple[str, ...],
    recipes: tuple[str, ...],
    run_ids: tuple[str, ...],
    everything: bool,
    as_json: bool,
) -> int:
    """Write stored results, their requests and pictures to FILE, which another machine takes with seedflow import.

    SELECTOR is the address of tasks, such as page or 'page[scene=at-sea]', or of one take: 'sheet#2'. There are no secrets in the file, and no
    addresses of answers.
    """
    if everything and (selector or recipes or run_ids):
        raise UsageError("--all means every result", help="leave --all away, or the rest")
    if not (everything or selector or recipes or run_ids):
        raise UsageError(
            "say which results to export", help="name a task's address, --recipe NAME, --run ID or --all"
        )
    session = start(quiet=True)
    refuse_as_file(file, "FILE", session)
    root = session.settings.state_folder
    wanted = build_wanted(selector, recipes, _find_runs(root, run_ids))
    with Counter(sys.stderr, "picture") as counter:
        done = export_results(root, file, wanted, counter.show)
    if as_json:
        print_json(_describe(file, done))
    else:
        console = open_console()
        print_folded(
            console,
            Text(
                f"{make_printable(str(file))}: {spell_many(done.results, 'result')}, {spell_many(done.pictures, 'picture')}, "
                f"{spell_bytes(done.size_bytes)}; they cost {format_usd(from_micros(done.cost_micros))}"
            ),
        )
    if done.left_out:
        say(f"warning: {spell_many(len(done.left_out), 'result')} left out: a picture is missing or damaged")
        say("help: seedflow verify shows which")
    return ExitCode.FAILED_TASKS if done.left_out else ExitCode.DONE


def _find_runs(root: Path, texts: Sequence[str]) -> list[str]:
    """The ids of runs that are named by their beginnings.

    Raises:
        UsageError: one of them means none, or several.
    """
    if not texts:
        return []
    with History(root) as history:
        return [find_run(history, text) for text in texts]


def _describe(file: Path, done: Exported) -> dict[str, object]:
    return {
        "file": str(file),
        "results": done.results,
        "pictures": done.pictures,
        "size_bytes": done.size_bytes,
        "cost_usd": to_json_usd(from_micros(done.cost_micros)),
        "realms": list(done.realms),
        "left_out": list(done.left_out),
    }
