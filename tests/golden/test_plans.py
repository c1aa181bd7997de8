"""Plans word by word, as text and as JSON: of every recipe that is shipped, and of some that are hard to show."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden.harness import GOLDEN, SHIPPED, Shell

SILENT = [
    GOLDEN / "silent" / f"{name}.yaml" for name in ("files", "loops", "parameters", "tables", "templates")
]
RECIPES = [*sorted(SHIPPED.glob("*.yaml")), *SILENT, *sorted((GOLDEN / "plans").glob("*.yaml"))]
CLOSED = """\
seedflow: 1
steps:
  sheet: {generate: {prompt: Sheet, sequential_image_generation: auto, max_images: 4}}
  card:
    for_each: "{{ zip(view=steps.sheet.images, word=['a', 'b']) }}"
    generate: {prompt: "{{ each.word }}", image_input: "{{ each.view }}"}
  other: {generate: {prompt: A tree}}
  same: {generate: {prompt: A tree}}
"""
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


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_tasks_add_up_to_the_totals(path: Path, shell: Shell) -> None:
    plan = json.loads(shell.seedflow("plan", shell.copy(path).name, "--json").out)
    for total, part in (("calls", "calls"), ("images", "images_asked"), ("list_cost_usd", "list_cost_usd")):
        low, high = (sum(task[part][end] for task in plan["tasks"]) for end in (0, 1))
        assert high == pytest.approx(plan["totals"][total][1])
        assert low >= plan["totals"][total][0] - 1e-9


def test_a_row_whose_tasks_are_not_known_and_will_not_come_is_told_apart(
    shell: Shell, golden: Callable[[str, str], None]
) -> None:
    (shell.folder / "closed.yaml").write_text(CLOSED)
    shell.seedflow("run", "closed.yaml")
    golden("plans/closed-list.txt", shell.seedflow("plan", "closed.yaml").text)


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
