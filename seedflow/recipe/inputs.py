"""The values of a recipe's inputs: what was given, else the default, else none; read as declared."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf
from dataclasses import replace
from pathlib import Path

from seedflow.diagnostics import Diagnostic, Related, Severity, has_errors
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.binding import sort_by_place
from seedflow.recipe.given import GivenInputs, GivenValue
from seedflow.recipe.image_folders import has_image_ending
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.input_types import read_value
from seedflow.recipe.leaves import DECIMAL_COMMA, is_nothing, quote
from seedflow.recipe.model import Input, InputType, Recipe
from seedflow.recipe.table_files import check_table_path, load_table
from seedflow.recipe.views import Row
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence

_TEXTUAL = frozenset({InputType.TEXT, InputType.CHOICE, InputType.IMAGE, InputType.TABLE})
_SEPARATOR = re.compile("[,;]")
_MOST_SHOWN = 3
_LEVEL = "inputs"
"""What some write above the names, as a recipe has it."""


def resolve_inputs(
    recipe: Recipe,
    given: GivenInputs,
    *,
    folder: Path,
    images: ImageFiles | None = None,
    later: frozenset[str] = frozenset(),
) -> tuple[dict[str, object] | None, list[Diagnostic]]:
    """The value of every input, in declared order, or None where there is an error; and all problems.

    Text is `str`, a number `int` or `float`, an image a `View`, a list a `list`, a table a list of `Row`; an absent
    optional input is None. In a file and in Python `null` and None mean: not given.

    Args:
        recipe: declares the inputs; relative paths of its defaults start in its folder.
        given: what a person gave.
        folder: where relative paths of the command line and of Python start: the current folder.
        images: opens local images, each once; may be shared with whoever opens others for the same plan.
        later: inputs whose values somebody else works out; they are left out.
    """
    images = images or ImageFiles()
    problems = list(_check_names(recipe, given))
    wrapped = _find_wrapped(recipe, given)
    values: dict[str, object] = {}
    for name, declared in recipe.inputs.items():
        if name in later:
            continue
        found = given.values.get(name)
        node, start = (
            (None, folder)
            if found is None
            else (_choose_node(declared, found, problems), found.folder or folder)
        )
        if node is None and found is not None and found.arguments:
            continue
        if node is None:
            node, start = declared.default, recipe.folder
        if node is None:
            values[name] = None
            if not declared.optional and name not in wrapped:
                problems.append(_missing(declared))
            continue
        files = FilesFrom(start, images, recipe_folder=recipe.folder, current_folder=folder)
        values[name], wrong = read_value(declared, node, files)
        split = declared.type is InputType.LIST and found is not None and found.arguments
        problems.extend((_tell_form(one, declared) for one in wrong) if split else wrong)
        if found is not None and not wrong:
            problems.extend(_doubt_brackets(declared, found))
    return (None if has_errors(problems) else values), _sort_within_files(problems)


class FilesFrom:
    """The files that values name whose relative paths start in one folder; `braces` where templates could stand as well."""

    def __init__(
        self,
        folder: Path,
        images: ImageFiles,
        *,
        recipe_folder: Path,
        current_folder: Path,
        braces: bool = False,
    ) -> None:
        self._folder = folder
        self._images = images
        self._recipe_folder = recipe_folder
        self._current_folder = current_folder
        self._braces = braces

    @property
    def of_recipe(self) -> FilesFrom:
        """The same for what the recipe itself spells."""
        return self._from(self._recipe_folder)

    def open_image(self, scalar: Scalar) -> object:
        """The view of an image, or what is wrong with it."""
        return self._images.open(scalar.value, scalar.span, self._folder, braces=self._braces)

    def find_images(self, scalar: Scalar) -> SequenceOf[object] | Diagnostic:
        """The views of all images that a scalar spells."""
        return self._images.find(scalar.value, scalar.span, self._folder)

    def read_rows(self, declared: Input, scalar: Scalar) -> tuple[list[Row] | None, list[Diagnostic]]:
        """The rows of a table's file, whose own relative paths start in its folder."""
        wrong = check_table_path(scalar.value, scalar.span)
        if wrong is not None:
            return None, [wrong]
        path = self._folder / scalar.value
        name = scalar.value if self._folder == self._current_folder else str(path)
        below = self._from(path.parent)
        return load_table(
            path,
            name,
            scalar.span,
            declared,
            read_cell=lambda column, cell: read_value(column, cell, below),
            read_default=lambda column, cell: read_value(column, cell, self.of_recipe),
        )

    def _from(self, folder: Path) -> FilesFrom:
        return FilesFrom(
            folder,
            self._images,
            recipe_folder=self._recipe_folder,
            current_folder=self._current_folder,
            braces=self._braces and folder == self._folder,
        )


def _choose_node(declared: Input, given: GivenValue, problems: list[Diagnostic]) -> Node | None:
    """The node to read: the one of a file or of Python, or what the texts of the command line mean for this type."""
    if not given.arguments:
        return None if is_nothing(given.node) else given.node
    item = declared
    while item.type is InputType.LIST and item.of is not None:
        item = item.of
    scalars = tuple(_take_as(item.type, scalar) for scalar in given.arguments)
    if declared.type is InputType.LIST:
        first = scalars[0]
        nothing = len(scalars) == 1 and not first.value.strip()
        # With its name, so that what is said of the list does not stand where something is said of its first item.
        return Sequence(first.source, 0, first.end, () if nothing else scalars)
    if len(scalars) > 1:
        problems.append(
            Diagnostic(
                "given-twice",
                f"input `{declared.name}` is given {len(scalars)} times, but it is {'one table' if declared.type is InputType.TABLE else 'not a list'}",
                scalars[1].span,
                help="give one file that holds all rows"
                if declared.type is InputType.TABLE
                else "give it once",
                related=(Related(scalars[0].span, "it is given here first"),),
            )
        )
        return None
    return scalars[0]


