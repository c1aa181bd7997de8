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


LOOPS = {
    "images": (
        (
            "{a}generate: {{prompt: A}}}}\n"
            '  b: {{for_each: {{v: "{{{{ steps.{n}.images }}}}"}}, generate: {{prompt: B, image_input: "{{{{ each.v }}}}"}}}}\n'
        ),
        "b[v={n}-1]",
    ),
    "tasks": (
        (
            "{a}generate: {{prompt: A}}}}\n"
            '  b: {{for_each: {{v: "{{{{ steps.{n}.tasks }}}}"}}, generate: {{prompt: B, image_input: "{{{{ each.v.images }}}}"}}}}\n'
        ),
        "b[v={n}]",
    ),
    "a loop over a loop": (
        (
            "{a}generate: {{prompt: A}}}}\n"
            '  b: {{for_each: {{v: "{{{{ steps.{n}.images }}}}"}}, generate: {{prompt: B, image_input: "{{{{ each.v }}}}"}}}}\n'
            '  c: {{for_each: {{w: "{{{{ steps.b.images }}}}"}}, generate: {{prompt: C, image_input: "{{{{ each.w }}}}"}}}}\n'
        ),
        "c[w={n}-1-1]",
    ),
    "an input of a used recipe": (
        (
            "{a}generate: {{prompt: A}}}}\n"
            '  u: {{recipe: ./loop.yaml, with: {{photos: "{{{{ steps.{n}.images }}}}"}}}}\n'
        ),
        "u/q[x={n}-1]",
    ),
    "uses": (
        (
            '{a}recipe: ./part.yaml}}\n  b: {{for_each: {{v: "{{{{ steps.{n}.tasks }}}}"}}, '
            'generate: {{prompt: B, image_input: "{{{{ each.v.images }}}}"}}}}\n'
        ),
        "b[v={n}]",
    ),
    "uses in a loop over images": (
        (
            "{a}generate: {{prompt: A}}}}\n"
            '  u: {{for_each: {{v: "{{{{ steps.{n}.images }}}}"}}, recipe: ./loop.yaml, with: {{photos: ["{{{{ each.v }}}}"]}}}}\n'
        ),
        "u[v={n}-1]/q[x={n}-1]",
    ),
}


def write_loop(kind: str, name: str, was: str) -> str:
    """The recipe whose first step has this name, and earlier ones; the address that is picked for."""
    steps, address = LOOPS[kind]
    earlier = f"was: {was}, " if was else ""
    text = steps.format(a=f"{name}: {{{earlier}", n=name)
    Path("part.yaml").write_text(PART.format(inner="x: {", name="x"))
    Path("loop.yaml").write_text(
        "seedflow: 1\ninputs: {photos: {type: list, of: image}}\nsteps:\n"
        '  q: {for_each: {x: "{{ inputs.photos }}"}, generate: {prompt: Q, image_input: "{{ each.x }}"}}\n'
        'outputs: {images: "{{ steps.q.images }}"}\n'
    )
    Path("book.yaml").write_text(f"seedflow: 1\nsteps:\n  {text}")
    return address.format(n=name)


@pytest.mark.parametrize("kind", LOOPS)
def test_a_pick_outlives_renames_of_the_step_whose_images_its_loop_goes_through(kind: str) -> None:
    first = write_loop(kind, "a", "")
    assert run(["run", "book.yaml"]) == 0
    assert run(["run", "book.yaml", "--reroll", first]) == 0
    assert shown()[first] == 2
    once = write_loop(kind, "aa", "a")
    assert once != first
    assert shown()[once] == 2
    assert run(["run", "book.yaml"]) == 0
    twice = write_loop(kind, "aaa", "[aa, a]")
    assert shown()[twice] == 2
    assert write_loop(kind, "aaa", "") == twice
    assert shown()[twice] == 1


def test_a_pick_outlives_a_second_rename_with_both_names() -> None:
    Path("book.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {prompt: A}}}\n")
    assert run(["run", "book.yaml"]) == 0
    assert run(["run", "book.yaml", "--reroll", "a"]) == 0
    for text in ("b: {was: a, ", "c: {was: [b, a], "):
        Path("book.yaml").write_text(f"seedflow: 1\nsteps: {{{text}generate: {{prompt: A}}}}}}\n")
        assert run(["run", "book.yaml"]) == 0
        assert list(shown().values()) == [2]
    Path("book.yaml").write_text("seedflow: 1\nsteps: {c: {was: b, generate: {prompt: A}}}\n")
    planned = seedflow.plan_recipe("book.yaml")
    (lost,) = planned.warnings
    assert lost.code == "unused-pick"
    assert "was: a" in (lost.help or "")
