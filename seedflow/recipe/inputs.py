"""The values of a recipe's inputs: what was given, else the default, else none; read as declared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seedflow.diagnostics import Diagnostic, Related
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.given import GivenInputs, GivenValue
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.input_types import read_value
from seedflow.recipe.leaves import is_nothing, quote
from seedflow.recipe.model import Input, InputType, Recipe
from seedflow.text.nodes import Node, Scalar, Sequence

_TEXTUAL = frozenset({InputType.TEXT, InputType.CHOICE, InputType.IMAGE})


def resolve_inputs(
    recipe: Recipe,
    given: GivenInputs,
    *,
    folder: Path,
    images: ImageFiles | None = None,
    later: frozenset[str] = frozenset(),
) -> tuple[dict[str, object] | None, list[Diagnostic]]:
    """The value of every input, in declared order, or None and all problems.

    Text is `str`, a number `int` or `float`, an image a `View`, a list a `list`; an absent optional input is None. In a
    file and in Python `null` and None mean: not given.

    Args:
        recipe: declares the inputs; relative paths of its defaults start in its folder.
        given: what a person gave.
        folder: where relative paths of the command line and of Python start: the current folder.
        images: opens local images, each once; may be shared with whoever opens others for the same plan.
        later: inputs whose values somebody else works out; they are left out.
    """
    images = images or ImageFiles()
    problems = list(_check_names(recipe, given))
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
            if not declared.optional:
                problems.append(_missing(declared))
            continue
        values[name], wrong = _read(declared, node, start, images)
        problems.extend(wrong)
    return (None, problems) if problems else (values, [])


def _read(declared: Input, node: Node, folder: Path, images: ImageFiles) -> tuple[object, list[Diagnostic]]:
    def open_image(scalar: Scalar) -> object:
        return images.open(scalar.value, scalar.span, folder)

    return read_value(declared, node, open_image)


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
        return Sequence(first.source, first.start, first.end, scalars)
    if len(scalars) > 1:
        problems.append(
            Diagnostic(
                "given-twice",
                f"input `{declared.name}` is given {len(scalars)} times, but it is not a list",
                scalars[1].span,
                help="give it once",
                related=(Related(scalars[0].span, "it is given here first"),),
            )
        )
        return None
    return scalars[0]


def _take_as(kind: InputType, scalar: Scalar) -> Scalar:
    """A text of the command line as it would stand in a file: quoted where text is wanted, else plain."""
    if kind in _TEXTUAL:
        return scalar
    return Scalar(scalar.source, scalar.start, scalar.end, scalar.value.strip())


def _check_names(recipe: Recipe, given: GivenInputs) -> Iterator[Diagnostic]:
    for name, value in given.values.items():
        if name not in recipe.inputs:
            near = find_near(name, recipe.inputs)
            known = ", ".join(recipe.inputs)
            yield Diagnostic(
                "no-such-input",
                f"recipe {quote(recipe.name)} has no input {quote(name)}"
                + (f"; it has {known}" if known else "; it has none"),
                value.name_span,
                help=f"did you mean `{near}`?" if near else "take it out",
            )


def _missing(declared: Input) -> Diagnostic:
    repeat = ", once for each item" if declared.type is InputType.LIST else ""
    return Diagnostic(
        "missing-input",
        f"input `{declared.name}` has no value, and no default",
        declared.span,
        help=f"give it with `-i {declared.name}=…`{repeat}",
    )
