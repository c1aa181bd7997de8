"""`seedflow runs`: the runs there were, and what one of them asked, cost and gave."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from seedflow.cli.amounts import spell_seconds
from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.how_many import HowMany
from seedflow.cli.ledger import find_run
from seedflow.cli.ledger_text import describe_call, print_calls, spell_money
from seedflow.cli.moments import spell_moment, to_json_moment
from seedflow.cli.session import start
from seedflow.cli.terminal import print_json, say
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode
from seedflow.money import ZERO_USD, format_usd, to_json_usd
from seedflow.run.serialize import NEVER_ASKED
from seedflow.run.status import TaskStatus
from seedflow.store.calls import IMPORT_PREFIX, CallFilter
from seedflow.store.history import History
from seedflow.store.past_runs import KILLED, RUNNING, PastRun

NEWEST: Final = 20
NEWEST_CALLS: Final = 100

_STYLES: Final = {
    "done": "green",
    "failed": "red",
    RUNNING: "cyan",
    KILLED: "bold yellow",
    "unknown": "bold yellow",
}


@click.command(
    "runs",
    cls=Command,
    examples=(
        ("seedflow runs", ""),
        ("seedflow runs 20261125T18", ""),
        ("seedflow runs --all --json", ""),
    ),
)
@click.argument("run", required=False)
@click.option(
    "--last",
    type=HowMany(),
    metavar="N",
    help=f"Show the newest N: {NEWEST} runs, or {NEWEST_CALLS} calls of one.",
)
@click.option("--all", "everything", is_flag=True, help="Show all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(run: str | None, last: int | None, everything: bool, as_json: bool) -> int:
    """List the runs there were, the newest last: what each was, how it ended, what it asked and cost.

    With RUN (an id, or its beginning): what this run asked, what failed, where its outputs went. Changes nothing.
    """
    session = start()
    with History(session.settings.state_folder) as history:
        if run is None:
            return _list(history, None if everything else last or NEWEST, as_json=as_json)
        return _show(
            history, find_run(history, run), None if everything else last or NEWEST_CALLS, as_json=as_json
        )


def _list(history: History, newest: int | None, *, as_json: bool) -> int:
    runs = history.list_runs(newest=newest)
    earlier = history.count_runs() - len(runs)
    if as_json:
        print_json({"runs": [describe_run(run) for run in runs], "earlier": earlier})
    elif not runs:
        say("There was no run here yet.")
    else:
        console = open_console()
        if earlier:
            word = "run" if earlier == 1 else "runs"
            print_folded(console, Text(f"and {earlier:,} earlier {word}: --all", style="dim"))
        print_columns(console, [_row(run) for run in runs])
    return ExitCode.DONE


def _row(run: PastRun) -> tuple[Text, Text, Text]:
    what = Text(make_printable(run.recipe), style="bold")
    what.append(f" · {make_printable(' · '.join(_list_facts(run)))}", style="not bold")
    status = Text(make_printable(run.status), style=_STYLES.get(run.status, ""))
    return Text(make_printable(run.run_id), style="cyan"), status, what


def _list_facts(run: PastRun) -> Iterator[str]:
    if run.ended_at is not None:
        yield f"took {spell_seconds(max(0.0, run.ended_at - run.started_at))}"
    elif run.status == RUNNING:
        yield f"for {spell_seconds(max(0.0, time.time() - run.started_at))} so far"
    imported = run.run_id.startswith(IMPORT_PREFIX)
    if imported:
        yield f"{run.imported:,} imported {'call' if run.imported == 1 else 'calls'}"
    else:
        yield f"{run.calls:,} {'call' if run.calls == 1 else 'calls'}"
    yield f"{run.images:,} {'image' if run.images == 1 else 'images'}"
    yield (
        f"{format_usd(run.elsewhere_usd)} paid elsewhere"
        if imported
        else spell_money(run.spent_usd, run.perhaps_usd, ZERO_USD)
    )
    if run.unknown and run.status != RUNNING:
        yield f"{run.unknown:,} unknown"
    yield run.realm


def _show(history: History, run_id: str, newest: int | None, *, as_json: bool) -> int:
    run = history.list_runs(run_id=run_id)[0]
    wanted = CallFilter(run_id=run_id)
    calls = history.list_calls(wanted, newest)
    earlier = sum(total.calls for total in history.sum_calls(wanted)) - len(calls)
    if as_json:
        print_json(
            {**describe_run(run), "calls_made": [describe_call(call) for call in calls], "earlier": earlier}
        )
        return ExitCode.DONE
    console = open_console()
    print_columns(console, [(Text(name, style="dim"), text) for name, text in _list_lines(run)])
    console.print()
    own = [call for call in calls if call.payer_run_id == run.run_id]
    others = [call for call in calls if call.payer_run_id != run.run_id]
    if own or earlier:
        print_calls(console, own, earlier, within=run.run_id)
    elif not others:
        console.print(Text("It asked for nothing: all that it needed was stored."), soft_wrap=True)
    if others:
        word = "call" if len(others) == 1 else "calls"
        told = f"Besides, it looked after {len(others):,} {word} that earlier runs had made and paid:"
        print_folded(console, Text(told, style="bold"))
        print_calls(console, others, 0)
    _print_without(console, run)
    return ExitCode.DONE


def _list_lines(run: PastRun) -> Iterator[tuple[str, Text]]:
    def plain(text: str) -> Text:
        return Text(make_printable(text))

    yield "run", Text(make_printable(run.run_id), style="cyan")
    yield "recipe", plain(run.recipe)
    yield "began", plain(f"{spell_moment(run.started_at)} UTC")
    yield "status", Text(make_printable(run.status), style=_STYLES.get(run.status, ""))
    yield "facts", plain(" · ".join(_list_facts(run)))
    tasks = run.result.get("tasks")
    if isinstance(tasks, Mapping) and tasks:
        yield "tasks", plain(" · ".join(f"{count} {status}" for status, count in tasks.items()))
    outputs = run.result.get("outputs")
    if isinstance(outputs, Mapping):
        for name, count in outputs.items():
            yield "output", plain(f"{name}: {count} {'file' if count == 1 else 'files'}")
    if run.output_folder is not None:
        yield "folder", plain(run.output_folder)
    if run.status == KILLED:
        yield "note", plain("it ended without saying so; run its recipe again to go on")
    elif run.unknown and run.status != RUNNING:
        yield "note", plain("seedflow ledger reconcile asks the provider's log what became of unknown calls")


def _print_without(console: Console, run: PastRun) -> None:
    rows = [
        (
            Text(make_printable(str(task.get("status"))), style="red"),
            Text(make_printable(f"{task.get('address')}: {_spell_ending(task)}")),
        )
        for task in _list_objects(run.result.get("without_images"))
    ]
    rows += [
        (Text("run", style="red"), Text(make_printable(str(problem.get("message")))))
        for problem in _list_objects(run.result.get("problems"))
    ]
    if rows:
        console.print(Text("Without images", style="bold"))
        print_columns(console, rows)


def _spell_ending(task: Mapping[str, Any]) -> str:
    cancelled = task.get("status") == TaskStatus.CANCELLED.value
    return str(task.get("message") or (NEVER_ASKED if cancelled else "gave no images"))


def _list_objects(value: object) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def describe_run(run: PastRun) -> dict[str, object]:
    """A run as plain data."""
    return {
        "run": run.run_id,
        "recipe": run.recipe,
        "realm": run.realm,
        "status": run.status,
        "started": to_json_moment(run.started_at),
        "ended": to_json_moment(run.ended_at),
        "calls": run.calls,
        "imported": run.imported,
        "images": run.images,
        "cost_usd": to_json_usd(run.spent_usd),
        "perhaps_usd": to_json_usd(run.perhaps_usd),
        "cost_elsewhere_usd": to_json_usd(run.elsewhere_usd),
        "unknown": run.unknown,
        "failed": run.failed,
        "output_folder": run.output_folder,
        "result": dict(run.result),
    }
