"""`seedflow check`: every mistake in recipes, with file, line and column."""

from __future__ import annotations

import click

from seedflow.cli.completion_values import complete_recipes
from seedflow.cli.help import Command
from seedflow.cli.named_recipe import check_named
from seedflow.cli.session import start
from seedflow.cli.terminal import print_diagnostics, print_json, say
from seedflow.errors import ExitCode


@click.command(
    "check",
    cls=Command,
    examples=(
        ("seedflow check my.yaml", ""),
        ("seedflow check recipes/*.yaml --json", ""),
    ),
)
@click.argument("recipes", nargs=-1, required=True, metavar="FILE...", shell_complete=complete_recipes)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(recipes: tuple[str, ...], as_json: bool) -> int:
    """Find every mistake in recipes, with file, line and column. Needs no inputs, asks nobody, costs nothing."""
    session = start()
    results = [(recipe, check_named(recipe, session, with_defaults=True)) for recipe in recipes]
    found = [diagnostic for _, checked in results for diagnostic in checked.diagnostics]
    ok = all(checked.ok for _, checked in results)
    if as_json:
        print_json(
            {
                "ok": ok,
                "files": [{"file": recipe, "ok": checked.ok} for recipe, checked in results],
                "diagnostics": [diagnostic.to_json() for diagnostic in found],
            }
        )
    else:
        print_diagnostics(found)
        if ok:
            names = f"{len(results)} recipes" if len(results) > 1 else recipes[0]
            say(f"{names}: {'can be planned' if found else 'no problems'}")
    return ExitCode.DONE if ok else ExitCode.RECIPE_ERRORS
