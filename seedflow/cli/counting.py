"""How far something is that looks at many things, on one line that is drawn over; nothing where lines cannot be drawn over."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self, TextIO

from seedflow.cli.terminal import moves_cursor

REFRESH_S: Final = 0.1


class Counter:
    """Shows `1,200 of 9,000 pictures` on a terminal."""

    def __init__(self, stream: TextIO, one: str) -> None:
        self._stream = stream
        self._one = one
        self._draws = moves_cursor(stream)
        self._shown_at = time.monotonic()
        self._is_drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def show(self, done: int, total: int) -> None:
        """Draw the line anew, unless that was done a moment ago."""
        now = time.monotonic()
        if not self._draws or now - self._shown_at < REFRESH_S:
            return
        self._shown_at = now
        self._is_drawn = True
        self._stream.write(f"\r\x1b[K{done:,} of {total:,} {self._one}s")
        self._stream.flush()