def _sort_within_files(problems: list[Diagnostic]) -> list[Diagnostic]:
    """Those of one file in the order of its lines, files in the order in which they were found wrong."""
    found: dict[str, list[Diagnostic]] = {}
    for problem in problems:
        found.setdefault("" if problem.span is None else problem.span.source.name, []).append(problem)
    return [problem for of_file in found.values() for problem in sort_by_place(of_file)]


def _tell_form(problem: Diagnostic, declared: Input) -> Diagnostic:
    """The same with what the command line has to do with it: nothing splits a value, and brackets make no list."""
    span, item = problem.span, declared.of
    if item is not None and item.type is InputType.LIST and problem.code == "wrong-type":
        return replace(problem, help="give lists within a list by a file: `--inputs FILE`")
    if item is None or span is None or not span.source.name.startswith("-i "):
        return problem
    text = span.source.text[span.start : span.end].strip()
    items = _split_like_a_list(text, item.type)
    if not items:
        return problem
    help_text = f"nothing splits a value: write `{_spell_arguments(declared.name, items)}`"
    if item.type is InputType.NUMBER and DECIMAL_COMMA.fullmatch(text):
        help_text += f", or `{text.replace(',', '.')}` with a point for one number"
    return replace(problem, help=help_text)


def _spell_arguments(name: str, items: list[str]) -> str:
    written = " ".join(f"-i {shlex.quote(f'{name}={one}')}" for one in items[:_MOST_SHOWN])
    return f"{written} …" if len(items) > _MOST_SHOWN else written


def _doubt_brackets(declared: Input, given: GivenValue) -> Iterator[Diagnostic]:
    """A list of texts that is given once, in brackets, is one text, and would be paid for as such."""
    if declared.of is None or declared.of.type is not InputType.TEXT or len(given.arguments) != 1:
        return
    (scalar,) = given.arguments
    text = scalar.value.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return
    items = _split_like_a_list(text, InputType.TEXT)
    yield Diagnostic(
        "brackets-in-text",
        f"brackets make no list here: input `{declared.name}` gets one text, {quote(text)}",
        scalar.span,
        help=f"write `{_spell_arguments(declared.name, items)}`"
        if items
        else f"write `-i {declared.name}=` for an empty list",
        severity=Severity.WARNING,
    )


def _split_like_a_list(text: str, kind: InputType) -> list[str]:
    """The items that somebody meant by a text that is none; empty for one that does not look like several."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    items = [item for one in _SEPARATOR.split(bare) if (item := one.strip().strip("'\"").strip())]
    if len(items) == 1 and bare is text:
        # Options, paths and texts may hold spaces; a list of pictures is told by its endings.
        words = bare.split()
        by_spaces = kind not in _TEXTUAL or (kind is InputType.IMAGE and all(map(has_image_ending, words)))
        return words if by_spaces and len(words) > 1 else []
    return items


def _take_as(kind: InputType, scalar: Scalar) -> Scalar:
    """A text of the command line as it would stand in a file: quoted where text is wanted, else plain."""
    if kind in _TEXTUAL:
        return scalar
    return Scalar(scalar.source, scalar.start, scalar.end, scalar.value.strip())


def _find_wrapped(recipe: Recipe, given: GivenInputs) -> dict[str, Node]:
    """What stands below a level of its own, `inputs:`, in the file: values of inputs that the recipe has."""
    level = given.values.get(_LEVEL)
    if level is None or _LEVEL in recipe.inputs or not isinstance(level.node, Mapping):
        return {}
    return {entry.key.value: entry.value for entry in level.node if entry.key.value in recipe.inputs}


def _check_names(recipe: Recipe, given: GivenInputs) -> Iterator[Diagnostic]:
    wrapped = _find_wrapped(recipe, given)
    for name, value in given.values.items():
        if name == _LEVEL and wrapped:
            yield Diagnostic(
                "no-such-input",
                f"recipe {quote(recipe.name)} has no input {quote(name)}, and what stands below it are values of its inputs",
                value.name_span,
                help=f"write the names without `{name}:` above them: `{next(iter(wrapped))}: …`",
            )
        elif name not in recipe.inputs:
            near = find_near(name, recipe.inputs)
            known = ", ".join(recipe.inputs)
            yield Diagnostic(
                "no-such-input",
                f"recipe {quote(recipe.name)} has no input {quote(name)}"
                + (f"; it has {known}" if known else "; it has none"),
                value.name_span,
                help=f"did you mean `{near}`?"
                if near
                else "write the one that is meant, or take it out"
                if known
                else "take it out",
            )


def _missing(declared: Input) -> Diagnostic:
    repeat = ", once for each item" if declared.type is InputType.LIST else ""
    value = "FILE.csv" if declared.type is InputType.TABLE else "…"
    return Diagnostic(
        "missing-input",
        f"input `{declared.name}` has no value, and no default",
        declared.span,
        help=f"give it with `-i {declared.name}={value}`{repeat}",
    )
