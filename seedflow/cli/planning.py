"""What commands that plan share: the options that give inputs, and the way to a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from seedflow.cli.completion_tasks import complete_selectors
from seedflow.cli.completion_values import complete_inputs, complete_providers
from seedflow.cli.named_recipe import check_named
from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.pipeline.check import Checked
from seedflow.pipeline.plan import NO_REROLL, Planned, Reroll, plan_recipe
from seedflow.pipeline.session import Session
from seedflow.recipe.given import collect_inputs

F = TypeVar("F", bound=Callable[..., Any])


def input_options(function: F) -> F:
    """`-i`, `--inputs`, `--provider`: shared by every command that plans."""
    for option in (
        click.option(
            "--provider",
            "provider",
            metavar="NAME",
            shell_complete=complete_providers,
            help="Who makes the images: cloudflare or sketch.",
        ),
        click.option(
            "--inputs",
            "inputs_file",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="A YAML or JSON file of input values.",
        ),
        click.option(
            "-i",
            "--input",
            "inputs",
            metavar="NAME=VALUE",
            multiple=True,
            shell_complete=complete_inputs,
            help="An input's value; repeat it for lists. For a table, the path of its file.",
        ),
    ):
        function = option(function)
    return function


def reroll_option(help_text: str) -> Callable[[F], F]:
    """`--reroll`: for commands that plan what is asked anew."""
    return click.option(
        "--reroll",
        "reroll",
        metavar="SELECTOR",
        multiple=True,
        shell_complete=complete_selectors,
        help=help_text,
    )


def plan_from_options(
    recipe: str,
    inputs: Sequence[str],
    inputs_file: Path | None,
    session: Session,
    reroll: Reroll = NO_REROLL,
) -> Planned:
    """A recipe named on the command line to its plan, with whatever was found on the way."""
    return plan_checked(check_named(recipe, session), inputs, inputs_file, session, reroll)


def plan_checked(
    checked: Checked,
    inputs: Sequence[str],
    inputs_file: Path | None,
    session: Session,
    reroll: Reroll = NO_REROLL,
) -> Planned:
    """The same for a recipe that was checked already."""
    given, wrong = collect_inputs(arguments=inputs, file=inputs_file)
    if wrong:
        placed = (one if one.span or inputs_file is None else _place(one, inputs_file) for one in wrong)
        return Planned(checked, None, None, (*checked.diagnostics, *placed))
    return plan_recipe(checked, given, session, reroll)


def _place(problem: Diagnostic, inputs_file: Path) -> Diagnostic:
    """A problem of the file as a whole stands where the file is named."""
    name = str(inputs_file)
    return replace(problem, span=Span(Source("--inputs", name), 0, len(name)))
