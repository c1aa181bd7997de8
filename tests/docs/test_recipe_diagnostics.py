"""Every code of reading recipes and inputs has a section, and the example of each section causes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import load_catalog
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import parse_recipe
from tests.docs.used_recipes import write_used_recipes

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference" / "diagnostics"
PAGE = (FOLDER / "recipe.md").read_text()
SECTIONS = {part.split("\n", 1)[0]: part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]}
CODE = re.compile(r'(?:Diagnostic\(\s*|code=)"([a-z0-9-]+)"')


def test_every_code_has_its_section() -> None:
    sources = [path.read_text() for path in (ROOT / "seedflow" / "recipe").glob("*.py")]
    codes = {code for source in sources for code in CODE.findall(source) if not code.startswith("template-")}
    sections = {
        title
        for page in FOLDER.glob("*.md")
        for title in re.findall(r"^## (\S+)$", page.read_text(), re.MULTILINE)
    }
    assert len(codes) > 30
    assert codes <= sections
    assert set(SECTIONS) <= codes


@pytest.mark.parametrize("code", SECTIONS)
def test_the_example_causes_it(code: str, tmp_path: Path) -> None:
    section = SECTIONS[code]
    example = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert example is not None
    (tmp_path / "notes.txt").write_text("words")
    write_used_recipes(tmp_path)
    catalog = load_catalog()
    recipe, found = parse_recipe(Source("r.yaml", example[1]), catalog, folder=tmp_path, default_name="r")
    if recipe is not None:
        graph, wrong = build_graph(recipe, catalog)
        found += [*wrong, *check_graph(graph, catalog)]
        given = re.search(r"With `(-i [^`]+)`", section)
        arguments = re.findall(r"-i (\S+)", given[1]) if given else []
        values = {"hero": b"fox"} if 'b"fox"' in section else None
        inputs, wrong = collect_inputs(arguments=arguments, values=values)
        found += [*wrong, *resolve_inputs(recipe, inputs, folder=tmp_path)[1]]
    assert code in {problem.code for problem in found}
