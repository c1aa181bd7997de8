"""Where a recipe's picks file lies, and the one way to change it: read again under a lock, then replaced as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from seedflow.diagnostics import Diagnostic, Source, has_errors
from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.recipe.picks import Picks, load_picks, parse_picks
from seedflow.recipe.shipped import is_shipped
from seedflow.store.durable import open_private, sync_descriptor, sync_folder, write_all
from seedflow.store.failures import disk_errors
from seedflow.store.locks import KernelLock

SHIPPED_PICKS: Final = ".shipped.picks.yaml"
"""What the picks file of a shipped recipe ends with."""
LOCK_TIMEOUT_S: Final = 30.0
_NEW_FILE_MODE: Final = 0o666
"""Less what the user's umask takes away, as for any file of a project."""

_HELP_BY_KIND: Final = {
    "disk-full": "free some room on this disk and run again; the file is as it was",
    "read-only": "make the file and its folder writable, or copy the recipe into a folder of your own",
    "unsafe": "put a regular file there, or nothing",
    "missing": "make its folder first",
    "busy": "wait for the other process, or end it, and run again",
    "no-locks": "copy the recipe to a disk with locks: two runs must not lose each other's picks",
}


def locate_picks(recipe: Path) -> Path:
    """The picks file of a recipe file: `storybook.picks.yaml` beside `storybook.yaml`."""
    return recipe.with_name(f"{recipe.stem}.picks.yaml")


def find_picks_path(recipe: Path | None, project: Path) -> Path:
    """Where a recipe's picks lie: beside it, or in the project's folder when seedflow ships it or it has no file."""
    if recipe is None or is_shipped(recipe):
        return locate_shipped_picks("recipe" if recipe is None else recipe.stem, project)
    return locate_picks(recipe)


def locate_shipped_picks(name: str, project: Path) -> Path:
    """The picks file of a shipped recipe, in the project's folder: an installation is not the user's to write in.

    Its name differs from that of the project's own recipe of the same name, whose picks it must not replace.
    """
    return project / f"{name}{SHIPPED_PICKS}"


def require_writable(path: Path) -> None:
    """See that a picks file could be written, before anything is paid for that would have to be written there.

    Raises:
        StoreError: (`read-only`, `missing`, `unsafe`) it could not.
    """
    with _explained(path), disk_errors(path):
        if path.is_symlink():
            raise StoreError("it is a symbolic link", kind="unsafe")
        if not path.parent.is_dir():
            raise StoreError("its folder does not exist", kind="missing")
        for part in (path.parent, *([path] if path.exists() else [])):
            if not os.access(part, os.W_OK):
                raise StoreError("it is not writable for this user", kind="read-only")


def update_picks(
    path: Path, change: Callable[[Picks], Picks], *, name: str | None = None
) -> tuple[Picks, list[Diagnostic]]:
    """Change a picks file durably; what others wrote meanwhile is read first and kept.

    Args:
        path: where it is, or will be.
        change: gives the new picks for those that it finds.
        name: what messages call it, the path itself by default.

    Returns:
        The new picks, and what is wrong with the file. With an error nothing was changed.

    Raises:
        StoreError: the disk refuses; the file is as it was.
    """
    if not os.path.lexists(path) and change(Picks()) == Picks():
        return Picks(), []
    with _explained(path):
        with disk_errors(path), suppress(FileExistsError), Step.PICKS_FILE:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(path, flags, _NEW_FILE_MODE))
        lock = KernelLock(
            path
        )  # of the file that is there now: once it was replaced, the others take the new one's
        try:
            with disk_errors(path):
                lock.acquire(LOCK_TIMEOUT_S)
            found, problems = load_picks(path, name=name)
            if has_errors(problems):
                return found, problems
            changed = change(found)
            if changed.takes == found.takes:
                return found, problems
            written, wrong = parse_picks(Source(name or str(path), changed.render()))
            if has_errors(wrong) or written.takes != changed.takes:
                return found, [*problems, _report_unwritable(name or str(path))]
            with disk_errors(path):
                _replace(path, written.text.encode())
            return written, problems
        finally:
            lock.close()


def _report_unwritable(name: str) -> Diagnostic:
    return Diagnostic(
        "wrong-picks",
        f"the takes cannot be written into `{name}` without harming what else stands in it",
        help="take out what is no plain mapping, such as `...`; nothing was changed",
    )


def _replace(path: Path, data: bytes) -> None:
    """Put a whole new file in the place of the old one, with its permissions; whoever holds the lock is alone here."""
    new = path.with_name(f".{path.name}.new")
    mode = path.stat().st_mode & 0o777
    try:
        with Step.PICKS_WRITE:
            descriptor = open_private(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                os.fchmod(descriptor, mode)
                write_all(descriptor, data)
                sync_descriptor(descriptor)
            finally:
                os.close(descriptor)
        with Step.PICKS_RENAME:
            new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say of any refusal that it is about picks, and what to do about it."""
    try:
        yield
    except StoreError as error:
        reason = error.message.removeprefix(f"{path}: ")
        raise StoreError(
            f"{path}: the current takes cannot be written here: {reason}",
            kind=error.kind,
            help=_HELP_BY_KIND.get(error.kind, error.help),
        ) from error
