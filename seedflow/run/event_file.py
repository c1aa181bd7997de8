"""Events as JSON lines in a file: each line whole and flushed, so that somebody can follow it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from seedflow.errors import UsageError
from seedflow.failpoints import Step
from seedflow.run.events import Event
from seedflow.text.files import open_to_write


def refuse_other_file(path: Path) -> None:
    """See that a file that is there may be written anew: it is empty, holds events, or is a device or pipe.

    Raises:
        UsageError: it holds something else.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return
        with path.open("rb") as file:
            foreign = any(not _is_event(line) for line in file)
    except OSError:
        return  # absent; or found out when it is opened
    if foreign:
        raise UsageError(
            f"--events: {path} is there and holds something else than events, so it is not replaced",
            help="name another file, or remove this one first",
        )


def _open(path: Path, flags: int) -> int:
    with Step.EVENTS_FILE:
        return os.open(path, flags, 0o666)


def _is_event(line: bytes) -> bool:
    """Whether a line is an event, or the beginning of one that was cut short."""
    if not line.endswith(b"\n"):
        start = b'{"event":"'
        return line.startswith(start) or start.startswith(line)
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and {"event", "time", "run"} <= found.keys()


class EventFile:
    """Writes events to a file, or nowhere when there is none.

    A disk that does not take them ends the writing and not the run: `problem` says what happened, or is None. A named
    pipe is opened once somebody reads it; before it waits, `on_wait` is told.
    """

    def __init__(self, path: Path | None, on_wait: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._on_wait = on_wait
        self._file: TextIO | None = None
        self.problem: str | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                descriptor = open_to_write(self._path, _open, self._on_wait)
                with Step.EVENTS_FILE:
                    self._file = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise UsageError(
                    self._spell(error),
                    help="see that there is room and that the folder may be written, or choose another file",
                ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def write(self, event: Event) -> None:
        """One line."""
        if self._file is None:
            return
        try:
            with Step.EVENTS_WRITE:
                self._file.write(
                    json.dumps(event.to_json(), ensure_ascii=False, separators=(",", ":")) + "\n"
                )
                self._file.flush()
        except OSError as error:
            self.problem = self._spell(error)
            self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            # What could not be flushed is tried again by closing; once is enough to know.
            with suppress(OSError):
                file.close()

    def _spell(self, error: OSError) -> str:
        return f"events cannot be written to {self._path}: {error.strerror}"
