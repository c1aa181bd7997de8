"""A node as the value of a declared type: the declaration decides how a text is read.

Whatever a value comes from, the command line, a file, the Python API or a default, it comes here as a node.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic_core import PydanticCustomError

from seedflow.diagnostics import Diagnostic, Span
from seedflow.diagnostics.suggest import find_near
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
from seedflow.recipe.model import Input, InputType
from seedflow.text.nodes import Node, Scalar, Sequence

OpenImage = Callable[[Scalar], "object | Diagnostic"]
"""Gives the image that a scalar spells, or what is wrong with it."""


def read_value(declared: Input, node: Node, open_image: OpenImage) -> tuple[object, list[Diagnostic]]:
    """The value that a node spells, and every problem with it; with problems the value means nothing.

    Text gives `str`, a number `int` or `float`, a choice one of its options, an image what `open_image` gives, a list a
    `list`. A node that says nothing never comes here, except as an item of a list, where it is a problem.
    """
    reader = _Reader(open_image)
    value = reader.read(declared, node)
    return value, reader.problems


class _Reader:
    def __init__(self, open_image: OpenImage) -> None:
        self._open_image = open_image
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
            case InputType.LIST | InputType.TABLE:
                return self._read_list(declared, node)

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
                    help=f"did you mean {quote(near)}?" if near else f"write one of {listed}",
                )
            )
        return text

    def _read_image(self, node: Node) -> object:
        text = read_text(node)
        found = self._open_image(node) if isinstance(node, Scalar) else text
        if isinstance(found, Diagnostic):
            self.problems.append(found)
        return found

    def _read_list(self, declared: Input, node: Node) -> list[object]:
        if not isinstance(node, Sequence):
            raise wrong_type(
                node, f"a list for `{declared.name}`", help="write `[…]` around it, or each item after `- `"
            )
        self._check_bounds(len(node.items), declared.min_items, declared.max_items, node.span, unit="item")
        item = declared.of
        if item is None:
            raise ValueError(f"the list {declared.name!r} was declared without a type of items")
        for number, found in enumerate(node.items, 1):
            if is_nothing(found):
                self.problems.append(
                    Diagnostic(
                        "wrong-type",
                        f"item {number} of `{declared.name}` is {describe_node(found)}, expected {_NAMES[item.type]}",
                        found.span,
                        help="take the item out, or write a value",
                    )
                )
        return [self.read(item, found) for found in node.items if not is_nothing(found)]

    def _check_bounds(
        self, size: float, low: float | None, high: float | None, span: Span, *, unit: str | None = None
    ) -> None:
        if (low is None or size >= low) and (high is None or size <= high):
            return
        found = f"{size} {unit}{'' if size == 1 else 's'}" if unit else f"{size}"
        if low is not None and high is not None:
            wanted = f"{low} to {high}" if low != high else f"exactly {low}"
        else:
            wanted = f"at least {low}" if low is not None else f"at most {high}"
        self.problems.append(
            Diagnostic("out-of-bounds", f"found {found}, expected {wanted}", span, help=f"give {wanted}")
        )


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
