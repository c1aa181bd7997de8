"""A recipe's file is renamed, and its picks stay behind: said when they are of what the recipe asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

import seedflow
from seedflow.cli.main import run

OWL = "seedflow: 1\nsteps:\n  owl: {generate: {prompt: An owl}}\n"


@pytest.fixture(autouse=True)
def renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which `owl.yaml` had a reroll and is called `uhu.yaml` now."""
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN", "SEEDFLOW_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    Path("owl.yaml").write_text(OWL)
    assert run(["run", "owl.yaml"]) == 0
    assert run(["run", "owl.yaml", "--reroll", "owl"]) == 0
    Path("owl.yaml").rename("uhu.yaml")
    return tmp_path


def warned(recipe: str) -> list[tuple[str, str]]:
    return [(one.code, str(one.help)) for one in seedflow.plan_recipe(recipe).warnings]


def test_picks_that_stayed_behind_are_told_with_the_name_that_they_need() -> None:
    assert warned("uhu.yaml") == [
        ("unused-pick", "if the recipe was renamed, rename this file to uhu.picks.yaml")
    ]
    Path("owl.picks.yaml").rename("uhu.picks.yaml")
    assert warned("uhu.yaml") == []


def test_they_are_told_where_steps_were_renamed_as_well() -> None:
    Path("uhu.yaml").write_text(
        OWL.replace("  owl: {", "  uhu: {was: owl, ").replace("steps.owl", "steps.uhu")
    )
    assert warned("uhu.yaml") == [
        ("unused-pick", "if the recipe was renamed, rename this file to uhu.picks.yaml")
    ]


def test_nothing_is_said_of_picks_of_others() -> None:
    Path("uhu.yaml").write_text(OWL.replace("An owl", "Another owl"))
    assert warned("uhu.yaml") == []
    Path("uhu.yaml").write_text(OWL)
    Path("owl.yaml").write_text(OWL)
    assert warned("uhu.yaml") == []


def test_picks_of_a_shipped_recipe_are_its_own_beside_a_copy_of_it() -> None:
    assert run(["run", "still-life"]) == 0
    step = next(iter(seedflow.plan_recipe("still-life").plan.tasks)).address
    assert run(["run", "still-life", "--reroll", step]) == 0
    source = seedflow.load_recipe("still-life").path
    assert source is not None
    Path("copy.yaml").write_text(source.read_text())
    assert Path("still-life.shipped.picks.yaml").is_file()
    assert warned("copy.yaml") == []


def test_picks_of_a_recipe_that_ships_no_more_are_told() -> None:
    Path("owl.picks.yaml").rename("owl.shipped.picks.yaml")
    (found,) = seedflow.plan_recipe("uhu.yaml").warnings
    assert found.message == (
        "the shipped recipe `owl`, whose take this is, is not there, so that it counts for nothing; uhu asks for the same"
    )
    assert found.help == "if the recipe was renamed, rename this file to uhu.picks.yaml"
