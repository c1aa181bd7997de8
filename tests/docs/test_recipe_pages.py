"""The examples of the pages on recipes and inputs check without a word, and the editors' schema accepts them."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema_rs
import pytest

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.schema import build_json_schema
from seedflow.text.nodes import Mapping, Node, Scalar
from seedflow.text.reader import read_yaml
from tests.docs.recipes import make_example, spell
from tests.docs.used_recipes import write_used_recipes

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
EXAMPLES = [
    pytest.param(text, id=f"{page}-{number}")
    for page in ("recipe.md", "inputs.md")
    for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", (FOLDER / page).read_text(), re.DOTALL), 1)
]


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.resolve()
    if isinstance(node, Mapping):
        return {entry.key.value: plain(entry.value) for entry in node}
    return [plain(item) for item in node.items]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_example_checks_without_a_word(text: str, tmp_path: Path) -> None:
    catalog = load_catalog()
    write_used_recipes(tmp_path)
    recipe, problems = parse_recipe(Source("r.yaml", text), catalog, folder=tmp_path, default_name="r")
    assert problems == []
    assert recipe is not None
    graph, wrong = build_graph(recipe, catalog)
    assert [*wrong, *check_graph(graph, catalog)] == []


RECIPES = re.findall(r"```yaml\n(.*?)```", (FOLDER / "recipe.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("text", RECIPES, ids=range(len(RECIPES)))
def test_the_example_of_a_recipe_is_planned_with_its_defaults(text: str, tmp_path: Path) -> None:
    planned = make_example(text, tmp_path).plan()
    assert planned.ok, spell(planned.diagnostics)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_schema_accepts_the_example(text: str) -> None:
    root, _ = read_yaml(Source("r.yaml", text))
    assert root is not None
    validator = jsonschema_rs.Draft202012Validator(build_json_schema())
    assert [str(error) for error in validator.iter_errors(plain(root))] == []
