"""`seedflow show`: a recipe's inputs, steps and outputs."""

from __future__ import annotations

import sys
from typing import Final

import click
from rich.text import Text

from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.completion_values import complete_recipes
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.input_text import describe_input, list_inputs
from seedflow.cli.named_recipe import check_named, find_recipe
from seedflow.cli.session import start
from seedflow.cli.terminal import print_diagnostics, print_json, say
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode, UsageError
from seedflow.graph.model import StepGraph
from seedflow.graph.waits import find_waits
from seedflow.recipe.model import Recipe
from seedflow.recipe.shipped import is_shipped

_BESIDE: Final = ("samples/", "prompts/")
"""Folders of the shipped recipes whose files these name."""


@click.command(
    "show",
    cls=Command,
    examples=(
        ("seedflow show storybook", ""),
        ("seedflow show my.yaml --json", ""),
        ("seedflow show storybook --source > my.yaml", "to change it"),
    ),
)
@click.argument("recipe", shell_complete=complete_recipes)
@click.option("--source", is_flag=True, help="Print the recipe's file as it is.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(recipe: str, source: bool, as_json: bool) -> int:
    """Show what a recipe takes, what its steps are and what it gives.

    RECIPE is a path, or the name of a recipe shipped with seedflow (see seedflow list).
    """
    if source:
        if as_json:
            raise UsageError("--source and --json are two forms of output", help="leave one of them away")
        _print_source(recipe)
        return ExitCode.DONE
    checked = check_named(recipe, start())
    if checked.recipe is None or checked.graph is None:
        print_diagnostics(checked.diagnostics)
        return ExitCode.RECIPE_ERRORS
    described = describe_recipe(checked.recipe, checked.graph)
    if as_json:
        print_json(described)
    else:
        _print(checked.recipe, checked.graph)
    if not checked.ok:
        print_diagnostics(checked.diagnostics)
        return ExitCode.RECIPE_ERRORS
    return ExitCode.DONE


def _print_source(recipe: str) -> None:
    """The file word for word, and of a shipped one the files that it names and that a copy will not find.

    Raises:
        UsageError: it cannot be read.
    """
    path, _ = find_recipe(recipe)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{path} cannot be read: {reason}", help="check the path") from None
    sys.stdout.write(text)
    beside = sorted({name for name in _BESIDE if name in text}) if is_shipped(path) else []
    if beside:
        say(f"note: it names files of {' and '.join(beside)}, which stand beside it in {path.parent}")


def describe_recipe(recipe: Recipe, graph: StepGraph) -> dict[str, object]:
    """A recipe as plain data: `name`, `description`, `inputs`, `steps`, `outputs`."""
    waits = find_waits(graph)
    return {
        "name": recipe.name,
        "description": recipe.description,
        "inputs": {name: describe_input(declared) for name, declared in recipe.inputs.items()},
        "steps": {
            step_id: {
                "description": graph.steps[step_id].step.description,
                "for_each": [
                    name for variable in graph.steps[step_id].step.for_each for name in variable.names
                ],
                "needs": list(waits[step_id]),
            }
            for step_id in graph.order
        },
        "outputs": list(graph.outputs),
    }


def _print(recipe: Recipe, graph: StepGraph) -> None:
    console = open_console()
    waits = find_waits(graph)
    console.print(Text(make_printable(recipe.name), style="bold"))
    if recipe.description:
        print_folded(console, Text(make_printable(recipe.description)))

    def section(title: str, rows: list[tuple[Text, Text, Text]]) -> None:
        if rows:
            console.print()
            console.print(Text(title, style="bold"))
            print_columns(console, rows)

    section("Inputs", list(list_inputs(recipe.inputs.values())))
    section(
        "Steps",
        [
            _line(
                step_id
                + "".join(
                    f"[{name}]" for variable in graph.steps[step_id].step.for_each for name in variable.names
                ),
                "after " + ", ".join(waits[step_id]) if waits[step_id] else "at once",
                graph.steps[step_id].step.description or "",
            )
            for step_id in graph.order
        ],
    )
    section("Outputs", [_line(name, "", "") for name in graph.outputs])


def _line(name: str, what: str, why: str) -> tuple[Text, Text, Text]:
    return Text(make_printable(name), "cyan"), Text(make_printable(what), "dim"), Text(make_printable(why))
