"""`seedflow show`: a recipe's inputs, steps and outputs."""

from __future__ import annotations

import click
from rich.text import Text

from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.completion_values import complete_recipes
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.input_text import describe_input, list_inputs
from seedflow.cli.session import check_named, start
from seedflow.cli.terminal import print_diagnostics, print_json
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode
from seedflow.graph.model import StepGraph
from seedflow.recipe.model import Recipe


@click.command(
    "show",
    cls=Command,
    examples=(
        ("seedflow show storybook", ""),
        ("seedflow show my.yaml --json", ""),
    ),
)
@click.argument("recipe", shell_complete=complete_recipes)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(recipe: str, as_json: bool) -> int:
    """Show what a recipe takes, what its steps are and what it gives.

    RECIPE is a path, or the name of a recipe shipped with seedflow (see seedflow list).
    """
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


def describe_recipe(recipe: Recipe, graph: StepGraph) -> dict[str, object]:
    """A recipe as plain data: `name`, `description`, `inputs`, `steps`, `outputs`."""
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
                "needs": list(graph.needs(step_id)),
            }
            for step_id in graph.order
        },
        "outputs": list(graph.outputs),
    }


def _print(recipe: Recipe, graph: StepGraph) -> None:
    console = open_console()
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
                "after " + ", ".join(graph.needs(step_id)) if graph.needs(step_id) else "at once",
                graph.steps[step_id].step.description or "",
            )
            for step_id in graph.order
        ],
    )
    section("Outputs", [_line(name, "", "") for name in graph.outputs])


def _line(name: str, what: str, why: str) -> tuple[Text, Text, Text]:
    return Text(make_printable(name), "cyan"), Text(make_printable(what), "dim"), Text(make_printable(why))
