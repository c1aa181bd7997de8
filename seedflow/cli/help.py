"""Commands whose help fits the terminal, narrow ones too, and ends with examples; none takes an empty value."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import click

from seedflow.cli.terminal import width_of
from seedflow.errors import UsageError

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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, after a look for values that are empty or given twice."""
        refuse_slips(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The examples."""
        write_examples(formatter, self.examples)


def refuse_slips(command: click.Command, ctx: click.Context, args: Sequence[str]) -> None:
    """See that no option and no argument has an empty value, a variable of the shell that is not set, most likely, or several of which one would count.

    Raises:
        UsageError: one has.
    """
    if ctx.resilient_parsing:
        return
    given, _, order = command.make_parser(ctx).parse_args(list(args))
    for param in command.params:
        found = given.get(param.name or "")
        values = found if isinstance(found, list | tuple) else [found]
        if any(isinstance(value, str) and not value.strip() for value in values):
            name = param.opts[0] if isinstance(param, click.Option) else param.make_metavar(ctx).strip("[].")
            advice = "give it a value" if param.required else "give it a value, or leave it away"
            raise UsageError(f"{name} is empty", help=f"{advice}; see `{ctx.command_path} --help`")
        if (
            isinstance(param, click.Option)
            and not (param.multiple or param.is_flag)
            and order.count(param) > 1
        ):
            times = "twice" if order.count(param) == 2 else f"{order.count(param)} times"
            raise UsageError(
                f"{param.opts[0]} is given {times}", help="give it once: only one of them would count"
            )


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
