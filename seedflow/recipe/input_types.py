"""A node as the value of a declared type: the declaration decides how a text is read.

Whatever a value comes from, the command line, a file, the Python API or a default, it comes here as a node.
"""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from typing import Protocol

from pydantic_core import PydanticCustomError

from seedflow.diagnostics import Diagnostic, Span, has_errors
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.image_folders import has_image_ending
from seedflow.recipe.leaves import (
    describe_node,
    diagnose,
    is_nothing,
    quote,
    read_boolean,
    read_integer,
    read_number,
    read_text,
    wrong_type,
)
from seedflow.recipe.lost_forms import advise_unquoting, split_quoted_list
from seedflow.recipe.model import Input, InputType
from seedflow.recipe.tables import TableReader
from seedflow.recipe.views import Row
from seedflow.text.json_nodes import is_json
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence


class Files(Protocol):
    """What values name on disk. Relative paths start where the value is spelled."""

    @property
    def of_recipe(self) -> Files:
        """The same for what the recipe itself spells."""
        ...

    def open_image(self, scalar: Scalar) -> object:
        """The image that a scalar spells, or a `Diagnostic` of what is wrong with it."""
        ...

    def find_images(self, scalar: Scalar) -> SequenceOf[object] | Diagnostic | None:
        """All images that a scalar spells, in order; None where that is not looked for."""
        ...

    def read_rows(self, declared: Input, scalar: Scalar) -> tuple[list[Row] | None, list[Diagnostic]]:
        """The rows of the file that a scalar spells, None where they are not looked for, and what is wrong."""
        ...


def read_value(declared: Input, node: Node, files: Files) -> tuple[object, list[Diagnostic]]:
    """The value that a node spells, and every problem with it; with an error the value means nothing.

    Text gives `str`, a number `int` or `float`, a choice one of its options, an image what `files` gives, a list a
    `list`, a table a list of `Row`. A node that says nothing never comes here, except as an item of a list, where it is a
    problem.
    """
    reader = _Reader(files)
    value = reader.read(declared, node)
    return value, reader.problems


