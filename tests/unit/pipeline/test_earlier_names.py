"""Steps are renamed, inside and outside of a used recipe, one at a time or together: what was picked for them stays picked."""

from __future__ import annotations

from pathlib import Path

import pytest

import seedflow
from seedflow.cli.main import run
from seedflow.plan.model import Reason

PART = "seedflow: 1\nsteps:\n  {inner}generate: {{prompt: An owl}}}}\noutputs: {{images: '{{{{ steps.{name}.images }}}}'}}\n"
OLD_AND_NEW = {"u": "u: {", "v": "v: {was: u, "}
INSIDE = {"a": "a: {", "b": "b: {was: a, "}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN", "SEEDFLOW_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(outer: str, inner: str, prompt: str = "An owl") -> None:
    """The recipe under these names, of which `v` was `u` and `b` was `a`."""
    part = PART.format(inner=INSIDE[inner], name=inner).replace("An owl", prompt)
    Path("part.yaml").write_text(part)
    Path("book.yaml").write_text(
        f"seedflow: 1\nsteps:\n  {OLD_AND_NEW[outer]}recipe: ./part.yaml}}\n"
        f"outputs: {{owls: '{{{{ steps.{outer}.images }}}}'}}\n"
    )


def shown() -> dict[str, int]:
    """The takes of the plan, and nothing to warn of."""
    planned = seedflow.plan_recipe("book.yaml")
    assert [one.code for one in planned.warnings] == []
    return {task.address: task.take for task in planned.plan.tasks}


@pytest.mark.parametrize("outer", ["u", "v"])
@pytest.mark.parametrize("inner", ["a", "b"])
def test_a_pick_outlives_each_rename_of_its_path(outer: str, inner: str) -> None:
    write(outer, inner)
    assert run(["run", "book.yaml"]) == 0
    assert run(["run", "book.yaml", "--reroll", f"{outer}/{inner}"]) == 0
    assert shown() == {f"{outer}/{inner}": 2}
    write("v", "b")
    assert shown() == {"v/b": 2}


def test_of_picks_under_several_names_the_nearest_counts() -> None:
    seen = []
    for outer, inner in (("u", "a"), ("u", "b"), ("v", "a"), ("v", "b")):
        write(outer, inner)
        assert run(["run", "book.yaml", "--reroll", f"{outer}/{inner}"]) == 0
        seen.append(seedflow.plan_recipe("book.yaml").plan.tasks[0].take)
        write("v", "b")
        assert shown() == {"v/b": seen[-1]}
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("outer", ["u", "v"])
@pytest.mark.parametrize("inner", ["a", "b"])
def test_what_was_asked_last_time_is_known_after_each_rename_of_the_path(outer: str, inner: str) -> None:
    write(outer, inner)
    assert run(["run", "book.yaml"]) == 0
    write("v", "b", "A fox")
    (task,) = seedflow.plan_recipe("book.yaml").plan.tasks
    assert task.reason is Reason.CHANGED
