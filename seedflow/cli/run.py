"""`seedflow run`: a recipe to images, after showing what it costs and asking."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import click

from seedflow.cli.amounts import spell_count
from seedflow.cli.dollars import Dollars
from seedflow.cli.plan_text import print_plan, spell_title
from seedflow.cli.planning import input_options, plan_from_options
from seedflow.cli.run_text import LiveDisplay, PlainDisplay, print_result
from seedflow.cli.session import start
from seedflow.cli.terminal import is_interactive, open_console, print_diagnostics, print_json, say
from seedflow.errors import ExitCode
from seedflow.money import format_usd
from seedflow.pipeline.plan import Planned
from seedflow.pipeline.run import RunRequest, run_recipe
from seedflow.pipeline.session import Session
from seedflow.plan.model import Plan
from seedflow.run.event_file import EventFile
from seedflow.run.events import Event
from seedflow.run.options import OnUnknown, RunControl
from seedflow.run.status import RunResult


@click.command(
    "run",
    epilog="\b\nExamples:\n  seedflow run storybook\n  seedflow run my.yaml -i hero='a tin owl' -i scenes='at sea' -i scenes=home\n"
    "  seedflow run my.yaml --provider cloudflare --max-cost 0.50\n  seedflow run my.yaml --yes --json > result.json",
)
@click.argument("recipe")
@input_options
@click.option("--yes", is_flag=True, help="Pay without asking.")
@click.option("--max-cost", type=Dollars(), metavar="USD", help="Pay at most this much, without asking.")
@click.option(
    "--on-unknown",
    type=click.Choice(["stop", "retry"]),
    default="stop",
    show_default=True,
    help="What to do about a call that may have been paid and cannot be found again; retry may pay for it once more.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Where outputs go."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output at the end.")
@click.option(
    "--events",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what happens as JSON lines.",
)
def command(
    recipe: str,
    inputs: tuple[str, ...],
    inputs_file: Path | None,
    provider: str | None,
    yes: bool,
    max_cost: Decimal | None,
    on_unknown: str,
    out: Path | None,
    as_json: bool,
    events: Path | None,
) -> int:
    """Run a recipe to images. What is stored already is reused; only what is new is asked for and paid.

    RECIPE is a path, or the name of a recipe shipped with seedflow (see seedflow list). Ctrl-C once finishes what is in
    flight and stops; run again to go on.
    """
    session = start(provider)
    planned = plan_from_options(recipe, inputs, inputs_file, session)
    if planned.plan is None or not planned.ok:
        if as_json:
            print_json({"status": "error", "diagnostics": [found.to_json() for found in planned.diagnostics]})
        else:
            print_diagnostics(planned.diagnostics)
        return ExitCode.RECIPE_ERRORS
    print_diagnostics(planned.diagnostics)
    if not _may_pay(planned.plan, yes=yes, max_cost=max_cost):
        return ExitCode.STOPPED
    request = RunRequest(out=out, max_cost_usd=max_cost, on_unknown=OnUnknown(on_unknown))
    gc.freeze()
    gc.enable()
    result = _run(planned, session, request, as_json=as_json, events=events)
    if as_json:
        from seedflow.run.serialize import build_result_json

        print_json(build_result_json(result))
    return result.exit_code


def _may_pay(plan: Plan, *, yes: bool, max_cost: Decimal | None) -> bool:
    cost = plan.totals.cost_usd
    if cost.high == 0 or yes or max_cost is not None:
        return True

    if not is_interactive():
        say(f"error: this run may cost up to {format_usd(cost.high)}, and nobody is there to ask")
        say("help: consent with --yes, or with --max-cost USD")
        return False
    print_plan(plan, open_console(sys.stderr))
    question = f"\n{spell_count(plan.totals.calls, 'call')}, up to {format_usd(cost.high)}. Continue?"
    if click.confirm(question, err=True):
        return True
    say("Nothing was asked, nothing was paid.")
    return False


def _run(
    planned: Planned, session: Session, request: RunRequest, *, as_json: bool, events: Path | None
) -> RunResult:

    stream = sys.stderr if as_json else sys.stdout
    console = open_console(stream)
    if planned.plan is not None:
        console.print(spell_title(planned.plan))
        console.print()
    display = LiveDisplay(console) if stream.isatty() else PlainDisplay(console)
    with EventFile(events) as file, display:

        def emit(event: Event) -> None:
            file.write(event)
            display.show(event)

        result = asyncio.run(_run_until_done(planned, session, request, emit))
    print_result(result, console)
    return result


async def _run_until_done(
    planned: Planned, session: Session, request: RunRequest, emit: Callable[[Event], None]
) -> RunResult:

    control = RunControl()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        say(
            "\nStopping: nothing new is started; what is in flight is finished, since it is paid. Ctrl-C again to let go of it."
            if not control.stopping
            else "\nLetting go: what was in flight is recorded as unknown; run again to recover it."
        )
        control.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return await run_recipe(planned, session, request, emit, control)
