"""The Python API: typed, lazy, and careful with money."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seedflow

ONE = "seedflow: 1\ninputs: {what: {type: text, default: an owl}}\nsteps:\n  a: {generate: {prompt: 'Draw {{ inputs.what }}'}}\n"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "CLOUDFLARE_ACCOUNT_ID",
        "CLOUDFLARE_API_TOKEN",
        "SEEDFLOW_CLOUDFLARE_BASE_URL",
        "SEEDFLOW_HOME",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text(ONE)
    return tmp_path


def test_every_public_name_can_be_imported() -> None:
    for name in seedflow.__all__:
        assert getattr(seedflow, name) is not None
    assert set(seedflow.__all__) == set(dir(seedflow))


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = (
        "{'pydantic', 'jinja2', 'networkx', 'httpx', 'PIL', 'rich', 'click', 'asyncio', 'sqlite3', 'yaml'}"
    )
    code = f"import sys, seedflow; print(sorted({heavy} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'paint'"):
        _ = seedflow.paint


def test_load_plan_run() -> None:
    planned = seedflow.plan_recipe(seedflow.load_recipe("one.yaml"), {"what": "a fox"})
    assert planned.plan.tasks[0].params["prompt"] == "Draw a fox"
    assert planned.plan.totals.calls == (1, 1)
    events: list[seedflow.Event] = []
    result = seedflow.run_recipe(planned, on_event=events.append)
    assert result.status is seedflow.RunStatus.DONE
    assert result.outputs["a"][0].path.is_file()
    assert [events[0].kind, events[-1].kind] == ["run-started", "run-finished"]
    assert seedflow.run_recipe("one.yaml", {"what": "a fox"}).calls == 0


async def test_arun_inside_a_loop() -> None:
    result = await seedflow.arun_recipe("one.yaml")
    assert result.tasks[0].status is seedflow.TaskStatus.DONE


def test_check_gives_problems_and_load_raises_them_all(in_a_folder: Path) -> None:
    (in_a_folder / "bad.yaml").write_text(
        "seedflow: 1\nsteps:\n  a: {generate: {promt: x}}\n  b: {generate: {prompt: '{{ inputs.x }}'}}\n"
    )
    checked = seedflow.check_recipe("bad.yaml")
    assert not checked.ok
    with pytest.raises(seedflow.RecipeError) as raised:
        seedflow.load_recipe("bad.yaml")
    assert len(raised.value.diagnostics) == len(checked.diagnostics) >= 2
    assert "bad.yaml:3:" in str(raised.value)


@pytest.mark.parametrize("inputs", [{"wat": "x"}, {"what": object()}, {"what": ["a", "list"]}])
def test_wrong_inputs_are_a_recipe_error(inputs: dict[str, object]) -> None:
    with pytest.raises(seedflow.RecipeError):
        seedflow.plan_recipe("one.yaml", inputs)


def test_a_paid_provider_is_not_asked_without_a_budget(
    emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(seedflow.UsageError, match="no budget"):
        seedflow.run_recipe("one.yaml")
    with pytest.raises(seedflow.BudgetError):
        seedflow.run_recipe("one.yaml", max_cost_usd=0.01)
    assert emulator.requests() == []
    assert (
        seedflow.run_recipe("one.yaml", max_cost_usd="0.04").cost_usd
        == seedflow.plan_recipe("one.yaml", {"what": "b"}).plan.totals.cost_usd.low
    )


def test_inputs_of_a_plan_are_settled() -> None:
    planned = seedflow.plan_recipe("one.yaml")
    with pytest.raises(seedflow.UsageError, match="settled"):
        seedflow.run_recipe(planned, {"what": "x"})


def test_a_price_of_nothing_does_not_make_a_paid_provider_free(
    emulator: Any, in_a_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    own = in_a_folder / "config/seedflow/config.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("prices: {bytedance/seedream-4.5: 0}\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(in_a_folder / "config"))
    with pytest.raises(seedflow.UsageError, match="no budget"):
        seedflow.run_recipe("one.yaml")
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: seedflow.plan_recipe("one.yaml", ["x"]), "inputs are of type list"),
        (lambda: seedflow.plan_recipe(5), "recipe is of type int"),
        (lambda: seedflow.load_recipe(None), "recipe is of type NoneType"),
        (lambda: seedflow.run_recipe("one.yaml", max_cost_usd="a lot"), "max_cost_usd is 'a lot'"),
        (lambda: seedflow.run_recipe("one.yaml", max_cost_usd=float("nan")), "max_cost_usd is nan"),
        (lambda: seedflow.run_recipe("one.yaml", max_cost_usd=-1), "max_cost_usd is -1"),
        (lambda: seedflow.run_recipe("one.yaml", max_cost_usd=True), "max_cost_usd is True"),
        (lambda: seedflow.run_recipe("one.yaml", on_unknown="again"), "on_unknown is 'again'"),
    ],
)
def test_arguments_of_a_wrong_type_are_told(call: Callable[[], object], told: str) -> None:
    with pytest.raises(seedflow.UsageError) as caught:
        call()
    assert caught.value.message.startswith(told)
    assert caught.value.help


def test_what_a_watcher_raises_is_raised_again_once_everything_is_stored(in_a_folder: Path) -> None:
    def refuse(event: seedflow.Event) -> None:
        if event.kind == "call-answered":
            raise ValueError("not today")

    planned = seedflow.plan_recipe("storybook", provider="sketch")
    with pytest.raises(ValueError, match="not today"):
        seedflow.run_recipe(planned, on_event=refuse)
    left = seedflow.plan_recipe("storybook", provider="sketch").plan.tasks
    assert [task.address for task in left if task.result is not None] == ["sheet"]


def test_a_run_whose_state_is_removed_gives_its_result_all_the_same(in_a_folder: Path) -> None:
    def remove(event: seedflow.Event) -> None:
        if event.kind == "call-sent":
            shutil.rmtree(in_a_folder / ".seedflow", ignore_errors=True)

    result = seedflow.run_recipe("one.yaml", on_event=remove)
    assert result.status is seedflow.RunStatus.FAILED
    assert result.tasks[0].problem is not None
    assert result.tasks[0].problem.unsaved is not None
