"""The recipe that a command names: its file, and what checking says of it."""

from __future__ import annotations

from pathlib import Path

from seedflow.cli.session import refuse_odd_name
from seedflow.diagnostics.suggest import find_near
from seedflow.errors import UsageError
from seedflow.pipeline.check import Checked, check_recipe
from seedflow.pipeline.session import Session
from seedflow.recipe.shipped import find_shipped, list_blocks, list_shipped
from seedflow.text.files import is_there


def find_recipe(text: str) -> tuple[Path, str]:
    """The file of a recipe named on the command line, and what messages call it.

    Raises:
        UsageError: neither a file nor the name of a shipped recipe.
    """
    if not text.strip():
        raise UsageError("found an empty name, expected a recipe's path or name", help="see seedflow list")
    try:
        path = Path(text).expanduser() if text.startswith("~") else Path(text)
    except RuntimeError:
        raise UsageError(f"`{text}` names a home that is not known", help="write the whole path") from None
    refuse_odd_name(path, "the recipe")
    if is_there(path) or path.suffix in (".yaml", ".yml") or "/" in text:
        return path, text
    shipped = find_shipped(text)
    if shipped is not None:
        return shipped, _short(shipped)
    here = _find_here(text)
    if here is not None:
        raise UsageError(f"there is no recipe `{text}` shipped with seedflow", help=f"did you mean {here}?")
    names = [recipe.name for recipe in (*list_shipped(), *list_blocks())]
    near = find_near(text, names)
    hint = f"did you mean `{near}`?" if near else "`seedflow list` shows what there is"
    raise UsageError(
        f"there is no recipe `{text}`: neither a file here nor one shipped with seedflow", help=hint
    )


def check_named(recipe: str, session: Session, *, with_defaults: bool = False) -> Checked:
    """A recipe named on the command line, checked; on request the files of its defaults, too."""
    path, name = find_recipe(recipe)
    return check_recipe(path, session, name=name, with_defaults=with_defaults)


def _find_here(name: str) -> Path | None:
    """A file in this project that a name without a path may be meant for."""
    places = (Path(folder, name + ending) for folder in ("", "recipes") for ending in (".yaml", ".yml"))
    return next((path for path in places if path.is_file()), None)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
