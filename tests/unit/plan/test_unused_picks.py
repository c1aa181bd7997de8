"""Takes of steps that the recipe does not have are told, with their place; those of its own steps never."""

from __future__ import annotations

import re
from pathlib import Path

from seedflow.diagnostics import Source
from seedflow.graph.build import build_graph
from seedflow.graph.model import StepGraph
from seedflow.models.catalog import load_catalog
from seedflow.plan.unused_picks import find_unused_picks
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.picks import parse_picks
from tests.docs.pages import ROOT

RECIPE = """\
seedflow: 1
steps:
  cover: {was: front, generate: {prompt: A fox}}
  page:
    for_each: {scene: [a, b]}
    generate: {prompt: "{{ each.scene }}"}
"""


def read_graph() -> StepGraph:
    catalog = load_catalog()
    recipe, _ = parse_recipe(Source("fox.yaml", RECIPE), catalog, folder=Path(), default_name="fox")
    assert recipe is not None
    return build_graph(recipe, catalog)[0]


def say(text: str) -> list[str]:
    picks, problems = parse_picks(Source("fox.picks.yaml", text))
    assert problems == []
    return [f"{found.span}: {found.code}: {found.help}" for found in find_unused_picks(picks, read_graph())]


def test_an_address_of_no_step_is_told_with_the_one_that_is_near() -> None:
    takes = "{take: 2, request: x}"
    addresses = (
        "cover",
        "cover#2",
        "front",
        "page[scene=gone]",
        "page[scene=a]#3",
        "pagee[scene=a]",
        "sheet/owl",
    )
    lines = "".join(f'    "{address}": {takes}\n' for address in addresses)
    assert say(f"seedflow_picks: 1\ntakes:\n  sketch:\n{lines}") == [
        "fox.picks.yaml:9:5: unused-pick: did you mean `page`?",
        (
            "fox.picks.yaml:10:5: unused-pick: after a rename, write `was: owl` into the step, with other earlier names behind it in "
            "a list; if it is not used any more, take the line out"
        ),
    ]


def test_the_example_of_the_page_is_told() -> None:
    page = (ROOT / "docs/reference/diagnostics/picks.md").read_text(encoding="utf-8")
    found = re.search(r"## unused-pick\n.*?```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    assert say(found[1]) == ["fox.picks.yaml:4:5: unused-pick: did you mean `cover`?"]
