"""Takes that no task of the recipe can have are told, with their place; others never."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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


def read_graph(text: str = RECIPE) -> StepGraph:
    catalog = load_catalog()
    recipe, _ = parse_recipe(Source("fox.yaml", text), catalog, folder=Path(), default_name="fox")
    assert recipe is not None
    return build_graph(recipe, catalog)[0]


def say(text: str, recipe: str = RECIPE) -> list[str]:
    picks, problems = parse_picks(Source("fox.picks.yaml", text))
    assert problems == []
    return [
        f"{found.span}: {found.code}: {found.help}" for found in find_unused_picks(picks, read_graph(recipe))
    ]


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


LOOPS = """\
seedflow: 1
steps:
  cover: {generate: {prompt: A fox}}
  pair:
    for_each: "{{ zip(name=['Ada', 'Bo'], tone=['warm', 'cold']) }}"
    was: [couple]
    generate: {prompt: "{{ each.name }}, {{ each.tone }}"}
  edited:
    for_each: {season: [summer], hour: [noon]}
    iterate: {over: [snow], as: edit, start: "{{ steps.cover.images[0] }}"}
    generate: {prompt: "{{ each.season }} {{ each.hour }} {{ each.edit }} {{ prev.number }}", image_input: ["{{ prev }}"]}
"""


@pytest.mark.parametrize(
    ("address", "now"),
    [
        ("cover[scene=a]", "cover"),
        ("pair", "pair[name=…,tone=…]"),
        ("couple[name=Ada,mood=warm]", "couple[name=…,tone=…]"),
        ("pair[tone=warm,name=Ada]#2", "pair[name=…,tone=…]"),
        ("edited[season=summer,hour=noon]", "edited[season=…,hour=…,edit=…]"),
        ("pair[name=Ada,tone=warm]", None),
        ("couple[name=Zoe~123456,tone=june/1.jpg]#3", None),
        ("edited[season=summer,hour=noon,edit=7]", None),
    ],
)
def test_an_address_with_other_variables_than_the_step_has_is_told(address: str, now: str | None) -> None:
    said = say(f'seedflow_picks: 1\ntakes:\n  sketch:\n    "{address}": {{take: 2, request: x}}\n', LOOPS)
    told = f"fox.picks.yaml:4:5: unused-pick: its tasks are written `{now}` now: write the address so, or take the line out"
    assert said == ([] if now is None else [told])


def test_the_example_of_the_page_is_told() -> None:
    page = (ROOT / "docs/reference/diagnostics/picks.md").read_text(encoding="utf-8")
    found = re.search(r"## unused-pick\n.*?```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    assert say(found[1]) == ["fox.picks.yaml:4:5: unused-pick: did you mean `cover`?"]
