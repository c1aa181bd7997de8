"""Drawings word by word: steps and tasks of one recipe, in each form, and as trees in terminals of any width."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.golden.harness import GOLDEN, Shell

RECIPE = GOLDEN / "graphs" / "book.yaml"


@pytest.mark.parametrize("what", ["steps", "tasks"])
@pytest.mark.parametrize(("form", "ending"), [("mermaid", "mmd"), ("dot", "dot"), ("json", "json")])
def test_a_drawing_for_other_tools(
    what: str, form: str, ending: str, shell: Shell, golden: Callable[[str, str], None]
) -> None:
    more = ("--tasks",) if what == "tasks" else ()
    ended = shell.seedflow("graph", shell.copy(RECIPE).name, "--format", form, *more)
    assert ended.code == 0
    golden(f"graphs/{what}.{ending}", ended.out)


@pytest.mark.parametrize("what", ["steps", "tasks"])
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_tree(what: str, columns: int, shell: Shell, golden: Callable[[str, str], None]) -> None:
    shell.set_env("COLUMNS", str(columns))
    more = ("--tasks",) if what == "tasks" else ()
    ended = shell.seedflow("graph", shell.copy(RECIPE).name, *more)
    assert ended.code == 0
    golden(f"graphs/{what}-{columns}.txt", ended.out)
