"""`seedflow list`: the recipes in this folder and those shipped with seedflow."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from seedflow.cli.columns import print_columns
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.session import start
from seedflow.cli.terminal import print_json, say
from seedflow.diagnostics import has_errors
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode
from seedflow.pipeline.check import Checked, check_recipe
from seedflow.pipeline.session import Session
from seedflow.recipe.shipped import ShippedRecipe, list_blocks, list_shipped
from seedflow.text.files import is_file, real_path

_KEY: Final = re.compile(r"""(["']?)seedflow\1\s*:""")
"""Every recipe has this key; a YAML file without it is not one."""

_KEY_IN_BRACES: Final = re.compile(rf"(?:^|[{{,])\s*{_KEY.pattern}")


@click.command(
    "list",
    cls=Command,
    examples=(
        ("seedflow list", ""),
        ("seedflow list --json", ""),
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(as_json: bool) -> int:
    """List the recipes in this folder and those shipped with seedflow."""
    session = start()
    unread: list[str] = []
    paths = find_recipes(
        session.folder, lambda path, error: unread.append(_spell_unread(path, error, session))
    )
    here = [_describe(str(path), path, session) for path in paths]
    listed = {real_path(session.folder / path) for path in paths}
    shipped = _describe_shipped(list_shipped(), listed, session)
    blocks = _describe_shipped(list_blocks(), listed, session)
    for line in unread:
        say(line)
    if as_json:
        print_json({"here": here, "shipped": shipped, "blocks": blocks})
        return ExitCode.DONE
    console = open_console()
    titled = (("Here", here), ("Shipped", shipped), ("To build with, as recipe: NAME", blocks))
    for number, (title, recipes) in enumerate((title, recipes) for title, recipes in titled if recipes):
        if number:
            console.print()
        console.print(Text(title, style="bold"))
        print_columns(console, [_row(recipe) for recipe in recipes])
    return ExitCode.DONE


def _spell_unread(path: Path, error: OSError, session: Session) -> str:
    name = "this folder" if path == session.folder else make_printable(str(path.relative_to(session.folder)))
    return f"warning: {name} cannot be read, and what is in it is not listed: {error.strerror or error}"


def _describe_shipped(
    recipes: tuple[ShippedRecipe, ...], listed: Collection[Path], session: Session
) -> list[dict[str, object]]:
    return [
        _describe(recipe.name, recipe.path, session)
        for recipe in recipes
        if real_path(recipe.path) not in listed
    ]


def _row(recipe: Mapping[str, object]) -> tuple[Text, Text]:
    name = Text(make_printable(str(recipe["name"])), style="cyan")
    if not recipe["ok"]:
        return name, Text(f"has errors: seedflow check {name.plain}", style="red")
    return name, Text(make_printable(str(recipe["description"] or "")).replace("\n", " "))


def find_recipes(folder: Path, on_unreadable: Callable[[Path, OSError], None]) -> list[Path]:
    """YAML files of a folder and of its `recipes/` that begin like recipes, relative to it, sorted; told of what cannot be read."""
    found: list[Path] = []
    for place in (folder, folder / "recipes"):
        try:
            names = sorted(os.listdir(place))  # noqa: PTH208 - the names alone are wanted
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            on_unreadable(place, error)
            continue
        for name in names:
            path = place / name
            if path.suffix.lower() not in (".yaml", ".yml") or name.startswith(".") or not is_file(path):
                continue
            try:
                if _looks_like_one(path):
                    found.append(path.relative_to(folder))
            except OSError as error:
                on_unreadable(path, error)
    return found


def _looks_like_one(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        lines = (line for line in file if line.strip() and not line.startswith(("#", "---", "%")))
        first = next(lines, "")
        find = _KEY_IN_BRACES.search if first.lstrip().startswith("{") else _KEY.match
        return any(find(line) for line in (first, *lines))


def _describe(name: str, path: Path, session: Session) -> dict[str, object]:
    checked: Checked = check_recipe(path, session, name=name)
    recipe = checked.recipe
    return {
        "name": name,
        "path": str(path),
        "ok": not has_errors(checked.diagnostics),
        "description": None if recipe is None else recipe.description,
    }
