"""Rich's console on our streams. Apart from `terminal`, so that commands that print plain text do not load rich."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from seedflow.cli.terminal import wants_color, width_of


def open_console(stream: TextIO | None = None) -> Console:
    """A console on a stream (standard output by default) that prints text as it is: no markup, no emoji codes."""
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


def print_lines(console: Console, lines: Iterable[Text]) -> None:
    """Print lines that are never broken, all of them in one piece.

    A line without colour is its letters. Rich would look for the style of each of them all the same, which for the lines of
    a run of a thousand tasks takes a good part of what everything else of such a run does that finds all of them stored.
    """
    if console.color_system is not None:
        with console:  # it writes when the block ends
            for line in lines:
                console.print(line, soft_wrap=True)
        return
    console.file.write("".join(f"{_spell_plainly(line)}\n" for line in lines))
    console.file.flush()


def _spell_plainly(line: Text) -> str:
    if "\t" in line.plain:
        line = line.copy()
        line.expand_tabs()
    return line.plain
