"""Help texts that fit the terminal, narrow ones too, and end with examples that can be copied."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import click

from seedflow.cli.terminal import width_of

MOST_COLUMNS: Final = 100
NARROW_COLUMNS: Final = 64
_EXAMPLE_INDENT: Final = "  "
_WORD: Final = re.compile(r"(?:-{1,2}[a-z-]+ +(?=[^-<>|\s]))?(?:[^\s']|'[^']*')+")
"""A word of a command line; an option and the word behind it, which may be its value, are one."""


class Formatter(click.HelpFormatter):
    """As click's, but it believes in terminals of fewer than 50 columns."""

    def __init__(
        self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None
    ) -> None:
        super().__init__(
            indent_increment, width or min(MOST_COLUMNS, width_of(sys.stdout)) - 2, max_width or MOST_COLUMNS
        )

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """How it is called; no line ends in blanks."""
        before = len(self.buffer)
        super().write_usage(prog, args, prefix)
        self.buffer[before:] = [re.sub(r" +\n", "\n", "".join(self.buffer[before:]))]

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms and what they mean, below each other where there is no room side by side."""
        super().write_dl(rows, 2 if self.width < NARROW_COLUMNS else col_max, col_spacing)


class Context(click.Context):
    """Formats with `Formatter`."""

    formatter_class = Formatter


class Command(click.Command):
    """A command with examples: command lines, each with what it does or with an empty text."""

    context_class = Context

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **options: Any) -> None:
        # Here and not only on the group: click keeps the first help option that it made, whoever asked for it.
        options.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **options)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The examples."""
        write_examples(formatter, self.examples)


def write_examples(formatter: click.HelpFormatter, examples: Sequence[tuple[str, str]]) -> None:
    """Command lines with what they do beside them, or above where there is no room."""
    if not examples:
        return
    room = formatter.width - len(_EXAMPLE_INDENT)
    column = max(len(line) for line, _ in examples)
    beside = column + 4 + max(len(what) for _, what in examples) <= room
    with formatter.section("Examples"):
        for line, what in examples:
            if what and not beside:
                formatter.write(f"{_EXAMPLE_INDENT}# {what}\n")
            text = f"{line:<{column}}    {what}".rstrip() if beside else line
            for part in fold_command(text, room) if not beside else (text,):
                formatter.write(f"{_EXAMPLE_INDENT}{part}\n")


def fold_command(line: str, room: int) -> Iterator[str]:
    """A command line in pieces that fit, as a shell takes them: with a backslash at the ends of lines."""
    piece = ""
    for word in _WORD.findall(line):
        if piece and len(piece) + len(word) + 3 > room:
            yield f"{piece} \\"
            piece = f"  {word}"
        else:
            piece = f"{piece} {word}" if piece.strip() else piece + word
    yield piece
