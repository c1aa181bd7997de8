"""Whether outputs can be written to a folder: found out before anything is paid, by trying."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from seedflow.diagnostics.printable import make_printable
from seedflow.errors import UsageError
from seedflow.failpoints import Step
from seedflow.settings.files import STATE_FOLDER
from seedflow.store.state import StateFolder
from seedflow.text.files import real_path

_TRIED: Final = ".seedflow-tried-"
"""A name of its own: what others try may be removed at any moment, files of theirs that are arriving (`.seedflow-…`) must not be."""
_LONGEST_SHOWN: Final = 200
_HELP: Final = "choose another folder with --out DIR"


def refuse_as_folder(folder: Path, state_folder: Path) -> None:
    """See that outputs can be written below a folder, which need not exist yet and is no part of the state. Leaves nothing behind.

    Raises:
        UsageError: they cannot.
    """
    if not _is_path(folder):
        raise UsageError(
            f"outputs cannot be written to {make_printable(str(folder))}: no folder can have such a name",
            help=_HELP,
        )
    state = find_state_around(folder, state_folder)
    if state is not None:
        raise UsageError(
            f"outputs cannot be written to {_shorten(str(folder))}: it belongs to the state {_shorten(str(state))}",
            help=_HELP,
        )
    nearest = _find_nearest(folder.absolute())
    found, help_ = _find_obstacle(folder.absolute(), nearest), _HELP
    if found is None:
        found, help_ = _try(nearest), f"see that the disk has room and may be written, or {_HELP}"
    if found is not None:
        raise UsageError(f"outputs cannot be written to {_shorten(str(folder))}: {found}", help=help_)


def find_state_around(place: Path, own: Path) -> Path | None:
    """The state that a place is, or lies in, or would: the project's (`own`) or any other, links followed, by whatever name."""
    if real_path(place).is_relative_to(real_path(own)):
        return own
    for folder in (real_path(place), *real_path(place).parents):
        there = StateFolder(folder)
        if folder.name == STATE_FOLDER:
            return folder
        with suppress(OSError):  # a name that the system does not take is nobody's state
            if there.version.is_file() and there.ledger.is_file():
                return folder
    return None


def _is_path(folder: Path) -> bool:
    """Whether the system can be asked for it at all."""
    try:
        return b"\0" not in os.fsencode(folder)
    except UnicodeEncodeError:
        return False


def _find_nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            place.lstat()
            return place
    return folder


def _find_obstacle(folder: Path, nearest: Path) -> str | None:
    if not nearest.is_dir():
        return f"{nearest} is not a folder"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"{nearest} is not writable"
    longest = os.pathconf(nearest, "PC_NAME_MAX")
    if any(len(os.fsencode(name)) > longest for name in folder.relative_to(nearest).parts):
        return f"a name in it has more than {longest:,} bytes"
    if len(os.fsencode(folder)) >= os.pathconf(nearest, "PC_PATH_MAX"):
        return "the path is longer than the system takes"
    return None


def _try(nearest: Path) -> str | None:
    try:
        _tidy(nearest)
        with Step.OUTPUT_TRIED:
            tried = Path(tempfile.mkdtemp(prefix=_TRIED, dir=nearest))
            with suppress(FileNotFoundError):  # another run tidied it
                tried.rmdir()
    except OSError as error:
        return f"nothing can be made in {nearest}: {error.strerror or error}"
    return None


def _tidy(place: Path) -> None:
    """Remove what processes left that were killed while they tried; nobody keeps anything in it."""
    for left in place.glob(f"{_TRIED}*"):
        with suppress(OSError), Step.OUTPUT_TRIED:  # not a folder, not empty, or gone
            left.rmdir()


def _shorten(text: str) -> str:
    """What the system calls too long is too long to be read, too."""
    return (
        text
        if len(text) <= _LONGEST_SHOWN
        else f"{text[: _LONGEST_SHOWN // 2]}…{text[-_LONGEST_SHOWN // 2 :]}"
    )
