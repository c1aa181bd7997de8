"""The one place that knows the terminal: its size, colour and encoding, and that what is not ours is safe to print.

`NO_COLOR`, `FORCE_COLOR`, `TERM` and `COLUMNS` are read here and not in `settings`: they describe the terminal and not
seedflow, nothing is planned or paid by them, and `--help` needs them before any setting is read.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from seedflow.diagnostics import Diagnostic
from seedflow.diagnostics.printable import make_printable
from seedflow.diagnostics.render import render_diagnostics, render_summary
from seedflow.errors import UsageError

MOST_COLUMNS: Final = 140
FEWEST_COLUMNS: Final = 20
PIPED_COLUMNS: Final = 100
PIPED_ROWS: Final = 24

_PLAINER: Final = {
    "–": "-",
    "·": "-",
    "…": "~",
    "×": "x",
    "✓": "+",
    "✗": "x",
    "━": "=",
    "─": "-",
    "←": "<",
    "→": ">",
    "│": "|",
    "├": "|",
    "└": "`",
    "┊": ":",
}
"""Our own marks where the terminal's encoding has none of them; each takes the room of one letter, as before."""
_ERRORS: Final = "seedflow-plainer"


def prepare_streams() -> None:
    """Make standard streams that can always be written to: closed ones go nowhere, unknown letters become plainer ones."""
    codecs.register_error(_ERRORS, _write_plainer)
    sys.stdout = _prepare(sys.stdout, silent=False)
    sys.stderr = _prepare(sys.stderr, silent=True)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - lives as long as the process


def _prepare(stream: TextIO | None, *, silent: bool) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as the process
    return _Output(stream, silent=silent)


class OutputError(UsageError):
    """Standard output takes nothing any more, for another reason than that nobody reads it."""


class _Output(io.TextIOWrapper):
    """A standard stream on which a reader who went away is no error: what was begun goes on, in silence.

    Args:
        stream: the stream that this one takes the place of.
        silent: whether other troubles, such as a full disk, are passed over too.
    """

    def __init__(self, stream: TextIO, *, silent: bool) -> None:
        super().__init__(
            stream.buffer,
            stream.encoding,
            _ERRORS,
            line_buffering=stream.isatty() or silent,
            write_through=silent,
        )
        self._first = stream
        """Kept: it would close what we write to when it went."""
        self._silent = silent

    def write(self, text: str, /) -> int:
        """See `TextIO.write`.

        Raises:
            OutputError: the disk is full, say.
        """
        try:
            return super().write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """See `TextIO.flush`.

        Raises:
            OutputError: the disk is full, say.
        """
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Let what is still buffered, and all that follows, go nowhere."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        if not self._silent and not isinstance(error, BrokenPipeError):
            raise OutputError(
                f"standard output cannot be written: {error.strerror}", help="make room, or write elsewhere"
            ) from None


def wants_color(stream: TextIO) -> bool:
    """A terminal that takes colour, unless `NO_COLOR` is set; `FORCE_COLOR` forces it (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return moves_cursor(stream)


def moves_cursor(stream: TextIO) -> bool:
    """Whether lines that stand there can be drawn over."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def width_of(stream: TextIO) -> int:
    """Columns to fill: `COLUMNS` if it is set, else the terminal's, up to what is still easy to read."""
    given = os.environ.get("COLUMNS", "")
    columns = int(given) if given.isascii() and given.isdigit() and int(given) else size_of(stream)[0]
    return max(FEWEST_COLUMNS, min(MOST_COLUMNS, columns))


def log_width_of(stream: TextIO) -> int | None:
    """Columns at which the lines of a run are broken; None where they stay whole: in a pipe, unless somebody set `COLUMNS`."""
    return width_of(stream) if stream.isatty() or os.environ.get("COLUMNS") else None


def size_of(stream: TextIO) -> tuple[int, int]:
    """Columns and rows of the terminal behind a stream, or what is assumed where there is none."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return PIPED_COLUMNS, PIPED_ROWS
    return columns or PIPED_COLUMNS, rows or PIPED_ROWS


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def print_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """All problems and a last line that counts them, to standard error."""
    if not diagnostics:
        return
    stream = sys.stderr
    stream.write(render_diagnostics(diagnostics, color=wants_color(stream), width=width_of(stream)))
    stream.write(f"\n{render_summary(diagnostics)}\n")


def print_json(value: object) -> None:
    """One JSON object on standard output, valid in whatever encoding that has."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    # In one piece: `json.dump` writes every comma by itself, and each write passes through our stream's own.
    sys.stdout.write(json.dumps(value, ensure_ascii=not is_unicode, indent=2) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """A message for people, on standard error; a terminal gets it broken between words, whoever reads a pipe as it is."""
    lines = text.split("\n")
    if sys.stderr.isatty():
        columns = width_of(sys.stderr)
        lines = [folded for line in lines for folded in _fold(line, columns)]
    sys.stderr.write("\n".join(lines) + "\n")


def say_waiting(pipe: Path | None) -> None:
    """That a pipe is opened once somebody reads it."""
    say(f"waiting for somebody to read {make_printable(str(pipe))}, which is a pipe (Ctrl-C to stop)")


def _fold(line: str, columns: int) -> list[str]:
    indent = line[: len(line) - len(line.lstrip(" "))]
    return textwrap.wrap(
        line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [""]


def _write_plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    escaped = (character.encode("ascii", "backslashreplace").decode() for character in found)
    return "".join(
        _PLAINER.get(character, escape) for character, escape in zip(found, escaped, strict=True)
    ), error.end
