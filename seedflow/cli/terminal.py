"""The one place that knows the terminal: its size, colour and encoding, and that what is not ours is safe to print.

`NO_COLOR`, `FORCE_COLOR`, `TERM` and `COLUMNS` are read here and not in `settings`: they describe the terminal and not
seedflow, nothing is planned or paid by them, and `--help` needs them before any setting is read.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TextIO

from seedflow.diagnostics import Diagnostic
from seedflow.diagnostics.render import render_diagnostics, render_summary

if TYPE_CHECKING:
    from rich.console import Console

MOST_COLUMNS: Final = 140
FEWEST_COLUMNS: Final = 20
PIPED_COLUMNS: Final = 100
PIPED_ROWS: Final = 24

_PLAINER: Final = {"–": "-", "·": "-", "…": "~", "×": "x", "✓": "+", "✗": "x", "━": "=", "─": "-", "←": "<"}
"""Our own marks where the terminal's encoding has none of them; each takes the room of one letter, as before."""
_ERRORS: Final = "seedflow-plainer"


def prepare_streams() -> None:
    """Make standard streams that can always be written to: closed ones go nowhere, unknown letters become plainer ones."""
    codecs.register_error(_ERRORS, _write_plainer)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - lives as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - as above


def abandon_output() -> None:
    """Whoever read our standard output is gone: what is still buffered, and all that follows, goes nowhere."""
    try:
        descriptor = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
    except (OSError, ValueError):  # not a real stream
        return


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


def open_console(stream: TextIO | None = None) -> Console:
    """A rich console on a stream (standard output by default) that prints text as it is: no markup, no emoji codes."""
    from rich.console import Console

    target = stream or sys.stdout
    color = wants_color(target)
    return Console(
        file=target,
        width=width_of(target),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        _environ={},
    )


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
    json.dump(value, sys.stdout, ensure_ascii=not is_unicode, indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """One line for people, on standard error."""
    sys.stderr.write(f"{text}\n")


def _write_plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    escaped = (character.encode("ascii", "backslashreplace").decode() for character in found)
    return "".join(
        _PLAINER.get(character, escape) for character, escape in zip(found, escaped, strict=True)
    ), error.end
