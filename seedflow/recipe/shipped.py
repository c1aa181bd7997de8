"""The recipes that ship with seedflow, by name: beside the package when installed, in `recipes/` of a checkout."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class ShippedRecipe:
    """A recipe that ships with seedflow; `name` is what one writes to run it."""

    name: str
    path: Path


def list_shipped() -> tuple[ShippedRecipe, ...]:
    """All shipped recipes, by name. Opens none of them."""
    folder = _find_folder()
    if folder is None:
        return ()
    files = (path for path in folder.glob("*.yaml") if _NAME.fullmatch(path.stem) and path.is_file())
    return tuple(ShippedRecipe(path.stem, path) for path in sorted(files))


def find_shipped(name: str) -> Path | None:
    """The file of a shipped recipe, or None. A name is never a path."""
    folder = _find_folder()
    if folder is None or not _NAME.fullmatch(name):
        return None
    path = folder / f"{name}.yaml"
    return path if path.is_file() else None


def is_shipped(path: Path) -> bool:
    """Whether a file is one of the shipped recipes, so that nothing may be written beside it."""
    folder = _find_folder()
    return folder is not None and (_PACKAGE / "shipped").is_dir() and path.resolve().parent == folder


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
