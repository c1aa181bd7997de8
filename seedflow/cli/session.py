"""What every command needs first: settings, the catalog, and the recipe that was named."""

from __future__ import annotations

import sys
from pathlib import Path

from seedflow.cli.terminal import print_diagnostics
from seedflow.diagnostics.suggest import find_near
from seedflow.errors import UsageError
from seedflow.pipeline.check import Checked, check_recipe
from seedflow.pipeline.session import Session, open_session, refuse_broken_models
from seedflow.recipe.shipped import find_shipped, list_blocks, list_shipped
from seedflow.settings.load import load_settings
from seedflow.text.characters import describe, find_control, is_unicode
from seedflow.text.files import find_current_folder, is_there


def start(provider: str | None = None, *, quiet: bool = False) -> Session:
    """Settings of this folder and the catalog. What is wrong with settings and model files is printed, unless `quiet`.

    Raises:
        UsageError: this is no place to work in, or, unless `quiet`, a model file has errors.
    """
    _refuse_ascii()
    folder = find_current_folder()
    refuse_odd_name(folder, "the current folder")
    settings = load_settings(folder, provider=provider)
    refuse_odd_name(settings.state_folder, "the state folder")
    session = open_session(settings, folder)
    if not quiet:
        print_diagnostics((*settings.diagnostics, *session.model_problems))
        refuse_broken_models(session)
    return session


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


def _find_here(name: str) -> Path | None:
    """A file in this project that a name without a path may be meant for."""
    places = (Path(folder, name + ending) for folder in ("", "recipes") for ending in (".yaml", ".yml"))
    return next((path for path in places if path.is_file()), None)


def _refuse_ascii() -> None:
    """Addresses, and so names of files, may have any letter; a file system that is asked for ASCII refuses them late."""
    encoding = sys.getfilesystemencoding()
    if encoding.lower().replace("-", "") != "utf8":
        raise UsageError(
            f"file names are written in {encoding} here, and seedflow needs UTF-8",
            help="set LC_ALL=C.UTF-8, or leave PYTHONUTF8 unset",
        )


def refuse_odd_name(path: Path, what: str) -> None:
    """Refuse a path that the ledger could not keep as text, or whose name no prompt may hold.

    Raises:
        UsageError: it is not UTF-8, or holds a control character.
    """
    if not is_unicode(str(path)):
        raise UsageError(
            f"{what} has a name that is not UTF-8: {path}", help="rename it; the ledger keeps names as text"
        )
    control = find_control(str(path))
    if control is not None:
        raise UsageError(
            f"{what} has a name with {describe(str(path)[control])}, which is not allowed in a text: {path}",
            help="rename it",
        )


def check_named(recipe: str, session: Session, *, with_defaults: bool = False) -> Checked:
    """A recipe named on the command line, checked; on request the files of its defaults, too."""
    path, name = find_recipe(recipe)
    return check_recipe(path, session, name=name, with_defaults=with_defaults)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
