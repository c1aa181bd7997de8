"""`seedflow plan`: what would be asked, reused and paid."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from seedflow.cli.columns import print_folded
from seedflow.cli.completion_values import complete_recipes
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.plan_text import print_plan
from seedflow.cli.planning import input_options, plan_from_options, reroll_option
from seedflow.cli.provider_text import introduce
from seedflow.cli.session import start
from seedflow.cli.terminal import print_diagnostics, print_json, say
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode, UsageError
from seedflow.pipeline.affordable import find_budgets, find_pause, find_refusal, find_stop
from seedflow.pipeline.bucket import find_bucket
from seedflow.pipeline.plan import Reroll
from seedflow.pipeline.session import Session
from seedflow.plan.model import Plan
from seedflow.plan.serialize import build_plan_json


@click.command(
    "plan",
    cls=Command,
    examples=(
        ("seedflow plan storybook", ""),
        ("seedflow plan my.yaml -i hero='a tin owl' --provider cloudflare", ""),
        ("seedflow plan my.yaml --json | jq .totals", ""),
    ),
)
@click.argument("recipe", shell_complete=complete_recipes)
@input_options
@reroll_option(
    "Show what asking anew for these tasks would ask and cost, such as 'page[scene=at-sea]', or 'sheet#2' for one take."
)
@click.option("--all", "everything", is_flag=True, help="Show every task of steps with many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(
    recipe: str,
    inputs: tuple[str, ...],
    inputs_file: Path | None,
    provider: str | None,
    reroll: tuple[str, ...],
    everything: bool,
    as_json: bool,
) -> int:
    """Show what a run would ask, reuse and pay. Sends nothing and writes nothing.

    RECIPE is a path, or the name of a recipe shipped with seedflow (see seedflow list).
    """
    session = start(provider)
    planned = plan_from_options(recipe, inputs, inputs_file, session, Reroll(reroll, several=True))
    if planned.plan is None or not planned.ok:
        if as_json:
            print_json({"diagnostics": [found.to_json() for found in planned.diagnostics]})
        else:
            print_diagnostics(planned.diagnostics)
        return ExitCode.RECIPE_ERRORS
    if as_json:
        found = [diagnostic.to_json() for diagnostic in planned.diagnostics]
        print_json({**build_plan_json(planned.plan), "diagnostics": found})
    else:
        print_diagnostics(planned.diagnostics)
        if planned.diagnostics:
            say()
        console = open_console()
        for line in introduce(planned.plan, session):
            print_folded(console, line)
        console.print()
        print_plan(planned.plan, console, everything=everything)
        budgets = find_budgets(planned.plan, session.settings)
        refusal = _find_bucket_problem(planned.plan, session)
        refusal = refusal or find_refusal(planned.plan, budgets, planned.spent)
        pause = find_pause(planned.plan, budgets, planned.spent)
        stop = find_stop(planned.plan, budgets, planned.spent)
        if refusal is not None:
            told = f"A run would not begin: {make_printable(refusal)}."
        elif pause is not None:
            told = (
                f"A run stops on its way, and goes on when it is run on another day: {make_printable(pause)}."
            )
        elif stop is not None:
            told = f"{make_printable(stop)}."
        else:
            return ExitCode.DONE
        console.print()
        print_folded(console, Text(told, style="bold yellow"))
    return ExitCode.DONE


def _find_bucket_problem(plan: Plan, session: Session) -> str | None:
    """Why its references could not travel by a bucket as the settings want it."""
    try:
        find_bucket(plan, session)
    except UsageError as error:
        return f"{error.message}; {error.help}" if error.help else error.message
    return None
