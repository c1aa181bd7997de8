"""The one place where an error of the operating system or of SQLite becomes a `StoreError` with a kind and a remedy."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from seedflow.errors import StoreError

_KIND_BY_ERRNO = {
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "disk-full",
    errno.EFBIG: "disk-full",
    errno.EROFS: "read-only",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
    errno.ENOENT: "missing",
    errno.ELOOP: "unsafe",
    errno.ENOLCK: "no-locks",
}

_KIND_BY_SQLITE_CODE = {
    sqlite3.SQLITE_FULL: "disk-full",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_PERM: "read-only",
    sqlite3.SQLITE_CANTOPEN: "read-only",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_IOERR: "io-error",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_PROTOCOL: "busy",
    sqlite3.SQLITE_NOLFS: "disk-full",
}

_NO_DESCRIPTORS: Final = (errno.EMFILE, errno.ENFILE)
_MORE_FILES: Final = (
    "raise the limit of open files (`ulimit -n 256`) and run again: what was answered is kept"
)
_OTHER_DISK: Final = "make the disk writable, or name another folder with SEEDFLOW_HOME"
UNREADABLE: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What SQLite raises over a damaged file."""

_NO_TEXT: Final = "Could not decode to UTF-8"
_ROOM_BYTES: Final = 64 << 10
"""A disk with less than this is full: SQLite's index of its log alone takes 32 KiB."""

_HELP_BY_KIND = {
    "disk-full": "free some room on this disk and run again: what was answered is kept",
    "read-only": "make the folder writable for this user and run again",
    "missing": "do not move or delete the state while a run uses it; run again",
    "unsafe": "replace the symbolic link by the file or folder itself",
    "no-locks": "move the state to a local disk (SEEDFLOW_HOME says where it lives)",
    "damaged": "`seedflow verify --repair` saves what can be read; where it cannot read anything, restore the file from a backup, or move the state folder away to begin anew and keep its blobs/",
    "io-error": "look at the disk and the system's log, then run again: what was answered is kept",
    "busy": "wait for the other process, or end it, and run again",
}


def explain_os_error(error: OSError, path: Path) -> StoreError:
    """The `StoreError` that says what the system refused at `path`."""
    kind = _KIND_BY_ERRNO.get(error.errno or 0, "io-error")
    where = Path(error.filename) if isinstance(error.filename, str | os.PathLike) else path
    found = build_store_error(f"{where}: {error.strerror or error}", kind)
    if error.errno in _NO_DESCRIPTORS:
        return StoreError(found.message, kind=kind, help=_MORE_FILES)
    if error.errno == errno.EROFS:
        return StoreError(found.message, kind=kind, help=_OTHER_DISK)
    return _name_closed(found, where) if kind == "read-only" else found


def _name_closed(error: StoreError, path: Path) -> StoreError:
    """The same with a remedy that names what has to be made writable: what is there itself, or the folder that should take it."""
    there = os.path.lexists(path)
    closed = path if there and not os.access(path, os.W_OK) else path.parent
    what = "file" if closed == path and not path.is_dir() else "folder"
    return StoreError(error.message, kind=error.kind, help=_make_writable(what, closed))


def _make_writable(what: str, path: Path) -> str:
    return f"make the {what} {path} writable for this user and run again"


def build_closed_error(path: Path, message: str, what: str = "folder") -> StoreError:
    """A folder, or a file, that may not be written to was found before anybody tried."""
    return StoreError(f"{path}: {message}", kind="read-only", help=_make_writable(what, path))


def build_store_error(message: str, kind: str) -> StoreError:
    """A `StoreError` with the usual remedy of its kind."""
    return StoreError(message, kind=kind, help=_HELP_BY_KIND[kind])


def _is_full(path: Path) -> bool:
    """Whether the disk has no room for what SQLite writes at once."""
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < _ROOM_BYTES


def _lacks_descriptors() -> bool:
    """Whether this process may open no further file, which SQLite calls by other names."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno in _NO_DESCRIPTORS
    return False


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses inside the block into a `StoreError` about `path`; bugs pass through as they are."""
    try:
        yield
    except sqlite3.Error as error:
        kind = _KIND_BY_SQLITE_CODE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if kind is None and _NO_TEXT in str(error):  # of Python's own, without a code
            kind = "damaged"
        if kind is None:
            raise
        if kind == "io-error" and _is_full(path):  # even to read, SQLite wants room for its index of the log
            raise build_store_error(f"{path}: the disk is full ({error})", "disk-full") from error
        if kind in ("io-error", "read-only") and _lacks_descriptors():
            raise StoreError(
                f"{path}: too many open files ({error})", kind="io-error", help=_MORE_FILES
            ) from error
        found = build_store_error(f"{path}: {error}", kind)
        raise (_name_closed(found, path) if kind == "read-only" else found) from error
    except UnicodeDecodeError as error:  # what SQLite says of a list of tables is made of the bytes in it
        raise build_store_error(f"{path}: holds bytes that are no text", "damaged") from error
    except OSError as error:
        raise explain_os_error(error, path) from error
