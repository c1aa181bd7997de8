"""The recipes that ship with seedflow, by name: beside the package when installed, in `recipes/` of a checkout.

Those in its folder `blocks` are made to be used by others, as `recipe: NAME`; they can be run as well, but nobody is shown them to run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from seedflow.text.files import is_file, real_path

_PACKAGE = Path(__file__).resolve().parent.parent
_BLOCKS = "blocks"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class ShippedRecipe:
    """A recipe that ships with seedflow; `name` is what one writes to run it."""

    name: str
    path: Path


def list_shipped() -> tuple[ShippedRecipe, ...]:
    """All shipped recipes that are made to be run, by name. Opens none of them."""
    folder = _find_folder()
    return () if folder is None else _list_folder(folder)


def list_blocks() -> tuple[ShippedRecipe, ...]:
    """All shipped recipes that are made to be used by others, by name. Opens none of them."""
    folder = _find_folder()
    return () if folder is None else _list_folder(folder / _BLOCKS)


def find_shipped(name: str) -> Path | None:
    """The file of a shipped recipe, or None. A name is never a path."""
    folder = _find_folder()
    if folder is None or not _NAME.fullmatch(name):
        return None
    paths = (place / f"{name}.yaml" for place in (folder, folder / _BLOCKS))
    return next((path for path in paths if is_file(path)), None)


def is_shipped(path: Path) -> bool:
    """Whether a file is one of the shipped recipes or blocks, so that nothing may be written beside it."""
    folder = _find_folder()
    return folder is not None and real_path(path).parent in (real_path(folder), real_path(folder / _BLOCKS))


def name_shipped(path: Path) -> str:
    """What messages call the file of a shipped recipe, wherever seedflow is installed."""
    block = path.parent.name == _BLOCKS
    return f"shipped/{_BLOCKS}/{path.name}" if block else f"shipped/{path.name}"


def _list_folder(folder: Path) -> tuple[ShippedRecipe, ...]:
    files = (path for path in folder.glob("*.yaml") if _NAME.fullmatch(path.stem) and path.is_file())
    return tuple(ShippedRecipe(path.stem, path) for path in sorted(files))


def _find_folder() -> Path | None:
    installed = _PACKAGE / "shipped"
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent
    return (
        checkout / "recipes"
        if (checkout / "pyproject.toml").is_file() and (checkout / "recipes").is_dir()
        else None
    )
