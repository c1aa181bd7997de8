"""What an output's `file` may be: folders and a name below the output folder, on every file system."""

from __future__ import annotations

import re

from seedflow.diagnostics import Diagnostic
from seedflow.recipe.leaves import quote
from seedflow.recipe.template import Template, TemplateForm

_MOST_CHARACTERS = 200
_MOST_BYTES = 250
"""Of one name: file systems take 255 bytes, ending included."""
LIST_OF_FILES = "manifest.json"
"""What stands beside the files of a recipe, and says which they are."""
_REFUSED = '<>:"\\|?*'
PICTURE_ENDING = re.compile(r"\.(jpe?g|png|webp)$", re.IGNORECASE)
"""What gives way to the picture's own ending."""
_PRINTED = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_PRINTED_VALUE = "x"
"""Stands for what a `{{ }}` gives: never empty, never a path, and without what is refused here."""


def is_fit_for_name(character: str) -> bool:
    """Whether every file system takes a character in a name."""
    return character not in _REFUSED and character.isprintable()


def read_file_path(file: Template, text: str, of: str = "") -> str | Diagnostic:
    """The path below the output folder that a text from a `file` template means, or what is wrong with it; `of` is whose file it is.

    It has no ending yet: the picture brings its own, in place of a written one such as `.jpg`.
    """
    problem = _find_problem(text)
    if problem is not None:
        return _refuse(file, text, *problem, of)
    return "/".join(_split(_without_ending(text)))


def check_file_path(file: Template) -> Diagnostic | None:
    """What is wrong with the written part of a `file` template, whatever its values are."""
    written = file.scalar.value
    if file.form is TemplateForm.EXPRESSION or "{%" in written or "{#" in written:
        return None
    could_not_be_read = file.form is TemplateForm.TEXT and not file.references
    if could_not_be_read or written.count("{{") != written.count("}}"):
        return None
    problem = _find_problem(_PRINTED.sub(_PRINTED_VALUE, written))
    # A key may begin with ~, so that only what is written can tell that a home folder is meant.
    if problem is None and any(part.startswith("~") for part in _split(written)):
        problem = ("a name in it begins with `~`, which stands for no folder here", "take `~` away")
    return None if problem is None else _refuse(file, written, *problem)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split("/")]


def _without_ending(text: str) -> str:
    return PICTURE_ENDING.sub("", text.rstrip())


def _find_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with a path as a whole or with one of its names, and what to do."""
    path = text.strip()
    if not path:
        return "it is empty", "write a name, such as `{{ image.name }}`"
    if path.startswith("/"):
        return "it begins with `/`", "take the first `/` away: the path starts in the output folder"
    if path.endswith("/"):
        return "it ends with `/`", "write a name behind the last `/`, such as `{{ image.name }}`"
    parts = _split(path)
    if "" in parts:
        return "it has an empty part", "write a single `/` between two names"
    if ".." in parts:
        return "it would leave the output folder", "take `..` away; `--out` chooses another output folder"
    if len(parts) > 1 and parts[0].casefold() == LIST_OF_FILES:
        return (
            f"`{LIST_OF_FILES}` lists the files, and can be no folder of them",
            "give the folder another name",
        )
    named = [*parts, _split(_without_ending(path))[-1]]
    return next((problem for part in named if (problem := _find_problem_of_name(part)) is not None), None)


def _find_problem_of_name(name: str) -> tuple[str, str] | None:
    refused = next((char for char in name if not is_fit_for_name(char)), None)
    if refused is not None:
        return (
            f"some file systems refuse {quote(refused)} in a name",
            "use letters, digits, dots, hyphens, underscores and spaces, with `/` between folders",
        )
    if name.startswith("."):
        return (
            f"{quote(name)} begins with a dot, and what is hidden is never an output",
            "begin the name with a letter or a digit",
        )
    if name.endswith("."):
        return f"{quote(name)} ends with a dot", "take the dot away; the ending follows the picture"
    characters, size = len(name), len(name.encode())
    if characters > _MOST_CHARACTERS or size > _MOST_BYTES:
        found = (
            f"{characters:,} characters, and {_MOST_CHARACTERS} is"
            if characters > _MOST_CHARACTERS
            else f"{size:,} bytes, and {_MOST_BYTES} are"
        )
        return (
            f"a name in it is too long: it has {found} the most",
            "shorten it, or print fewer values in it",
        )
    return None


def _refuse(file: Template, text: str, what: str, help_text: str, of: str = "") -> Diagnostic:
    whose = f" of {of}" if of else ""
    message = f"{quote(text)} cannot be a file{whose} below the output folder: {what}"
    return Diagnostic("bad-file-name", message, file.scalar.span, help=help_text)
