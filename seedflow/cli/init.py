"""`seedflow init`: a project to start from, with a recipe that runs at once and an editor that knows the language."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
from rich.text import Text

from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.completion_values import complete_folders
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.project_files import RECIPE, Project, build_project, place_project
from seedflow.cli.session import refuse_odd_name
from seedflow.cli.terminal import say
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode, UsageError
from seedflow.models.catalog import load_catalog
from seedflow.recipe.schema import build_json_schema
from seedflow.recipe.shipped import list_shipped
from seedflow.settings.files import STATE_FOLDER, find_project
from seedflow.text.files import real_path


@click.command(
    "init",
    cls=Command,
    examples=(
        ("seedflow init", "here"),
        ("seedflow init postcards", "in a new folder"),
    ),
)
@click.argument("folder", required=False, default=".", shell_complete=complete_folders)
def command(folder: str) -> int:
    """Start a project in FOLDER, by default here: a first recipe that runs at once, settings, and what an editor needs.

    Never changes what is there: if a file stands in the way, it is named and nothing is written. Lines that are missing
    in a .gitignore are added at its end.
    """
    path = _read_folder(folder)
    project = build_project(path, build_json_schema(load_catalog()))
    made = place_project(project)
    _tell(project, made, folder)
    return ExitCode.DONE


def _read_folder(text: str) -> Path:
    """The folder that the project is to be in, which need not exist.

    Raises:
        UsageError: it is none, or no place for a project.
    """
    if not text.strip():
        raise UsageError(
            "found an empty name, expected a folder", help="leave it away for the current folder"
        )
    if "\0" in text:
        raise UsageError("a folder's name cannot hold a NUL character", help="choose another name")
    try:
        path = Path(text).expanduser() if text.startswith("~") else Path(text)
        home = real_path(Path.home())
    except RuntimeError:
        raise UsageError(f"`{text}` names a home that is not known", help="write the whole path") from None
    refuse_odd_name(path.absolute(), "the folder")
    try:
        real = real_path(path)
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{path} cannot be followed: {error}", help="choose another folder") from None
    reason = _find_objection(real, home)
    if reason is not None:
        raise UsageError(
            f"{path} is no place for a project: {reason}",
            help="name a folder of its own, such as `seedflow init pictures`",
        )
    return path


def _find_objection(real: Path, home: Path) -> str | None:
    """Why a folder is no place for a project, or None."""
    if real == home or real == Path(real.anchor):
        return "every folder below it would belong to it"
    for part, what in ((STATE_FOLDER, "seedflow's own state"), (".git", "Git's own files")):
        if part in real.parts:
            return f"it is inside {what}"
    package = Path(__file__).resolve().parent.parent
    shipped = {real_path(recipe.path).parent for recipe in list_shipped()}
    if real.is_relative_to(package) or any(real.is_relative_to(folder) for folder in shipped):
        return "it belongs to seedflow itself"
    return None


def _tell(project: Project, made: tuple[Path, ...], folder: str) -> None:
    console = open_console()
    names = [str(path.relative_to(project.folder)) for path in made]
    where = "here" if folder in (".", "./") else f"in {make_printable(folder)}"
    if not names:
        console.print(Text(f"Everything is there already {where}."), soft_wrap=True)
    else:
        print_folded(console, Text(f"Made a project {where}: {', '.join(names)}."))
    for note in project.notes:
        print_folded(console, Text(note))
    outer, settings = find_project(real_path(project.folder).parent)
    if settings is not None:
        say(
            f"note: it stands inside the project {make_printable(str(outer))}; {where}, its own settings count"
        )
    console.print()
    steps = [(f"seedflow run {RECIPE}", "makes its pictures; without an account, placeholders")]
    if where != "here":
        steps.insert(0, (f"cd {_quote(folder)}", ""))
    steps.append((f"seedflow check {RECIPE}", "finds every mistake, once you changed it"))
    print_columns(console, [(Text(command, "cyan"), Text(what)) for command, what in steps])


def _quote(text: str) -> str:
    home, rest = text[:1], text[1:]
    return make_printable(text if home == "~" and shlex.quote(rest) == rest else shlex.quote(text))
