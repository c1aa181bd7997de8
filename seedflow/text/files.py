"""A file on disk to a `Source`: its size judged first, its bytes read as strict UTF-8."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.errors import UsageError

_MOST_NEIGHBOURS: Final = 1000
_MOST_AT_ONCE: Final = 16 * 1024 * 1024
_LOOKED_AT: Final = 8192
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def real_path(path: Path) -> Path:
    """Where a path leads, links followed; a circle of links is left as it stands, and told by whoever opens it.

    `Path.resolve` raises `RuntimeError` there, which no system call does.
    """
    return Path(os.path.realpath(path))


def find_current_folder() -> Path:
    """The folder that the process works in, where paths start that are not absolute.

    Raises:
        UsageError: it was removed, or made anew under the same name, since the shell went there.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError(
            "the current folder does not exist any more, so nothing can be found from here",
            help='cd into a folder that is there; if this one was made anew, `cd "$PWD"` goes into it',
        ) from None


def is_there(path: Path) -> bool:
    """Whether something is at a path. `Path.exists` raises where nobody may look, and at names that no file can have."""
    return os.path.exists(path)  # noqa: PTH110 - see above


def is_file(path: Path) -> bool:
    """The same for a file."""
    return os.path.isfile(path)  # noqa: PTH113 - see above


def is_folder(path: Path) -> bool:
    """The same for a folder."""
    return os.path.isdir(path)  # noqa: PTH112 - see above


def open_to_write(path: Path, opener: Callable[[Path, int], int], on_wait: Callable[[], None]) -> int:
    """A descriptor of a file that is made, or written anew. A pipe is opened once somebody reads it; before it waits, `on_wait` is told.

    The descriptor with which a reader of a pipe is looked for is kept, since closing it would end the reading.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    if path.is_fifo():
        try:
            descriptor = opener(path, flags | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            on_wait()
        else:
            os.set_blocking(descriptor, True)
            return descriptor
    return opener(path, flags)


def load_source(path: Path, name: str, *, max_bytes: int) -> Source | Diagnostic:
    """Read a text file.

    A byte order mark at the start is dropped; everything else stays as it is, line ends included. Nothing but a
    regular file is read, so that this never waits, and never more than `max_bytes`.

    Args:
        path: where it is.
        name: what messages call it, usually the path as the user spelled it.
        max_bytes: the largest size that is accepted.

    Returns:
        The source, or what is wrong with the file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return _report_missing(path, name)
    except (OSError, ValueError) as error:
        return _report_unreadable(name, error)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return _report_kind(name, facts.st_mode)
        if facts.st_size > max_bytes:
            return report_too_large(name, facts.st_size, max_bytes)
        data = _read_at_most(descriptor, max_bytes + 1)
    except OSError as error:
        return _report_unreadable(name, error)
    finally:
        os.close(descriptor)
    if len(data) > max_bytes:
        return report_too_large(name, len(data), max_bytes)
    if _find_utf16(data):
        return _report_encoding(name, data)
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _report_encoding(name, data)


def report_too_large(name: str, size_bytes: int, max_bytes: int) -> Diagnostic:
    """The diagnostic of a text that is larger than allowed."""
    size, most = f"{size_bytes:,} bytes", f"{max_bytes:,} bytes"
    for unit, scale in (("KiB", 1024), ("MiB", 1024 * 1024)):
        rough = [f"{count / scale:,.1f}".removesuffix(".0") for count in (size_bytes, max_bytes)]
        if max_bytes >= scale and rough[0] != rough[1]:
            size, most = f"{rough[0]} {unit}", f"{rough[1]} {unit}"
    return Diagnostic(
        "file-too-large",
        f"`{name}` is {size}, and at most {most} are read",
        help="split the file, or move its data into files that it names",
    )


def _read_at_most(descriptor: int, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    left = max_bytes
    while left > 0 and (part := os.read(descriptor, min(left, _MOST_AT_ONCE))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _report_missing(path: Path, name: str) -> Diagnostic:
    try:
        with os.scandir(path.parent) as entries:
            neighbours = sorted(entry.name for entry in islice(entries, _MOST_NEIGHBOURS))
    except (OSError, ValueError):
        return Diagnostic(
            "file-missing",
            f"there is no file `{name}`: its folder does not exist",
            help="check the path; a relative one starts in the current folder",
        )
    near = find_near(path.name, neighbours)
    return Diagnostic(
        "file-missing",
        f"there is no file `{name}`",
        help=f"did you mean `{near}`?"
        if near
        else "check the path; a relative one starts in the current folder",
    )


def _report_unreadable(name: str, error: OSError | ValueError) -> Diagnostic:
    reason = "the path contains a NUL character"
    advice = "give another path"
    if isinstance(error, OSError):
        reason = (error.strerror or "unknown reason").lower()
        advice = "check the path and the state of the disk"
        if error.errno in (errno.EACCES, errno.EPERM):
            reason, advice = "permission denied", "allow reading it: `chmod u+r`"
        elif error.errno in (errno.ENXIO, errno.EOPNOTSUPP):
            reason, advice = "it is a socket", "give the path of a text file"
    return Diagnostic("file-unreadable", f"`{name}` cannot be read: {reason}", help=advice)


def _report_kind(name: str, mode: int) -> Diagnostic:
    kind = next((word for test, word in _KINDS if test(mode)), "a special file")
    return Diagnostic(
        "not-a-file", f"`{name}` is {kind}, expected a text file", help="give the path of a text file"
    )


def _report_encoding(name: str, data: bytes) -> Diagnostic:
    source = Source(name, data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace"))
    if utf16 := _find_utf16(data):
        message, advice = "this file is UTF-16, expected UTF-8", "save it as UTF-8"
        read = Source(name, data.decode(utf16, errors="replace"))
        return Diagnostic("not-utf8", message, Span(read, 0, min(1, len(read.text))), help=advice)
    if b"\0" in data[:_LOOKED_AT]:
        message, advice = "this is not a text file, expected UTF-8 text", "give the path of a text file"
        return Diagnostic("not-utf8", message, Span(source, 0, 1), help=advice)
    bad, at = _find_bad_byte(data.removeprefix(b"\xef\xbb\xbf"))
    likely = bytes([bad]).decode("cp1252", errors="ignore")
    hint = f" (`{likely}` in Windows-1252)" if likely.isprintable() and likely else ""
    return Diagnostic(
        "not-utf8",
        f"byte 0x{bad:02X}{hint} is not UTF-8",
        Span(source, at, at + 1),
        help="save the file as UTF-8",
    )


def _find_utf16(data: bytes) -> str | None:
    """The UTF-16 that bytes are in, by their mark, or since many second ones are NUL and none of the others; or None.

    ASCII in UTF-16 without a mark is UTF-8 with NULs in it. A file may hold a single NUL by accident.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = data[:_LOOKED_AT]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(data) % 2 or min(even, odd) or max(even, odd) < max(2, len(head) / 8):
        return None
    return "utf-16-be" if even else "utf-16-le"


def _find_bad_byte(data: bytes) -> tuple[int, int]:
    """The first byte that is not UTF-8, and how many characters stand before it."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data[error.start], len(data[: error.start].decode("utf-8"))
    return 0, 0
