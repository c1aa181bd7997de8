"""Recipes that must complain in exactly these words: at least one for each code that a text can cause."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.codes import collect_codes
from tests.golden.harness import GOLDEN, Shell, hide_paths

RECIPES = sorted((GOLDEN / "complain").glob("*.yaml"))
SETTINGS = sorted((GOLDEN / "complain" / "settings").glob("*.yaml"))
TEXTS = sorted((GOLDEN / "complain").rglob("*.txt"))

EXEMPT = {
    "beyond-plan": "a run's result would have to break the plan; held in tests/unit/plan",
    "file-too-large": "64 MiB; held in tests/unit/text",
    "file-unreadable": "needs permissions, which root does not have to mind; held in tests/unit/text",
    "foreign-settings": "needs a file of another user; held in tests/unit/settings",
    "half-an-account": "caused by the environment; held in tests/unit/cli",
    "newer-picks": "caused by a picks file; held in tests/unit/recipe",
    "no-gateway": "caused by the environment; held in tests/unit/cli",
    "no-libyaml": "caused by how PyYAML was built; held in tests/unit/cli",
    "no-price": "needs a provider that is paid; held in tests/unit/plan and tests/end_to_end",
    "not-a-selector": "caused by `--reroll`; held in tests/unit/plan",
    "place-not-known": "told by a run; held in tests/unit/plan",
    "several-tasks": "caused by `--reroll`; held in tests/unit/pipeline",
    "not-allowed": "no shipped card has such a rule; held in tests/unit/models",
    "not-plain-data": "caused by values of the Python API; held in tests/unit/recipe",
    "too-many-files": "10,000 files; held in tests/unit/recipe",
    "too-many-nodes": "three million nodes; held in tests/unit/text",
    "unused-pick": "caused by a picks file; held in tests/unit/plan",
    "unusable-outputs": "caused by the disk; held in tests/unit/cli",
    "unusable-state": "caused by the disk; held in tests/unit/cli",
    "wrong-answer": "caused by a provider's answer; held in tests/unit/models",
    "wrong-picks": "caused by a picks file; held in tests/unit/recipe",
}
"""Codes that no text of a recipe or settings file can cause, and where they are held instead."""


def find_code(path: Path) -> str:
    """The code that a golden file is named after: `CODE.yaml` or `CODE-VARIANT.yaml`."""
    fitting = [code for code in collect_codes() if path.stem == code or path.stem.startswith(f"{code}-")]
    assert fitting, f"{path.name} is not named after a code"
    return max(fitting, key=len)


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_a_recipe_complains_in_these_words(
    path: Path, shell: Shell, golden: Callable[[str, str], None]
) -> None:
    ended = shell.seedflow_on(path, "check", "NAME")
    assert f"[{find_code(path)}]" in ended.err
    golden(f"complain/{path.stem}.txt", hide_paths(ended.text, shell.folder))


@pytest.mark.parametrize("path", SETTINGS, ids=[path.stem for path in SETTINGS])
def test_settings_complain_in_these_words(
    path: Path, shell: Shell, golden: Callable[[str, str], None]
) -> None:
    (shell.folder / "one.yaml").write_text("seedflow: 1\nsteps:\n  a: {generate: {prompt: One}}\n")
    if find_code(path) == "readable-secret":
        own = shell.copy(path, "../config/seedflow/config.yaml")
        own.chmod(0o644)
    else:
        shell.copy(path, "seedflow.yaml")
        shutil.copytree(GOLDEN / "models", shell.folder / "models")
    ended = shell.seedflow("check", "one.yaml")
    assert f"[{find_code(path)}]" in ended.err
    golden(f"complain/settings/{path.stem}.txt", hide_paths(ended.text, shell.folder))


@pytest.mark.parametrize("path", TEXTS, ids=[path.stem for path in TEXTS])
def test_every_problem_says_one_thing_to_do(path: Path) -> None:
    for problem in re.split(r"\n\n(?=\S)", path.read_text(encoding="utf-8")):
        heading = re.search(r"(?:error|warning):.*?\[[a-z0-9-]+\]$", problem, re.MULTILINE | re.DOTALL)
        assert heading is None or problem.count("\n  help: ") == 1, problem


def test_every_code_that_a_text_can_cause_has_a_recipe() -> None:
    shown = {find_code(path) for path in (*RECIPES, *SETTINGS)}
    assert set(collect_codes()) - set(EXEMPT) - shown == set()
    assert set(EXEMPT) - set(collect_codes()) == set(), "these codes are gone"
    assert set(EXEMPT) & shown == set(), "these need no exemption"


def test_no_text_is_left_without_its_recipe() -> None:
    texts = {path.with_suffix("") for path in (GOLDEN / "complain").rglob("*.txt")}
    assert texts == {path.with_suffix("") for path in (*RECIPES, *SETTINGS)}
