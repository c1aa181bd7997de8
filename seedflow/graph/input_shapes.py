"""What the declaration of an input says of its value: its kind, how many items it has, between which numbers it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from seedflow.graph.ranges import ANYTHING
from seedflow.graph.shapes import UNKNOWN, Count, Kind, Shape, whole_number
from seedflow.recipe.model import Input, InputType

_SCALARS: Mapping[InputType, Kind] = {
    InputType.TEXT: Kind.TEXT,
    InputType.NUMBER: Kind.NUMBER,
    InputType.BOOLEAN: Kind.BOOLEAN,
}


def shape_of_input(declared: Input) -> Shape:
    """The shape of an input; it may be none when it is optional and has no default."""
    optional = declared.optional and declared.default is None
    match declared.type:
        case InputType.IMAGE:
            return Shape(Kind.IMAGE, optional)  # of which step, if of any, its caller knows
        case InputType.LIST:
            item = UNKNOWN if declared.of is None else shape_of_input(declared.of)
            return Shape(Kind.LIST, optional, item, _count_of(declared))
        case InputType.TABLE:
            return Shape(Kind.LIST, optional, _shape_of_row(declared), _count_of(declared))
        case InputType.CHOICE:
            return Shape(Kind.TEXT, optional, options=declared.options)
        case InputType.INTEGER:
            return replace(
                whole_number(ANYTHING.within(declared.minimum, declared.maximum)), optional=optional
            )
        case InputType.TEXT | InputType.NUMBER | InputType.BOOLEAN:
            return Shape(_SCALARS[declared.type], optional)


def _count_of(declared: Input) -> Count:
    """How many items there may be. Bounds with nothing between them are told elsewhere, and say nothing here."""
    low, high = declared.min_items or 0, declared.max_items
    return Count(0, None) if high is not None and low > high else Count(low, high)


def _shape_of_row(declared: Input) -> Shape:
    """A row has the columns that are declared; a file may have more, which nothing here can know."""
    if not declared.columns:
        return Shape(Kind.RECORD)
    fields = {name: shape_of_input(column) for name, column in declared.columns.items()}
    return Shape(Kind.RECORD, fields=fields, open=True)
