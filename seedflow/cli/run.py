"""`seedflow run`: a recipe to images, after showing what it costs and asking."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final, TextIO

import click

from seedflow.cli.amounts import spell_count
from seedflow.cli.columns import print_folded
from seedflow.cli.completion_values import complete_folders, complete_recipes
from seedflow.cli.console import open_console
from seedflow.cli.dollars import Dollars
from seedflow.cli.help import Command
from seedflow.cli.named_recipe import check_named
from seedflow.cli.plan_text import print_plan
from seedflow.cli.planning import input_options, plan_checked, reroll_option
from seedflow.cli.provider_text import introduce, spell_priced_at_nothing
from seedflow.cli.result_text import print_result
from seedflow.cli.run_text import Display, open_display
from seedflow.cli.session import start
from seedflow.cli.stopping import listen
from seedflow.cli.terminal import (
    is_interactive,
    moves_cursor,
    print_diagnostics,
    print_json,
    say,
    say_waiting,
)
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import BudgetError, ExitCode, SeedflowError, UsageError
from seedflow.money import format_usd
from seedflow.pipeline.affordable import (
    find_budgets,
    find_priced_at_nothing,
    refuse_unaffordable,
    wants_consent,
)
from seedflow.pipeline.out_folder import refuse_as_folder
from seedflow.pipeline.plan import Planned, Reroll
from seedflow.pipeline.run import RunRequest, find_out_folder, run_recipe
from seedflow.pipeline.session import Session
from seedflow.pipeline.written_file import refuse_as_file
from seedflow.plan.model import Plan
from seedflow.run.event_file import EventFile, refuse_other_file
from seedflow.run.events import Event
from seedflow.run.options import OnUnknown, RunControl
from seedflow.run.serialize import build_refusal_json, build_result_json
from seedflow.run.status import Problem, RunResult

REFRESH_S: Final = 0.1
STOPPING: Final = "Stopping. What is in flight is finished, since it is paid; Ctrl-C again lets go of it."
LETTING_GO: Final = "Letting go: what was in flight is recorded as unknown."


@click.command(
    "run",
    cls=Command,
    examples=(
        ("seedflow run storybook", ""),
        ("seedflow run my.yaml -i hero='a tin owl' -i scenes='at sea' -i scenes=home", ""),
        ("seedflow run my.yaml --provider cloudflare --max-cost 0.50", ""),
        ("seedflow run my.yaml --reroll 'page[scene=at-sea]'", ""),
        ("seedflow run my.yaml --yes --json > result.json", ""),
    ),
)
@click.argument("recipe", shell_complete=complete_recipes)
@input_options
@click.option("--all", "several", is_flag=True, help="Reroll every task that SELECTOR means.")
@reroll_option(
    "Ask anew for a task, such as 'page[scene=at-sea]', or for one of several takes, 'sheet#2'; its new picture takes the place of the old one, which is kept."
)
@click.option("--yes", is_flag=True, help="Pay without asking.")
@click.option("--max-cost", type=Dollars(), metavar="USD", help="Pay at most this much, without asking.")
@click.option(
    "--on-unknown",
    type=click.Choice(["stop", "retry"]),
    default="stop",
    show_default=True,
    help="What to do about a call that may have been paid and cannot be found again; retry may pay for it again, twice at most.",
)
@click.option("--out", "out_text", metavar="DIR", shell_complete=complete_folders, help="Where outputs go.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output at the end.")
@click.option(
    "--events",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what happens as JSON lines.",
)
def command(
    recipe: str,
    inputs: tuple[str, ...],
    inputs_file: Path | None,
    provider: str | None,
    reroll: tuple[str, ...],
    several: bool,
    yes: bool,
    max_cost: Decimal | None,
    on_unknown: str,
    out_text: str | None,
    as_json: bool,
    events: Path | None,
) -> int:
    """Run a recipe to images. What is stored already is reused; only what is new is asked for and paid.

    RECIPE is a path, or the name of a recipe shipped with seedflow (see seedflow list). Ctrl-C once finishes what is in
    flight and stops; run again to go on.
    """
    out = None if out_text is None else Path(out_text)
    if several and not reroll:
        raise UsageError(
            "--all says how many tasks --reroll may mean, and there is no --reroll",
            help="name what to reroll: --reroll SELECTOR",
        )
    session = start(provider)
    checked = check_named(recipe, session)
    if events is not None:
        refuse_as_file(events, "--events", session, checked=checked, inputs=inputs, inputs_file=inputs_file)
        refuse_other_file(events)
    planned = plan_checked(checked, inputs, inputs_file, session, Reroll(reroll, several))
    if planned.plan is None or not planned.ok:
        if as_json:
            print_json({"status": "error", "diagnostics": [found.to_json() for found in planned.diagnostics]})
        else:
            print_diagnostics(planned.diagnostics)
        return ExitCode.RECIPE_ERRORS
    plan = planned.plan
    folder = out or find_out_folder(plan, session.settings)
    refuse_as_folder(folder, session.settings.state_folder)
    print_diagnostics(planned.diagnostics)
    if planned.diagnostics:
        say()
    stream = sys.stderr if as_json else sys.stdout
    console = open_console(stream)
    with EventFile(events, lambda: say_waiting(events)) as file:
        for line in introduce(plan, session):
            print_folded(console, line)
        console.print()
        request = RunRequest(
            out=out, max_cost_usd=max_cost, max_cost_name="--max-cost", on_unknown=OnUnknown(on_unknown)
        )
        refusal = _find_refusal(planned, plan, session, request, yes=yes)
        if refusal is not None:
            if as_json:
                print_json({**_describe_who(plan), **build_refusal_json(refusal)})
            return ExitCode.STOPPED
        gc.freeze()
        gc.enable()
        started = time.monotonic()
        try:
            result = _run(planned, plan, session, request, file, stream)
        except OSError as error:
            raise _OutputsError(
                f"outputs could not be written to {folder}: {error.strerror or error}",
                help="the pictures are stored; run again, with --out DIR for another folder, and nothing is paid again",
            ) from None
    took_s = time.monotonic() - started if moves_cursor(stream) else None
    print_result(result, console, took_s=took_s, priced_at_nothing=bool(find_priced_at_nothing(plan)))
    if file.problem is not None:
        say(f"warning: {file.problem}")
    if as_json:
        print_json({**_describe_who(plan), **build_result_json(result)})
    return result.exit_code


class _OutputsError(SeedflowError):
    """The run is over and its pictures are stored, but not where people look for them."""


def _describe_who(plan: Plan) -> dict[str, object]:
    return {"recipe": plan.recipe, "provider": plan.provider, "realm": plan.realm}


def _find_refusal(
    planned: Planned, plan: Plan, session: Session, request: RunRequest, *, yes: bool
) -> Problem | None:
    """Why nothing may be paid, or None when it may; whoever is there is asked and told."""
    cost, max_cost = plan.totals.cost_usd, request.max_cost_usd
    if max_cost is not None and cost.low > max_cost:
        least = f"this run costs at least {format_usd(cost.low)}, more than the {format_usd(max_cost)} of --max-cost"
        return _tell(Problem("not-confirmed", least, "raise --max-cost, or ask for less"))
    try:
        refuse_unaffordable(
            plan, find_budgets(plan, session.settings, max_cost, request.max_cost_name), planned.spent
        )
    except BudgetError as error:
        return _tell(Problem("budget", error.message, error.help))
    if not wants_consent(plan) or yes or max_cost is not None:
        return None
    calls = spell_count(plan.totals.calls, "call")
    if not is_interactive():
        if cost.high:
            refusal = f"this run may cost up to {format_usd(cost.high)}, and nobody is there to ask"
        else:
            priced = ", ".join(map(make_printable, spell_priced_at_nothing(plan, session)))
            refusal = (
                f"this run makes {calls} to a paid provider, though {priced}, and nobody is there to ask"
            )
        return _tell(Problem("not-confirmed", refusal, "consent with --yes, or with --max-cost USD"))
    console = open_console(sys.stderr)
    print_plan(plan, console, brief=True)
    question = f"{calls}, {'up to' if cost.high else 'priced at'} {format_usd(cost.high)}. Continue?"
    try:
        consent = click.confirm(f"\n{question}", err=True)
    except click.Abort:
        say()
        consent = False
    say("" if consent else "Nothing was asked, nothing was paid.")
    return None if consent else Problem("not-confirmed", "it was not confirmed")


def _tell(problem: Problem) -> Problem:
    say(f"error: {make_printable(problem.message)}")
    if problem.help is not None:
        say(f"help: {make_printable(problem.help)}")
    return problem


def _run(
    planned: Planned,
    plan: Plan,
    session: Session,
    request: RunRequest,
    file: EventFile,
    stream: TextIO,
) -> RunResult:
    with open_display(stream, plan, session.settings.concurrency) as display:

        def emit(event: Event) -> None:
            file.write(event)
            display.show(event)

        return asyncio.run(_run_until_done(planned, session, request, emit, display))


async def _run_until_done(
    planned: Planned, session: Session, request: RunRequest, emit: Callable[[Event], None], display: Display
) -> RunResult:
    control = RunControl()

    def stop() -> None:
        if control.aborted:
            return
        words = LETTING_GO if control.interrupted else STOPPING
        control.stop()
        display.say(words)

    listen(control, stop)
    fresh = asyncio.create_task(_keep_fresh(display))
    try:
        return await run_recipe(planned, session, request, emit, control)
    finally:
        fresh.cancel()


async def _keep_fresh(display: Display) -> None:
    while True:
        display.refresh()
        await asyncio.sleep(REFRESH_S)
