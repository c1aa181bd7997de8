"""What every command needs first: settings and the catalog. What judges recipes is not loaded for it; see `named_recipe`."""

from __future__ import annotations

import sys
from pathlib import Path

from seedflow.cli.terminal import print_diagnostics
from seedflow.errors import UsageError
from seedflow.pipeline.session import Session, open_session, refuse_broken_models
from seedflow.settings.load import load_settings
from seedflow.text.characters import describe, find_control, is_unicode
from seedflow.text.files import find_current_folder


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
