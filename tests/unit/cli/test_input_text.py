"""Inputs as people and programs see them: what they are, their bounds, their defaults, the columns of tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.cli.input_text import describe_input, list_inputs
from seedflow.diagnostics import Source
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.model import Input


def declare(text: str) -> Input:
    source = Source(
        "r.yaml", f"seedflow: 1\ninputs: {{a: {text}}}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n"
    )
    recipe, problems = parse_recipe(source, load_catalog(), folder=Path(), default_name="r")
    assert problems == []
    assert recipe is not None
    return recipe.inputs["a"]


@pytest.mark.parametrize(
    ("text", "what", "about"),
    [
        ("{type: text}", "text, required", ""),
        ("{type: text, description: Who, default: a  fox}", "text", "Who (default: a fox)"),
        ("{type: text, default: ''}", "text", 'default: ""'),
        (
            "{type: text, optional: true, min_length: 1, max_length: 1}",
            "text, exactly 1 character, optional",
            "",
        ),
        ("{type: text, max_length: 80, default: x}", "text, at most 80 characters", "default: x"),
        ("{type: number, minimum: 0.5, default: 1}", "number, at least 0.5", "default: 1"),
        ("{type: integer, minimum: 1, maximum: 9}", "integer, 1 to 9, required", ""),
        (
            "{type: list, of: text, min_items: 1, default: [a, b]}",
            "list of text, at least 1 item",
            "default: a, b",
        ),
        ("{type: list, of: text, default: []}", "list of text", "default: []"),
        (
            f"{{type: list, of: text, default: [{', '.join(['a lighthouse at sea'] * 10)}]}}",
            "list of text",
            f"default: {', '.join(['a lighthouse at sea'] * 10)}",
        ),
        (
            f"{{type: list, of: text, default: [{', '.join(['a lighthouse at sea'] * 1012)}]}}",
            "list of text",
            f"default: {', '.join(['a lighthouse at sea'] * 11)} and 1,001 more",
        ),
        (f"{{type: text, default: {'fox ' * 80}}}", "text", f"default: {'fox ' * 59}fox …"),
        (f"{{type: text, default: {'x' * 241}}}", "text", f"default: {'x' * 120}…{'x' * 119}"),
        (
            "{type: list, of: {type: list, of: text}, default: [[a], [b]]}",
            "list of list of text",
            "default: 2 items",
        ),
        ("{type: choice, options: [a, b]}", "choice of a, b, required", ""),
        (
            "{type: table, key: n, max_items: 3, default: t.csv}",
            "table by n, at most 3 rows",
            "default: t.csv",
        ),
        ("{type: table, default: [{n: 1}]}", "table", "default: 1 row"),
    ],
)
def test_an_input_on_one_line(text: str, what: str, about: str) -> None:
    ((name, found, why),) = list_inputs([declare(text)])
    assert (name.plain, found.plain, why.plain) == ("a", what, about)


def test_columns_stand_below_their_table() -> None:
    declared = declare(
        "{type: table, key: n, columns: {n: integer, t: {type: text, header: Title, optional: true, description: Words}}}"
    )
    assert [tuple(cell.plain for cell in line) for line in list_inputs([declared])] == [
        ("a", "table by n, required", ""),
        ("  n", "integer, required", ""),
        ("  t", "text, optional", "Words (titled Title)"),
    ]


def test_an_input_as_data() -> None:
    declared = declare(
        "{type: table, key: n, min_items: 1, columns: {n: integer, t: {type: text, header: T, default: 007}}, default: [{n: 1, t: 008}]}"
    )
    described = describe_input(declared)
    columns = described["columns"]
    assert isinstance(columns, dict)
    assert described["default"] == [{"n": 1, "t": "008"}]
    assert described["bounds"] == {"min_items": 1}
    assert described["key"] == "n"
    assert described["required"] is False
    assert columns["n"]["required"] is True
    assert (columns["t"]["default"], columns["t"]["header"]) == ("007", "T")
    assert describe_input(declare("{type: boolean, default: true}"))["default"] is True
