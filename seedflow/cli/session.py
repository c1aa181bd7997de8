"""What nearly every command needs first: settings, the catalog, the recipe that was named, and the inputs given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seedflow.cli.terminal import print_diagnostics
from seedflow.errors import UsageError

if TYPE_CHECKING:
    from seedflow.pipeline import Checked, Planned, Session

F = TypeVar("F", bound=Callable[..., Any])

RECIPE_HELP = "RECIPE is a path, or the name of a recipe shipped with seedflow (see seedflow list)."


def input_options(function: F) -> F:
    """`-i`, `--inputs`, `--provider`: shared by every command that plans."""
    for option in (
        click.option(
            "--provider", "provider", metavar="NAME", help="Who makes the images: cloudflare or sketch."
        ),
        click.option(
            "--inputs",
            "inputs_file",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="A YAML file of input values.",
        ),
        click.option(
            "-i",
            "--input",
            "inputs",
            metavar="NAME=VALUE",
            multiple=True,
            help="An input's value; repeat it for lists.",
        ),
    ):
        function = option(function)
    return function


def start(provider: str | None = None) -> Session:
    """Settings of this folder and the catalog."""
    from seedflow.pipeline import open_session
    from seedflow.settings.load import load_settings

    folder = Path.cwd()
    settings = load_settings(folder, provider=provider)
    print_diagnostics(settings.diagnostics)
    return open_session(settings, folder)


def find_recipe(text: str) -> tuple[Path, str]:
    """The file of a recipe named on the command line, and what messages call it.

    Raises:
        UsageError: neither a file nor the name of a shipped recipe.
    """
    path = Path(text)
    if path.exists() or path.suffix in (".yaml", ".yml") or "/" in text:
        return path, text
    from seedflow.recipe.shipped import find_shipped, list_shipped

    shipped = find_shipped(text)
    if shipped is not None:
        return shipped, _short(shipped)
    from seedflow.diagnostics.suggest import find_near

    names = [recipe.name for recipe in list_shipped()]
    near = find_near(text, names)
    hint = f"did you mean {near}?" if near else "see seedflow list"
    raise UsageError(f"there is no recipe {text!r}: neither a file here nor a shipped recipe", help=hint)


def plan_from_options(
    recipe: str, inputs: Sequence[str], inputs_file: Path | None, session: Session
) -> Planned:
    """A recipe named on the command line to its plan, with whatever was found on the way."""
    from seedflow.pipeline import Planned, plan_recipe
    from seedflow.recipe.given import collect_inputs

    checked = check_named(recipe, session)
    given, wrong = collect_inputs(arguments=inputs, file=inputs_file)
    if wrong:
        return Planned(checked, None, None, (*checked.diagnostics, *wrong))
    return plan_recipe(checked, given, session)


def check_named(recipe: str, session: Session) -> Checked:
    """A recipe named on the command line, checked."""
    from seedflow.pipeline import check_recipe

    path, name = find_recipe(recipe)
    return check_recipe(path, session, name=name)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
