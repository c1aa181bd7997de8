"""Recipes that must check without a word, so that no rule complains of what is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.harness import GOLDEN, SHIPPED, Shell

RECIPES = [
    *sorted((GOLDEN / "silent").glob("*.yaml")),
    *sorted(SHIPPED.glob("*.yaml")),
    *sorted(SHIPPED.glob("blocks/*.yaml")),
]


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_a_recipe_checks_without_a_word(path: Path, shell: Shell) -> None:
    ended = shell.seedflow_on(path, "check", "NAME")
    assert (ended.out, ended.err, ended.code) == ("", f"{path.name}: no problems\n", 0)
