"""Recipes that ship with seedflow are found by name, and only by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.recipe import shipped
from seedflow.recipe.shipped import ShippedRecipe, find_shipped, list_shipped


def test_the_shipped_recipes_are_those_of_the_checkout() -> None:
    folder = Path(shipped.__file__).parents[2] / "recipes"
    found = list_shipped()
    assert {recipe.path for recipe in found} == {
        path for path in folder.glob("*.yaml") if not path.name.endswith(".picks.yaml")
    }
    assert [recipe.name for recipe in found] == sorted(recipe.name for recipe in found)
    for recipe in found:
        assert find_shipped(recipe.name) == recipe.path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty package folder in the place of seedflow's own."""
    folder = tmp_path / "lib" / "seedflow"
    folder.mkdir(parents=True)
    monkeypatch.setattr(shipped, "_PACKAGE", folder)
    return folder


def test_an_installed_package_brings_them_along(package: Path) -> None:
    (package / "shipped").mkdir()
    for name in ("b.yaml", "a-1.yaml", "a-1.picks.yaml", "notes.txt", ".hidden.yaml"):
        (package / "shipped" / name).write_text("seedflow: 1\n")
    assert list_shipped() == (
        ShippedRecipe("a-1", package / "shipped" / "a-1.yaml"),
        ShippedRecipe("b", package / "shipped" / "b.yaml"),
    )
    assert find_shipped("b") == package / "shipped" / "b.yaml"


def test_a_folder_called_recipes_beside_an_installed_package_is_not_ours(package: Path) -> None:
    (package.parent / "recipes").mkdir()
    (package.parent / "recipes" / "a.yaml").write_text("seedflow: 1\n")
    assert list_shipped() == ()
    assert find_shipped("a") is None
    (package.parent / "pyproject.toml").touch()
    assert [recipe.name for recipe in list_shipped()] == ["a"]


@pytest.mark.parametrize("name", ["", "../a", "a/b", "a.yaml", "/etc/passwd", "A", "nowhere", "a\0"])
def test_a_name_is_never_a_path(package: Path, name: str) -> None:
    (package / "shipped").mkdir()
    (package / "shipped" / "a.yaml").write_text("seedflow: 1\n")
    assert find_shipped(name) is None
