"""Files that survive a crash and cannot be led astray: synced, private, never opened through a symbolic link."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from seedflow.errors import StoreError
from seedflow.failpoints import Step

FOLDER_MODE = 0o700
FILE_MODE = 0o600

_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


def sync_descriptor(descriptor: int) -> None:
    """Wait until what was written is on the medium itself (on macOS `fsync` alone stops at the drive's cache)."""
    if _FULL_SYNC is not None:
        fcntl.fcntl(descriptor, _FULL_SYNC)
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with Step.FOLDER_SYNC:
            sync_descriptor(descriptor)
    finally:
        os.close(descriptor)


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a regular file of ours, mode 0600 when it is created.

    Raises:
        OSError: the system's refusal; `ELOOP` for a symbolic link.
        StoreError: not a regular file.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, FILE_MODE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StoreError(
            f"{path}: expected a regular file, found {name_kind(path)}",
            kind="unsafe",
            help="put the file itself there, or move away what is there and run again",
        )
    return descriptor


def make_folder(folder: Path) -> None:
    """Make a private folder durably, or accept the one that is there.

    Raises:
        StoreError: something else stands there, a symbolic link included.
    """
    try:
        with Step.FOLDER_MAKE:
            folder.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        refuse_instead_of_folder(folder)
    else:
        sync_folder(folder.parent)


def refuse_instead_of_folder(path: Path) -> None:
    """See that a folder stands there, or nothing.

    Raises:
        StoreError: something else does, a symbolic link included.
    """
    if os.path.lexists(path) and not stat.S_ISDIR(path.lstat().st_mode):
        raise StoreError(
            f"{path}: expected a folder, found {name_kind(path)}",
            kind="unsafe",
            help="put the folder itself there, or move away what is there, and the next run makes the folder",
        )


def name_kind(path: Path) -> str:
    """What stands there, in words."""
    mode = path.lstat().st_mode
    kinds = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISREG, "a file"), (stat.S_ISDIR, "a folder"))
    return next((words for is_one, words in kinds if is_one(mode)), "something else")


def write_durably(path: Path, data: bytes) -> None:
    """Write a whole small file or none: a temporary name beside it, sync, rename, sync the folder."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with Step.SMALL_WRITE:
        descriptor = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        with Step.SMALL_SYNC:
            write_all(descriptor, data)
            sync_descriptor(descriptor)
    finally:
        os.close(descriptor)
    with Step.SMALL_RENAME:
        temporary.replace(path)
    sync_folder(path.parent)


def write_all(descriptor: int, data: bytes, offset: int | None = None) -> None:
    """Write every byte, at `offset` if given, else at the current place."""
    rest = memoryview(data)
    while rest:
        written = os.write(descriptor, rest) if offset is None else os.pwrite(descriptor, rest, offset)
        rest = rest[written:]
        offset = None if offset is None else offset + written
