"""Every code of graph and checks has its section, and every example there causes exactly its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog
from seedflow.recipe.load import parse_recipe
from tests.docs.used_recipes import write_used_recipes

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "reference" / "diagnostics"
SECTION = re.compile(r"^## (?P<code>\S+)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"""(?:Diagnostic\(\s*|code=)"([a-z-]+)\"""")
OF_OTHER_ROOMS = {"not-yet", "unknown-parameter"}
"""Said here too, in the words of the rooms that document them: the reader of recipes and the models."""
EXAMPLES = [
    pytest.param(section["code"], example, id=section["code"])
    for page in ("graph.md", "checks.md")
    for section in SECTION.finditer((PAGES / page).read_text())
    for example in FENCE.findall(section["body"])
]


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_an_example_causes_its_code(code: str, example: str, catalog: Catalog, tmp_path: Path) -> None:
    write_used_recipes(tmp_path)
    recipe, problems = parse_recipe(
        Source("recipe.yaml", example), catalog, folder=tmp_path, default_name="recipe"
    )
    assert problems == []
    assert recipe is not None
    graph, found = build_graph(recipe, catalog)
    assert {problem.code for problem in [*found, *check_graph(graph, catalog)]} == {code}


def test_every_code_has_its_section() -> None:
    sections = {
        section["code"] for page in PAGES.glob("*.md") for section in SECTION.finditer(page.read_text())
    }
    written = {
        code
        for room in ("graph", "checks")
        for module in (ROOT / "seedflow" / room).glob("*.py")
        for code in CODE.findall(module.read_text())
    }
    assert len(written) > 20
    assert written - sections - OF_OTHER_ROOMS == set()


def test_every_section_has_an_example() -> None:
    documented = {
        section["code"]
        for page in ("graph.md", "checks.md")
        for section in SECTION.finditer((PAGES / page).read_text())
    }
    assert documented == {example.values[0] for example in EXAMPLES}
