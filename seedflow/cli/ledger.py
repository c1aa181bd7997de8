"""`seedflow ledger`: every call that was ever made here, its state, its run, and what it cost or may have cost."""

from __future__ import annotations

from typing import Any, Final

import click

from seedflow.cli.console import open_console
from seedflow.cli.help import Context, refuse_slips, write_examples
from seedflow.cli.how_many import HowMany
from seedflow.cli.ledger_reconcile import command as reconcile
from seedflow.cli.ledger_text import describe_call, describe_total, find_open, print_calls, print_totals
from seedflow.cli.moments import Since
from seedflow.cli.session import start
from seedflow.cli.terminal import print_json, say
from seedflow.errors import ExitCode, UsageError
from seedflow.plan.selection import TaskSelector, parse_selector
from seedflow.store.base import AttemptState
from seedflow.store.calls import CallFilter
from seedflow.store.history import History

NEWEST: Final = 50
"""How many calls are shown unless somebody wants more."""

EXAMPLES: Final = (
    ("seedflow ledger", ""),
    ("seedflow ledger --state unknown --json", ""),
    ("seedflow ledger --step 'page[scene=lake]' --since 2d", ""),
    ("seedflow ledger reconcile", ""),
)


class Group(click.Group):
    """A command that lists, with commands below it."""

    context_class = Context

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, after a look for values that are empty."""
        refuse_slips(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The examples."""
        write_examples(formatter, EXAMPLES)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """A command below is not needed."""
        return ["[OPTIONS]", "[COMMAND]"]


@click.group(
    "ledger",
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--run", "run_text", metavar="RUN", help="Calls of this run; the beginning of its id is enough."
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in AttemptState]),
    help="Calls in this state; may be given several times.",
)
@click.option("--recipe", "recipe", metavar="NAME", help="Calls of the recipe of this name.")
@click.option(
    "--step",
    "selector",
    metavar="SELECTOR",
    help="Calls of these tasks, such as 'page[scene=lake]', or of one take, 'page#2'.",
)
@click.option(
    "--since",
    type=Since(),
    metavar="WHEN",
    help="Calls since then: 2026-11-25, 2026-11-25T18:30, 2h, 3d. UTC.",
)
@click.option(
    "--last",
    type=HowMany(),
    default=NEWEST,
    show_default=True,
    metavar="N",
    help="Show the newest N.",
)
@click.option("--all", "everything", is_flag=True, help="Show all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int | None:
    """List every call that was made here: when, its state, what it cost or may have cost, for what, in which run.

    The newest are shown last. Changes nothing, and opens no connection.
    """
    if ctx.invoked_subcommand is not None:
        return None
    return show(**options)


command.add_command(reconcile)


def show(
    run_text: str | None,
    states: tuple[str, ...],
    recipe: str | None,
    selector: str | None,
    since: float | None,
    last: int,
    everything: bool,
    as_json: bool,
) -> int:
    """List calls."""
    selected = None if selector is None else read_selector(selector)
    session = start()
    with History(session.settings.state_folder) as history:
        wanted = CallFilter(
            run_id=None if run_text is None else find_run(history, run_text),
            states=tuple(AttemptState(state) for state in states),
            recipe=recipe,
            address=None if selected is None else selected.matches,
            since=since,
        )
        totals = history.sum_calls(wanted)
        calls = history.list_calls(wanted, None if everything else last)
        realms = {total.realm for total in totals}
        still_open = find_open([call for realm in realms for call in history.list_open_calls(realm)])
    earlier = sum(total.calls for total in totals) - len(calls)
    if as_json:
        print_json(
            {
                "calls": [describe_call(call) for call in calls],
                "earlier": max(0, earlier),
                "totals": [describe_total(total) for total in totals],
            }
        )
        return ExitCode.DONE
    if not totals:
        filtered = wanted != CallFilter()
        say("No such calls were made here." if filtered else "No calls were made here yet.")
        return ExitCode.DONE
    console = open_console()
    print_calls(console, calls, max(0, earlier))
    print_totals(console, totals, still_open=still_open)
    return ExitCode.DONE


def read_selector(text: str) -> TaskSelector:
    """A selector of tasks.

    Raises:
        UsageError: it is none.
    """
    found = parse_selector(text)
    if isinstance(found, TaskSelector):
        return found
    raise UsageError(f"--step: `{text}`: {found.message}", help=found.help)


def find_run(history: History, text: str) -> str:
    """The run whose id begins so.

    Raises:
        UsageError: none or several.
    """
    found = history.find_run_ids(text)
    if text in found or len(found) == 1:
        return text if text in found else found[0]
    if not found:
        raise UsageError(f"there was no run `{text}` here", help="`seedflow runs` lists them")
    raise UsageError(
        f"`{text}` means {len(found):,} runs: {', '.join(found[:3])}{', …' if len(found) > 3 else ''}",
        help="write more of its id",
    )
