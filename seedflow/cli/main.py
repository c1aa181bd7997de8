"""The entry: finds the command without importing the others, and turns every way to end into an exit code."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seedflow.cli.help import Context, write_examples
from seedflow.cli.terminal import prepare_streams, say
from seedflow.diagnostics.printable import make_printable
from seedflow.diagnostics.suggest import find_near
from seedflow.errors import ExitCode, SeedflowError, UsageError
from seedflow.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("seedflow.cli.init", "Start a project: a first recipe, settings, an editor that helps."),
    "check": ("seedflow.cli.check", "Find every mistake in recipes, with file, line and column."),
    "plan": ("seedflow.cli.plan", "Show what would be asked, reused and paid. Sends nothing."),
    "run": ("seedflow.cli.run", "Run a recipe to images; pay only for what is new."),
    "ledger": ("seedflow.cli.ledger", "List every call that was made, its state, and what it cost."),
    "runs": ("seedflow.cli.runs", "List the runs there were, or show one."),
    "list": ("seedflow.cli.list_recipes", "List the recipes here and those shipped with seedflow."),
    "show": ("seedflow.cli.show", "Show a recipe's inputs, steps and outputs."),
    "graph": ("seedflow.cli.graph", "Draw how the steps of a recipe hang together."),
    "models": ("seedflow.cli.models", "List the image models that recipes here may name."),
    "schema": ("seedflow.cli.schema", "Print the JSON Schema of recipes, for editors."),
    "doctor": ("seedflow.cli.doctor", "Show every setting, where it came from, and what is missing."),
    "verify": ("seedflow.cli.verify", "Look at every stored picture and row; mend what is wrong."),
    "gc": ("seedflow.cli.gc", "Remove what nothing refers to; shows it first, and asks."),
    "export": ("seedflow.cli.export", "Write stored results to a file, for another machine."),
    "import": ("seedflow.cli.import_", "Take results that another machine exported."),
    "emulate": ("seedflow.cli.emulate", "Serve an emulator of the provider on this machine."),
    "completion": ("seedflow.cli.completion", "Print the script by which a shell completes all this."),
}
"""Command to (module, one-line help); a module's function `command` is the click command."""

EXAMPLES = (
    ("seedflow run storybook", "pictures without an account"),
    ("seedflow check my.yaml", "every mistake, with its place"),
    ("seedflow plan my.yaml", "what it would ask and cost"),
    ("seedflow run my.yaml --max-cost 0.50", "pay half a dollar at most"),
)


_OF_PLACES = frozenset(
    (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EROFS)
)
"""Errors of the system that are of where somebody points, and no bugs."""
UNKNOWN = "seedflow.unknown-command"
"""In the context of a line that is still typed: it has a command that does not exist, so nothing can follow."""


class Commands(click.Group):
    """Loads a command's module only when it is called, so that `--version` and `--help` stay instant."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All commands, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, imported now."""
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        command = importlib.import_module(found[0]).command
        assert isinstance(command, click.Command)  # noqa: S101 - narrows what importlib gives
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a near name suggested; somebody who is still typing is told nothing."""
        if ctx.resilient_parsing and (not args or args[0] not in COMMANDS):
            ctx.meta[UNKNOWN] = True
            return None, None, []
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = find_near(args[0], COMMANDS)
            meant = f"did you mean `{near}`?" if near else f"there are {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command `{args[0]}`; {meant}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """The commands that begin so, without importing any; options as click does."""
        from click.shell_completion import CompletionItem

        if ctx.meta.get(UNKNOWN):
            return []
        found = [
            CompletionItem(name, help=text)
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The table of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The examples."""
        write_examples(formatter, EXAMPLES)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(__version__, "--version", message="seedflow %(version)s")
@click.pass_context
def seedflow(ctx: click.Context) -> None:
    """Recipes for images: write steps in YAML, see the plan, pay once, keep everything."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with one of the documented exit codes."""
    prepare_streams()
    # Trees of a large recipe make the cyclic collector costlier than all else; commands that run long switch it on again.
    gc.disable()
    code = run(sys.argv[1:] if arguments is None else list(arguments))
    try:
        sys.stdout.flush()
    except SeedflowError as error:
        _report(error.message, error.help)
        code = code or error.exit_code
    # At its end Python looks through all objects once more for cycles, which the process takes with it anyway.
    gc.freeze()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line; gives the exit code."""
    if sys.platform == "win32":
        click.echo("error: seedflow runs on Linux and macOS; on Windows, use it inside WSL", err=True)
        return ExitCode.USAGE
    try:
        ended: Any = seedflow.main(arguments, prog_name="seedflow", standalone_mode=False)
    except click.ClickException as error:
        _report(spell_usage(error), _usage_hint(error, arguments))
        return ExitCode.USAGE
    except click.Abort:
        click.echo("\ninterrupted", err=True)
        return ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        click.echo("\ninterrupted", err=True)
        return ExitCode.INTERRUPTED
    except SeedflowError as error:
        _report(error.message, error.help)
        return error.exit_code
    except OSError as error:
        return _report_place(error)
    except Exception:  # noqa: BLE001 - the last stop: a bug gets its own exit code and keeps its traceback
        return _report_bug()
    return int(ended) if isinstance(ended, int) else ExitCode.DONE


def _report_place(error: OSError) -> int:
    """What the system says of where somebody points, or works; anything else of the kind is a bug."""
    if error.filename is None and error.errno == errno.ENOENT:
        from seedflow.text.files import find_current_folder

        try:
            find_current_folder()
        except UsageError as lost:
            _report(lost.message, lost.help)
            return lost.exit_code
    if error.filename is None or error.errno not in _OF_PLACES:
        return _report_bug()
    _report(
        f"`{os.fsdecode(error.filename)}` cannot be reached: {error.strerror}",
        "check how it is written, and whether the folders that it lies in may be looked into",
    )
    return ExitCode.USAGE


def _report_bug() -> int:
    traceback.print_exc()
    _report(
        "this is a bug in seedflow; nothing that was paid for is lost",
        "run the command again; please report the lines above",
    )
    return ExitCode.BUG


def _report(message: str, hint: str | None) -> None:
    say(f"error: {make_printable(message)}")
    if hint:
        say(f"help: {make_printable(hint)}")


def _usage_hint(error: click.ClickException, arguments: Sequence[str]) -> str | None:
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        return f"see `{context.command_path} --help`"
    command = next((argument for argument in arguments if argument in COMMANDS), None)
    return f"see `seedflow {command} --help`" if command else "see `seedflow --help`"


def spell_usage(error: click.ClickException) -> str:
    """Click's complaint in the words of all other messages: small letters, no full stop, one near miss."""
    match error:
        case click.NoSuchOption(option_name=name):
            options = [
                option for found in (error.ctx.command.params if error.ctx else ()) for option in found.opts
            ]
            near = find_near(name, options)
            return f"there is no option `{name}`" + (f"; did you mean `{near}`?" if near else "")
        case click.MissingParameter(param=click.Parameter() as missing):
            return f"{missing.make_metavar(error.ctx) if error.ctx else missing.name} is missing"
        case click.BadParameter(param=click.Parameter() as wrong):
            return (
                f"{wrong.opts[0] if isinstance(wrong, click.Option) else wrong.name}: {_lower(error.message)}"
            )
        case _:
            message = _lower(error.format_message())
            return re.sub(
                r"^got unexpected extra arguments? \((.*)\)$",
                r"found more than expected: `\1`",
                message,
            )


def _lower(text: str) -> str:
    return re.sub(r"'([^']*)'", r"`\1`", (text[:1].lower() + text[1:]).removesuffix("."))
