"""Declared inputs for people and as plain data: types, bounds, defaults, columns of tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from seedflow.cli.columns import shorten
from seedflow.diagnostics.printable import make_printable
from seedflow.recipe.model import Input, InputType
from seedflow.text.nodes import Node, Scalar, Sequence

_MOST_CELLS: Final = 240
"""A default is shown whole up to here, over several lines where the terminal is narrow; `show --source` has longer ones."""
_BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("min_length", "max_length", "character"),
    ("min_items", "max_items", "item"),
)


def is_required(declared: Input) -> bool:
    """Whether a run must be given this input, or a row this column."""
    return declared.default is None and not declared.optional


def describe_input(declared: Input) -> dict[str, object]:
    """An input or column as plain data."""
    bounds = {
        name: getattr(declared, name)
        for low, high, _ in _BOUNDS
        for name in (low, high)
        if getattr(declared, name) is not None
    }
    described: dict[str, object] = {
        "type": declared.type.value,
        "of": declared.of.type.value if declared.of is not None else None,
        "options": list(declared.options),
        "required": is_required(declared),
        "default": None if declared.default is None else _find_plain(declared, declared.default),
        "bounds": bounds,
        "description": declared.description,
    }
    if declared.header is not None:
        described["header"] = declared.header
    if declared.type is InputType.TABLE:
        described["key"] = declared.key
        described["columns"] = {name: describe_input(column) for name, column in declared.columns.items()}
    return described


def list_inputs(inputs: Iterable[Input]) -> Iterator[tuple[Text, Text, Text]]:
    """A line of name, what it is, and what it is for, for each input; those of a table's columns below it, indented."""
    for declared in inputs:
        yield _line(declared, "")
        for column in declared.columns.values():
            yield _line(column, "  ")


def spell_type(declared: Input) -> str:
    """`list of text`, `choice of small, large`, `table by sku`."""
    if declared.of is not None:
        return f"{declared.type.value} of {spell_type(declared.of)}"
    if declared.options:
        return f"{declared.type.value} of {', '.join(declared.options)}"
    if declared.key is not None:
        return f"{declared.type.value} by {declared.key}"
    return declared.type.value


def _line(declared: Input, indent: str) -> tuple[Text, Text, Text]:
    words = [spell_type(declared), *_spell_bounds(declared)]
    if declared.default is None:
        words.append("optional" if declared.optional else "required")
    about = Text(make_printable(" ".join((declared.description or "").split())))
    notes = []
    if declared.header is not None and declared.header != declared.name:
        notes.append(f"titled {declared.header}")
    if declared.default is not None:
        notes.append(f"default: {_spell_default(declared, declared.default)}")
    if notes:
        said = "; ".join(notes)
        about = Text.assemble(about, (make_printable(f" ({said})" if about else said), "dim"))
    return (
        Text(indent + make_printable(declared.name), "cyan"),
        Text(make_printable(", ".join(words)), "dim"),
        about,
    )


def _spell_bounds(declared: Input) -> Iterator[str]:
    for low_name, high_name, unit in _BOUNDS:
        low, high = getattr(declared, low_name), getattr(declared, high_name)
        if low is None and high is None:
            continue
        noun = "row" if unit == "item" and declared.type is InputType.TABLE else unit
        last = high if high is not None else low
        of = f" {noun}{'' if last == 1 else 's'}" if noun else ""
        if low is not None and high is not None:
            yield f"{low} to {high}{of}" if low != high else f"exactly {low}{of}"
        else:
            yield f"at least {low}{of}" if low is not None else f"at most {high}{of}"


def _spell_default(declared: Input, node: Node) -> str:
    """A default on one line: a text as it is, the items of a list, how many rows."""
    if isinstance(node, Scalar):
        return _spell_text(node) or '""'
    if isinstance(node, Sequence):
        if all(isinstance(item, Scalar) for item in node.items):
            return _spell_items([_spell_text(item) for item in node.items if isinstance(item, Scalar)])
        count = len(node.items)
        noun = "row" if declared.type is InputType.TABLE else "item"
        return f"{count:,} {noun}{'' if count == 1 else 's'}"
    return "a record"


def _spell_text(node: Scalar) -> str:
    """A text on one line; a very long one loses its end, or its middle where it is one word."""
    words = node.value.split()
    text = " ".join(words)
    if cell_len(text) <= _MOST_CELLS:
        return text
    whole = 0
    while cell_len(" ".join(words[: whole + 1])) < _MOST_CELLS:
        whole += 1
    return f"{' '.join(words[:whole])} …" if whole else shorten(text, _MOST_CELLS)


def _spell_items(items: list[str]) -> str:
    """Items of a list: all, or as many whole ones as there is room for, and how many there are besides."""
    shown = 1
    while shown < len(items) and cell_len(", ".join(items[: shown + 1])) <= _MOST_CELLS:
        shown += 1
    more = f" and {len(items) - shown:,} more" if shown < len(items) else ""
    return f"{', '.join(items[:shown])}{more}" or "[]"


def _find_plain(declared: Input, node: Node) -> object:
    """A default as JSON: text where text is declared, else what YAML makes of it."""
    if isinstance(node, Scalar):
        if declared.type in (InputType.NUMBER, InputType.INTEGER, InputType.BOOLEAN):
            return node.resolve()
        return node.value
    if isinstance(node, Sequence):
        item = declared.of or declared
        return [_find_plain(item, found) for found in node.items]
    return {
        entry.key.value: _find_plain(declared.columns.get(entry.key.value, declared), entry.value)
        for entry in node
    }
