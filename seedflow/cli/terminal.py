"""The one place that knows the terminal: width, colour, and that text which is not ours is made safe to print."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.diagnostics.render import render_diagnostics

if TYPE_CHECKING:
    from rich.console import Console

MOST_COLUMNS = 140
PIPED_COLUMNS = 100


def wants_color(stream: TextIO) -> bool:
    """A terminal that takes colour, unless `NO_COLOR` is set; `FORCE_COLOR` forces it (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """Columns to fill."""
    if not stream.isatty() and "COLUMNS" not in os.environ:
        return PIPED_COLUMNS
    return max(20, min(MOST_COLUMNS, shutil.get_terminal_size((PIPED_COLUMNS, 24)).columns))


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
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
    )


def print_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """All problems and a last line that counts them, to standard error."""
    if not diagnostics:
        return
    stream = sys.stderr
    stream.write(
        render_diagnostics(diagnostics, color=wants_color(stream), width=width_of(stream)).rstrip("\n") + "\n"
    )
    stream.write(f"\n{count_problems(diagnostics)}\n")


def count_problems(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    parts = []
    for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE):
        count = sum(1 for found in diagnostics if found.severity is severity)
        if count:
            parts.append(f"{count} {severity.value}{'' if count == 1 else 's'}")
    return ", ".join(parts) or "no problems"


def print_json(value: object) -> None:
    """One JSON object on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """One line for people, on standard error."""
    sys.stderr.write(f"{text}\n")
