"""Plans word by word, as text and as JSON: of every recipe that is shipped, and of some that are hard to show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden.harness import GOLDEN, SHIPPED, Shell

SILENT = [
    GOLDEN / "silent" / f"{name}.yaml" for name in ("files", "loops", "parameters", "tables", "templates")
]
RECIPES = [*sorted(SHIPPED.glob("*.yaml")), *SILENT, *sorted((GOLDEN / "plans").glob("*.yaml"))]
ACCOUNT = {
    "CLOUDFLARE_ACCOUNT_ID": "a" * 32,
    "CLOUDFLARE_API_TOKEN": "token",
    "CLOUDFLARE_GATEWAY_ID": "default",
}


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_the_plan_is_shown_so(path: Path, shell: Shell, golden: Callable[[str, str], None]) -> None:
    ended = shell.seedflow_on(path, "plan", "NAME")
    assert (ended.code, ended.err) == (0, "")
    golden(f"plans/{path.stem}.txt", ended.out)


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_the_plan_is_this_data(path: Path, shell: Shell, golden: Callable[[str, str], None]) -> None:
    ended = shell.seedflow("plan", shell.copy(path).name, "--json")
    assert (ended.code, ended.err) == (0, "")
    golden(f"plans/{path.stem}.json", ended.out)


@pytest.mark.parametrize("columns", [40, 120])
@pytest.mark.parametrize("name", ["unicode", "dynamic"])
def test_the_plan_fits_terminals_of_any_width(
    name: str, columns: int, shell: Shell, golden: Callable[[str, str], None]
) -> None:
    shell.set_env("COLUMNS", str(columns))
    ended = shell.seedflow_on(GOLDEN / "plans" / f"{name}.yaml")
    golden(f"plans/{name}-{columns}.txt", ended.out)


def test_a_paid_plan_tells_its_price_and_how_references_travel(
    shell: Shell, golden: Callable[[str, str], None]
) -> None:
    for name, value in ACCOUNT.items():
        shell.set_env(name, value)
    golden("plans/paid.txt", shell.seedflow("plan", shell.copy(SHIPPED / "storybook.yaml").name).text)
    (shell.folder / "seedflow.yaml").write_text("references: data\n")
    golden("plans/paid-data.txt", shell.seedflow("plan", "storybook.yaml", "--all").text)


def test_a_plan_says_what_is_stored_and_what_changed(
    shell: Shell, golden: Callable[[str, str], None]
) -> None:
    recipe = shell.copy(GOLDEN / "plans" / "many.yaml")
    text = recipe.read_text().replace("i, j, k, l, m, n, o, p", "i").replace("#$ plan NAME\n", "")
    recipe.write_text(text)
    assert shell.seedflow("run", recipe.name).code == 0
    golden("plans/stored.txt", shell.seedflow("plan", recipe.name).text)
    recipe.write_text(text.replace("[a, b,", "[a, z,").replace("A cover", "The cover"))
    golden("plans/changed.txt", shell.seedflow("plan", recipe.name).text)
    recipe.write_text(text.replace("prompt: A fox", "prompt: An owl"))
    golden("plans/changed-first.txt", shell.seedflow("plan", recipe.name).text)
