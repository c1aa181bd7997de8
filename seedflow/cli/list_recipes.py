"""`seedflow list`: the recipes in this folder and those shipped with seedflow."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from seedflow.cli.session import start
from seedflow.cli.terminal import open_console, print_json
from seedflow.diagnostics import has_errors
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode
from seedflow.pipeline.check import Checked, check_recipe
from seedflow.pipeline.session import Session
from seedflow.recipe.shipped import list_shipped

MARK = "seedflow:"
"""Every recipe has this key; a YAML file without it is not one."""


@click.command("list", epilog="\b\nExamples:\n  seedflow list\n  seedflow list --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(as_json: bool) -> int:
    """List the recipes in this folder and those shipped with seedflow."""
    session = start()
    here = [_describe(str(path), path, session) for path in find_recipes(session.folder)]
    shipped = [_describe(recipe.name, recipe.path, session) for recipe in list_shipped()]
    if as_json:
        print_json({"here": here, "shipped": shipped})
        return ExitCode.DONE
    console = open_console()
    for title, recipes in (("Here", here), ("Shipped", shipped)):
        if not recipes:
            continue
        console.print(Text(title, style="bold"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
        table.add_column(no_wrap=True, style="cyan")
        table.add_column(overflow="fold")
        for recipe in recipes:
            what = (
                make_printable(str(recipe["description"] or ""))
                if recipe["ok"]
                else "has errors; see seedflow check"
            )
            table.add_row(make_printable(str(recipe["name"])), what)
        console.print(table)
    return ExitCode.DONE


def find_recipes(folder: Path) -> list[Path]:
    """YAML files of a folder and of its `recipes/` that begin like recipes, relative to it, sorted."""
    found = [
        path
        for place in (folder, folder / "recipes")
        if place.is_dir()
        for path in sorted(place.glob("*.y*ml"))
    ]
    return [
        path.relative_to(folder)
        for path in found
        if path.suffix in (".yaml", ".yml") and _looks_like_one(path)
    ]


def _looks_like_one(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return any(line.startswith(MARK) for line in file)
    except OSError:
        return False


def _describe(name: str, path: Path, session: Session) -> dict[str, object]:
    checked: Checked = check_recipe(path, session, name=name)
    recipe = checked.recipe
    return {
        "name": name,
        "path": str(path),
        "ok": not has_errors(checked.diagnostics),
        "description": None if recipe is None else recipe.description,
    }
