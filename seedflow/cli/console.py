"""Rich's console on our streams. Apart from `terminal`, so that commands that print plain text do not load rich."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console

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
