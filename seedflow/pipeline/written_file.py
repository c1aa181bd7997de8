"""Whether a file may be written where somebody asks for it: never over the state, nor over what a command reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from seedflow.errors import UsageError
from seedflow.pipeline.out_folder import find_state_around
from seedflow.pipeline.session import Session
from seedflow.recipe.picks_file import find_picks_path
from seedflow.settings.files import PROJECT_FILE
from seedflow.text.files import real_path

if TYPE_CHECKING:
    from seedflow.pipeline.check import Checked
    from seedflow.recipe.model import Recipe

_HELP: Final = "name another file"


def refuse_as_file(
    file: Path,
    option: str,
    session: Session,
    *,
    checked: Checked | None = None,
    inputs: Sequence[str] = (),
    inputs_file: Path | None = None,
) -> None:
    """See that writing a file harms nothing that is needed: called before anything is done.

    Args:
        file: what is to be written; it need not be there.
        option: how the command line calls it, such as `--events`.
        session: settings, whose own files count, as those of the models do.
        checked: the recipe of the command.
        inputs: values of inputs as they were given, `NAME=VALUE`.
        inputs_file: the file of `--inputs`.

    Raises:
        UsageError: it would replace, or stand in the way of, a file of a state or one that is read.
    """
    if str(file) == "-":
        device = ", or /dev/stdout to have it on standard output" if option == "--events" else ""
        raise UsageError(f"{option}: `-` is not taken for standard output", help=f"name a file{device}")
    state = _find_state(file, session.settings.state_folder)
    if state is not None:
        raise UsageError(f"{option}: {file} belongs to the state {state}", help=_HELP)
    read = [
        *_list_settings(session),
        *(() if checked is None else _list_recipes(checked, session)),
        *(() if inputs_file is None else ((inputs_file, "the inputs file"),)),
        *((session.folder / text.partition("=")[2], "a file that an input names") for text in inputs),
    ]
    what = next((what for path, what in read if _is_same(file, path)), None)
    if what is None and checked is not None and any(_names(one, file) for one in _find_recipes(checked)):
        what = "a file that a recipe names"
    models = session.settings.models_folder
    if what is None and models is not None and real_path(file).is_relative_to(real_path(models)):
        what = "in the folder of models"
    if what is not None:
        raise UsageError(f"{option}: {file} is {what}, and nothing else is written there", help=_HELP)


def _find_state(file: Path, own: Path) -> Path | None:
    """The state that a file belongs to, or would: as a place in it, or as another name of one of its files."""
    around = find_state_around(file, own)
    if around is not None:
        return around
    with suppress(OSError):
        found = file.stat()
        if found.st_nlink > 1 and any(os.path.samestat(found, one) for one in _list_files(own)):
            return own
    return None


def _list_files(folder: Path) -> Iterator[os.stat_result]:
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield (Path(root) / name).lstat()


def _list_settings(session: Session) -> Iterator[tuple[Path, str]]:
    settings = session.settings
    yield settings.folder / PROJECT_FILE, "the project's settings file"
    yield settings.user_file, "your own settings file"


def _list_recipes(checked: Checked, session: Session) -> Iterator[tuple[Path, str]]:
    if checked.path is not None:
        yield checked.path, "the recipe"
    yield find_picks_path(checked.path, session.settings.folder), "the recipe's picks file"
    for recipe in _find_recipes(checked):
        yield recipe.folder / Path(recipe.source.name).name, "a recipe that is used"
        for name in recipe.partials:
            yield recipe.folder / name, "a file that a prompt includes"


def _find_recipes(checked: Checked) -> list[Recipe]:
    """The recipe of a command and all that it uses, as far as they could be read."""
    used = [] if checked.graph is None else [frame.recipe for frame in checked.graph.frames.values()]
    return used if checked.recipe is None else [checked.recipe, *used]


def _names(recipe: Recipe, file: Path) -> bool:
    """Whether a file that is there is named in a recipe's text: a table or a picture, wherever it stands."""
    with suppress(OSError, ValueError):
        named = os.path.relpath(real_path(file), real_path(recipe.folder)).replace(os.sep, "/")
        return file.is_file() and any(name in recipe.source.text for name in (named, str(real_path(file))))
    return False


def _is_same(file: Path, other: Path) -> bool:
    """Whether two paths are the same file, or would be if it were there."""
    try:
        return file.samefile(other)
    except (OSError, ValueError):
        return real_path(file) == real_path(other) if "\0" not in str(other) else False
