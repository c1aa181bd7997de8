"""`seedflow` in a real pseudo terminal, whose screen is read as a person would read it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyte


class Terminal:
    """One command in a terminal of its own. Every state of the screen that was seen is kept."""

    def __init__(
        self, folder: Path, env: Mapping[str, str], *words: str, columns: int = 80, rows: int = 24
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "seedflow", *words],
            cwd=folder,
            env={**env, "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        self.raw = b""
        self.frames: list[list[str]] = []

    @property
    def shown(self) -> list[str]:
        """The lines on the screen, without empty ones at the end."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def lines(self) -> list[str]:
        """All lines, those that scrolled off the screen included."""
        width = self.screen.columns
        above = ["".join(line[at].data for at in range(width)).rstrip() for line in self.screen.history.top]
        return above + self.shown

    def wait_for(self, found: str | Callable[[], bool], within_s: float = 30) -> None:
        """Read on until a text stands on the screen, or until something holds."""
        holds = (lambda: any(found in line for line in self.shown)) if isinstance(found, str) else found
        deadline = time.monotonic() + within_s
        while not holds():
            alive = self._read()
            assert alive or holds(), f"it ended before {found!r}:\n" + "\n".join(self.lines)
            assert time.monotonic() < deadline, f"{found!r} never came:\n" + "\n".join(self.lines)

    def type(self, text: str) -> None:
        """Keys that a person presses; `\\x03` is Ctrl-C."""
        os.write(self._master, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """A window that is made larger or smaller."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def end(self, within_s: float = 60) -> int:
        """Read to its end; gives the exit code."""
        deadline = time.monotonic() + within_s
        try:
            while self._read():
                assert time.monotonic() < deadline, "\n".join(self.lines)
            return self._process.wait(10)
        finally:
            self.close()

    def hang_up(self, within_s: float = 60) -> int:
        """Close the window while it works; gives the exit code."""
        os.close(self._master)
        self._master = -1
        return self._process.wait(within_s)

    def close(self) -> None:
        """End whatever still runs."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], 0.05)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # how Linux says that nobody has the terminal open any more
            data = b""
        if data:
            self.raw += data
            self._stream.feed(data)
            self.frames.append(self.shown)
        return bool(data)


def _take_terminal() -> None:
    """As a shell starts a command: in its terminal, deaf to nothing. A suite in the background is itself deaf to Ctrl-C, or to its end."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
