"""Recipes that ship with seedflow are found by name, and only by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.recipe import shipped
from seedflow.recipe.shipped import (
    ShippedRecipe,
    find_shipped,
    is_shipped,
    list_blocks,
    list_shipped,
    name_shipped,
)


def test_the_shipped_recipes_are_those_of_the_checkout() -> None:
    folder = Path(shipped.__file__).parents[2] / "recipes"
    found = list_shipped()
    assert {recipe.path for recipe in found} == {
        path for path in folder.glob("*.yaml") if not path.name.endswith(".picks.yaml")
    }
    assert [recipe.name for recipe in found] == sorted(recipe.name for recipe in found)
    for recipe in found:
        assert find_shipped(recipe.name) == recipe.path


def test_blocks_are_found_by_name_but_listed_by_themselves() -> None:
    blocks = list_blocks()
    assert len(blocks) >= 3
    for block in blocks:
        assert find_shipped(block.name) == block.path
    assert not {block.name for block in blocks} & {recipe.name for recipe in list_shipped()}


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


def test_an_installed_package_brings_its_blocks_along_and_nothing_is_written_beside_them(
    package: Path,
) -> None:
    blocks = package / "shipped" / "blocks"
    (blocks / "prompts").mkdir(parents=True)
    for path in (blocks / "b.yaml", blocks / "prompts" / "c.yaml", package / "shipped" / "a.yaml"):
        path.write_text("seedflow: 1\n")
    assert [recipe.name for recipe in list_shipped()] == ["a"]
    assert list_blocks() == (ShippedRecipe("b", blocks / "b.yaml"),)
    assert find_shipped("b") == blocks / "b.yaml"
    assert find_shipped("c") is None
    assert is_shipped(blocks / "b.yaml")
    assert is_shipped(package / "shipped" / "a.yaml")
    assert not is_shipped(blocks / "prompts" / "c.yaml")
    assert name_shipped(blocks / "b.yaml") == "shipped/blocks/b.yaml"
    assert name_shipped(package / "shipped" / "a.yaml") == "shipped/a.yaml"


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
