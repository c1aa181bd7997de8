"""Every code of the reader has its section, and every example there causes exactly its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seedflow.diagnostics import Source
from seedflow.text.csv_rows import read_csv
from seedflow.text.json_nodes import read_json
from seedflow.text.reader import read_yaml

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "diagnostics" / "text.md"
SECTION = re.compile(r"^## (?P<code>\S+)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(?P<language>yaml|text)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"""(?:Diagnostic\(\s*|code=)"([a-z0-9-]+)\"""")
SECTIONS = {section["code"]: section["body"] for section in SECTION.finditer(PAGE.read_text())}
DATA = re.compile(r"^```(?P<language>json|csv)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
NO_RECIPES = {"empty-file", "yaml-syntax"}
"""Their examples are texts to read, but no recipes."""
EXAMPLES = [
    pytest.param(code, fence["text"], id=code)
    for code, body in SECTIONS.items()
    for fence in FENCE.finditer(body)
    if fence["language"] == "yaml" or code in NO_RECIPES
]


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_an_example_causes_its_code(code: str, example: str) -> None:
    _, problems = read_yaml(Source("recipe.yaml", example))
    assert [problem.code for problem in problems] == [code]


def test_an_example_of_a_table_causes_its_code() -> None:
    json, csv = (DATA.search(SECTIONS[code]) for code in ("not-json", "csv-cell"))
    assert json is not None
    assert csv is not None
    assert [one.code for one in read_json(Source("t.json", json["text"]))[1]] == ["not-json"]
    assert [one.code for one in read_csv(Source("t.csv", csv["text"]))[1]] == ["csv-cell"]


def test_the_sections_are_the_codes_of_the_room() -> None:
    written = {
        code
        for module in (ROOT / "seedflow" / "text").glob("*.py")
        for code in CODE.findall(module.read_text())
    }
    assert len(written) > 25
    assert set(SECTIONS) == written


def test_every_section_has_an_example() -> None:
    assert [code for code, body in SECTIONS.items() if not (FENCE.search(body) or DATA.search(body))] == []
