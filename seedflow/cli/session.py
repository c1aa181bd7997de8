"""What every command needs first: settings, the catalog, and the recipe that was named."""

from __future__ import annotations

from pathlib import Path

from seedflow.cli.terminal import print_diagnostics
from seedflow.diagnostics.suggest import find_near
from seedflow.errors import UsageError
from seedflow.pipeline.check import Checked, check_recipe
from seedflow.pipeline.session import Session, open_session
from seedflow.recipe.shipped import find_shipped, list_shipped
from seedflow.settings.load import load_settings


def start(provider: str | None = None) -> Session:
    """Settings of this folder and the catalog."""
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
    shipped = find_shipped(text)
    if shipped is not None:
        return shipped, _short(shipped)
    names = [recipe.name for recipe in list_shipped()]
    near = find_near(text, names)
    hint = f"did you mean {near}?" if near else "see seedflow list"
    raise UsageError(f"there is no recipe {text!r}: neither a file here nor a shipped recipe", help=hint)


def check_named(recipe: str, session: Session) -> Checked:
    """A recipe named on the command line, checked."""
    path, name = find_recipe(recipe)
    return check_recipe(path, session, name=name)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
