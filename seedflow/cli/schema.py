"""`seedflow schema`: the JSON Schema of recipes, for editors."""

from __future__ import annotations

import click

from seedflow.cli.help import Command
from seedflow.cli.session import start
from seedflow.cli.terminal import print_json
from seedflow.errors import ExitCode
from seedflow.recipe.schema import build_json_schema


@click.command(
    "schema",
    cls=Command,
    examples=(("seedflow schema > seedflow.schema.json", ""),),
)
def command() -> int:
    """Print the JSON Schema of recipes with the models of this project, so that editors complete and check them.

    With the YAML language server, write at the top of a recipe: # yaml-language-server: $schema=seedflow.schema.json
    """
    print_json(build_json_schema(start().catalog))
    return ExitCode.DONE