class _Reader:
    def __init__(self, files: Files) -> None:
        self._files = files
        self.problems: list[Diagnostic] = []

    def read(self, declared: Input, node: Node) -> object:
        try:
            return self._read(declared, node)
        except PydanticCustomError as error:
            self.problems.append(diagnose(error, node.span))
            return None

    def _read(self, declared: Input, node: Node) -> object:
        match declared.type:
            case InputType.TEXT:
                return self._read_text(declared, node)
            case InputType.NUMBER:
                return self._within(declared, node, read_number(node))
            case InputType.INTEGER:
                return self._within(declared, node, read_integer(node))
            case InputType.BOOLEAN:
                return read_boolean(node)
            case InputType.CHOICE:
                return self._read_choice(declared, node)
            case InputType.IMAGE:
                return self._read_image(node)
            case InputType.LIST:
                return self._read_list(declared, node)
            case InputType.TABLE:
                return self._read_table(declared, node)

    def _read_text(self, declared: Input, node: Node) -> str:
        text = read_text(node)
        self._check_bounds(len(text), declared.min_length, declared.max_length, node.span, unit="character")
        return text

    def _within(self, declared: Input, node: Node, value: float) -> int | float:
        self._check_bounds(value, declared.minimum, declared.maximum, node.span)
        return value

    def _read_choice(self, declared: Input, node: Node) -> str:
        text = read_text(node)
        if text not in declared.options:
            near = find_near(text, declared.options)
            listed = ", ".join(quote(option) for option in declared.options)
            self.problems.append(
                Diagnostic(
                    "not-an-option",
                    f"{quote(text)} is not one of the options of `{declared.name}`",
                    node.span,
                    help=f"did you mean {quote(near)}?"
                    if near
                    else f"write one of {listed}"
                    if listed
                    else None,
                )
            )
        return text

    def _read_image(self, node: Node) -> object:
        if not isinstance(node, Scalar) or is_nothing(node):
            raise wrong_type(
                node,
                "one image, as a path or an https URL",
                help="write one image; for several, declare the input with `type: list` and `of: image`",
            )
        found = self._files.open_image(node)
        if isinstance(found, Diagnostic):
            self.problems.append(found)
        return found

    def _read_list(self, declared: Input, node: Node) -> list[object]:
        item = declared.of
        if item is None:  # a declaration without `of`, which is an error of its own
            return []
        if item.type is InputType.IMAGE:
            return self._read_images(declared, node)
        items = self._open_list(declared, node)
        self._check_bounds(len(items), declared.min_items, declared.max_items, node.span, unit="item")
        missing = [(number, found) for number, found in enumerate(items, 1) if is_nothing(found)]
        if not missing:
            return [self.read(item, found) for found in items]
        for number, found in missing:
            self._report_nothing(declared, item, number, found)
        return [self.read(item, found) for found in items if not is_nothing(found)]

    def _read_images(self, declared: Input, node: Node) -> list[object]:
        """A list of images, in which a folder or pattern stands for several; one that stands alone needs no list."""
        alone = isinstance(node, Scalar) and not is_nothing(node) and not _is_quoted_list(node)
        items = (node,) if alone else self._open_list(declared, node)
        images: list[object] = []
        known = True
        for number, found in enumerate(items, 1):
            if is_nothing(found) or not isinstance(found, Scalar):
                self._report_nothing(declared, declared.of or declared, number, found)
                known = False
                continue
            views = self._files.find_images(found)
            if isinstance(views, Diagnostic):
                self.problems.append(views)
                known = False
            elif views is None:
                known = False
            else:
                images.extend(views)
        if known:
            self._check_bounds(len(images), declared.min_items, declared.max_items, node.span, unit="image")
        return images

    def _open_list(self, declared: Input, node: Node) -> SequenceOf[Node]:
        if isinstance(node, Sequence):
            return node.items
        as_json = is_json(node.source)
        advice = advise_unquoting(node) or (
            "write `[…]` around it" + ("" if as_json else ", or each item after `- `")
        )
        if isinstance(node, Mapping):
            listed = "`[VALUE, …]`" if as_json else "`[VALUE, …]`, or each after `- `"
            advice = f"write a list of its values, without the keys: {listed}"
        elif node.value.lower().endswith(_DATA_FILES):
            advice = "write the list out: a list is not read from a file, but an input of type `table` is"
        raise wrong_type(node, f"a list for `{declared.name}`", help=advice)

    def _report_nothing(self, declared: Input, item: Input, number: int, found: Node) -> None:
        self.problems.append(
            Diagnostic(
                "wrong-type",
                f"item {number} of `{declared.name}` is {describe_node(found)}, expected {_NAMES[item.type]}",
                found.span,
                help="take the item out, or write a value",
            )
        )

    def _read_table(self, declared: Input, node: Node) -> list[Row]:
        if isinstance(node, Scalar) and not is_nothing(node):
            rows, problems = self._files.read_rows(declared, node)
            self.problems.extend(problems)
            if rows is None or has_errors(problems):
                return []
        elif isinstance(node, Sequence):
            reader = TableReader(
                declared,
                lambda column, cell: read_value(column, cell, self._files),
                lambda column, cell: read_value(column, cell, self._files.of_recipe),
                titled=False,
            )
            for number, item in enumerate(node.items, 1):
                reader.read_record(item, number)
            self.problems.extend(reader.problems)
            if has_errors(reader.problems):
                return []
            rows = reader.rows
        else:
            raise wrong_type(
                node,
                f"rows for `{declared.name}`, or the path of a file",
                help='write `[{"COLUMN": VALUE, …}, …]`, a mapping for each row'
                if is_json(node.source)
                else "write each row after `- `, as a mapping of columns to values",
            )
        self._check_bounds(len(rows), declared.min_items, declared.max_items, node.span, unit="row")
        return rows

    def _check_bounds(
        self, size: float, low: float | None, high: float | None, span: Span, *, unit: str | None = None
    ) -> None:
        if (low is None or size >= low) and (high is None or size <= high):
            return
        if low is not None and high is not None and low > high:
            return  # said where they are declared: no value lies between them
        found = f"{size:,} {unit}{'' if size == 1 else 's'}" if unit else f"{size}"
        if low is not None and high is not None:
            wanted = f"{low} to {high}" if low != high else f"exactly {low}"
        else:
            wanted = f"at least {low}" if low is not None else f"at most {high}"
        self.problems.append(
            Diagnostic("out-of-bounds", f"found {found}, expected {wanted}", span, help=f"give {wanted}")
        )


def _is_quoted_list(node: Scalar) -> bool:
    """Whether a text spells a list of pictures; as the pattern that it could be as well it would find one by a letter."""
    return any(has_image_ending(item.strip("'\"")) for item in split_quoted_list(node.value))


_DATA_FILES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".yaml", ".yml", ".txt")
_NAMES = {
    InputType.TEXT: "text",
    InputType.NUMBER: "a number",
    InputType.INTEGER: "a whole number",
    InputType.BOOLEAN: "true or false",
    InputType.CHOICE: "one of the options",
    InputType.IMAGE: "an image",
    InputType.LIST: "a list",
    InputType.TABLE: "a table",
}
