"""`seedflow graph`: how the steps of a recipe, or the tasks of its plan, hang together."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from seedflow.cli.completion_values import complete_recipes
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.named_recipe import check_named
from seedflow.cli.planning import input_options, plan_checked
from seedflow.cli.session import start
from seedflow.cli.terminal import print_diagnostics, print_json, say, say_waiting
from seedflow.diagnostics import Diagnostic
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode, UsageError
from seedflow.failpoints import Step
from seedflow.pipeline.check import Checked
from seedflow.pipeline.plan import Planned
from seedflow.pipeline.written_file import refuse_as_file
from seedflow.report.dot import write_dot
from seedflow.report.drawing import Drawing
from seedflow.report.mermaid import MOST_EDGES, write_mermaid
from seedflow.report.recognize import may_be_replaced
from seedflow.report.serialize import build_drawing_json
from seedflow.report.steps import draw_steps
from seedflow.report.tasks import draw_tasks
from seedflow.report.tree import Line, Role, lay_out_tree
from seedflow.text.files import is_folder, open_to_write

FILE_COLUMNS: Final = 100
FORMATS: Final = ("tree", "mermaid", "dot", "json")
ENDINGS: Final = {
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".json": "json",
    ".txt": "tree",
    "": "tree",
}
_PICTURES: Final = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp", ".gif", ".ps", ".eps")
_STYLES: Final = {
    Role.TITLE: "bold",
    Role.BRANCH: "dim",
    Role.NAME: "cyan",
    Role.RECIPE: "magenta",
    Role.REST: "dim",
    Role.NOTE: "",
}


@click.command(
    "graph",
    cls=Command,
    examples=(
        ("seedflow graph storybook", ""),
        ("seedflow graph my.yaml --tasks -i hero='a tin owl'", ""),
        ("seedflow graph my.yaml --format mermaid", ""),
        ("seedflow graph my.yaml -o my.dot", ""),
    ),
)
@click.argument("recipe", shell_complete=complete_recipes)
@click.option("--tasks", is_flag=True, help="Draw the tasks of the plan instead of the steps.")
@input_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How to draw: tree, unless the name of -o FILE says another.",
)
@click.option("--all", "everything", is_flag=True, help="Draw every task of steps with many.")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write to a file: .mmd, .dot, .json or .txt.",
)
def command(
    recipe: str,
    tasks: bool,
    inputs: tuple[str, ...],
    inputs_file: Path | None,
    provider: str | None,
    form: str | None,
    everything: bool,
    file: Path | None,
) -> int:
    """Draw how the steps of a recipe hang together: each below what it uses. Sends nothing.

    RECIPE is a path, or the name of a recipe shipped with seedflow (see seedflow list).
    """
    if not tasks and (inputs or inputs_file is not None):
        raise UsageError("inputs change tasks, not steps", help="add --tasks, or leave -i and --inputs away")
    if file is not None:
        _refuse_place(file)
    session = start(provider)
    found: Planned | Checked
    checked = check_named(recipe, session)
    if file is not None:
        refuse_as_file(file, "-o", session, checked=checked, inputs=inputs, inputs_file=inputs_file)
        _refuse_other_file(file)
    form = form or ("tree" if file is None else _choose_form(file))
    if tasks:
        found = planned = plan_checked(checked, inputs, inputs_file, session)
        drawing = (
            None
            if planned.plan is None
            else draw_tasks(planned.plan, planned.checked.graph, everything=everything or form == "json")
        )
    else:
        found = checked
        drawing = None if checked.graph is None or not checked.ok else draw_steps(checked.graph)
    if drawing is None or not found.ok:
        if form == "json" and file is None:
            print_json({"diagnostics": [diagnostic.to_json() for diagnostic in found.diagnostics]})
        else:
            print_diagnostics(found.diagnostics)
        return ExitCode.RECIPE_ERRORS
    _show(drawing, form, file, found.diagnostics)
    return ExitCode.DONE


def _show(drawing: Drawing, form: str, file: Path | None, diagnostics: Iterable[Diagnostic]) -> None:
    problems = list(diagnostics)
    described = {**build_drawing_json(drawing), "diagnostics": [found.to_json() for found in problems]}
    if form != "json":
        print_diagnostics(problems)
        if problems:
            say()
    if file is not None:
        _write(file, _spell(drawing, form, described))
        say(f"{make_printable(str(file))}: {', '.join(drawing.notes)}")
    elif form == "json":
        print_json(described)
    elif form == "tree":
        console = open_console()
        for line in lay_out_tree(drawing, console.width):
            console.print(
                Text.assemble(*((piece.text, _STYLES[piece.role]) for piece in line)), soft_wrap=True
            )
    else:
        sys.stdout.write(_spell(drawing, form, described))
    for hint in _advise(drawing, form):
        say(hint)


def _spell(drawing: Drawing, form: str, described: object) -> str:
    match form:
        case "mermaid":
            return write_mermaid(drawing)
        case "dot":
            return write_dot(drawing)
        case "json":
            return json.dumps(described, ensure_ascii=False, indent=2) + "\n"
        case _:
            return "\n".join(map(_plain, lay_out_tree(drawing, FILE_COLUMNS))) + "\n"


def _plain(line: Line) -> str:
    return "".join(piece.text for piece in line)


def _advise(drawing: Drawing, form: str) -> Iterable[str]:
    if drawing.hidden:
        yield f"note: {drawing.hidden:,} tasks of steps with many are drawn together; --all draws each"
    if form == "mermaid" and len(drawing.edges) > MOST_EDGES:
        yield (
            f"note: {len(drawing.edges):,} arrows; Mermaid draws at most {MOST_EDGES} unless its maxEdges is raised; "
            "--format dot has no such limit"
        )


def _choose_form(file: Path) -> str:
    """The way to draw that a file's name asks for.

    Raises:
        UsageError: it asks for none that there is.
    """
    ending = file.suffix.lower()
    form = ENDINGS.get(ending)
    if form is not None:
        return form
    if ending in _PICTURES:
        raise UsageError(
            f"-o: seedflow writes drawings as text, and {file.name} is named like a picture",
            help=f"write {file.with_suffix('.dot').name}, then `dot -T{ending[1:]}` of Graphviz makes the picture",
        )
    raise UsageError(
        f"-o: the ending of {file.name} says no format that there is; .mmd, .dot, .json and .txt do",
        help="use one of these, or say how to draw with --format",
    )


def _refuse_place(file: Path) -> None:
    """See before any work that the drawing has a place.

    Raises:
        UsageError: it has none.
    """
    if is_folder(file):
        raise UsageError(f"-o: {file} is a folder", help=f"name a file in it, such as {file / 'graph.mmd'}")
    if not is_folder(file.parent):
        raise UsageError(f"-o: there is no folder {file.parent}", help="make it first")


def _refuse_other_file(file: Path) -> None:
    """See that nothing but a drawing is replaced.

    Raises:
        UsageError: the file is there and is something else.
    """
    if not may_be_replaced(file):
        raise UsageError(
            f"-o: {file} is there and holds something else than a drawing, so it is not replaced",
            help="name another file, or remove this one first",
        )


def _write(file: Path, text: str) -> None:
    try:
        descriptor = open_to_write(file, _open, lambda: say_waiting(file))
        with Step.DRAWING_WRITE, os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise UsageError(
            f"-o: {file} cannot be written: {error.strerror or error}", help="name another file"
        ) from None


def _open(file: Path, flags: int) -> int:
    with Step.DRAWING_WRITE:
        return os.open(file, flags, 0o666)
