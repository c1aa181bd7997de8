"""Events as JSON lines in a file: each line whole and flushed, so that somebody can follow it."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from seedflow.errors import UsageError
from seedflow.run.events import Event


class EventFile:
    """Writes events to a file, or nowhere when there is none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.open("w", encoding="utf-8")
            except OSError as error:
                raise UsageError(
                    f"events cannot be written to {self._path}: {error.strerror}", help="choose another file"
                ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, event: Event) -> None:
        """One line."""
        if self._file is not None:
            self._file.write(json.dumps(event.to_json(), ensure_ascii=False, separators=(",", ":")) + "\n")
            self._file.flush()
