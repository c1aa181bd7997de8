"""`seedflow completion`: the script by which a shell completes commands, options, recipes and inputs."""

from __future__ import annotations

import sys

import click

from seedflow.cli.completion_scripts import SCRIPTS
from seedflow.cli.help import Command
from seedflow.errors import ExitCode


@click.command(
    "completion",
    cls=Command,
    examples=(
        ('eval "$(seedflow completion bash)"', "in ~/.bashrc"),
        ('eval "$(seedflow completion zsh)"', "in ~/.zshrc"),
        ("seedflow completion fish > ~/.config/fish/completions/seedflow.fish", "once"),
    ),
)
@click.argument("shell", type=click.Choice(list(SCRIPTS)), metavar="SHELL")
def command(shell: str) -> int:
    """Print the script by which a shell completes seedflow: commands, options, recipes, and a recipe's inputs.

    SHELL is bash, zsh or fish.
    """
    sys.stdout.write(SCRIPTS[shell])
    return ExitCode.DONE
