"""What `seedflow show --source` prints: the file itself, so that it can be kept and changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seedflow.recipe.shipped import find_shipped
from tests.golden.harness import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "project", monkeypatch)


def test_the_source_of_a_shipped_recipe_can_be_kept_and_checked(shell: Shell) -> None:
    ended = shell.seedflow("show", "storybook", "--source")
    shipped = find_shipped("storybook")
    assert shipped is not None
    assert (ended.code, ended.out, ended.err) == (0, shipped.read_text(encoding="utf-8"), "")
    (shell.folder / "my.yaml").write_text(ended.out, encoding="utf-8")
    assert shell.seedflow("check", "my.yaml").code == 0


def test_files_beside_a_shipped_recipe_are_told(shell: Shell) -> None:
    ended = shell.seedflow("show", "restoration", "--source")
    shipped = find_shipped("restoration")
    assert shipped is not None
    assert ended.err == f"note: it names files of samples/, which stand beside it in {shipped.parent}\n"


def test_a_file_with_errors_is_printed_all_the_same_and_a_missing_one_is_told(shell: Shell) -> None:
    (shell.folder / "bad.yaml").write_text("seedflow: 1\nstps: {}\n")
    assert shell.seedflow("show", "bad.yaml", "--source").out == "seedflow: 1\nstps: {}\n"
    assert shell.seedflow("show", "none.yaml", "--source").code == 2
    assert shell.seedflow("show", "bad.yaml", "--source", "--json").code == 2


INNER = """\
seedflow: 1
inputs: {photo: {type: image}}
values: {wide: "{{ inputs.photo.width > 100 }}"}
steps:
  look: {generate: {prompt: "{{ ref.p }}", image_input: {p: "{{ inputs.photo }}"}}}
  plain: {generate: {prompt: plain}}
  end: {generate: {prompt: "{{ values.wide }} {{ ref.l }}", image_input: {l: "{{ steps.look.images[0] }}"}}}
outputs: {all: "{{ steps.end.images }}", rest: "{{ steps.plain.images }}"}
"""
OUTER = """\
seedflow: 1
inputs: {photo: {type: image}}
steps: {inside: {recipe: ./inner.yaml, with: {photo: "{{ inputs.photo }}"}}}
outputs: {all: "{{ steps.inside.all }}", rest: "{{ steps.inside.rest }}"}
"""
USES = """\
seedflow: 1
steps:
  src: {generate: {prompt: S}}
  set: {generate: {prompt: L}}
  first: {generate: {prompt: F}}
  one: {recipe: ./outer.yaml, with: {photo: "{{ steps.src.images[0] }}"}}
  many:
    recipe: ./inner.yaml
    for_each: {v: "{{ steps.set.images }}"}
    when: "{{ steps.src.images | length > 0 }}"
    needs: [first]
    with: {photo: "{{ each.v }}"}
"""


def test_steps_inside_used_recipes_wait_for_what_comes_to_them(shell: Shell) -> None:
    for name, text in (("inner", INNER), ("outer", OUTER), ("r", USES)):
        (shell.folder / f"{name}.yaml").write_text(text)
    shown = shell.seedflow("show", "r.yaml").out
    assert [line.split() for line in shown.splitlines() if "/" in line] == [
        ["one/inside", "after", "src"],
        ["one/inside/look", "after", "src"],
        ["one/inside/plain", "at", "once"],
        ["one/inside/end", "after", "one/inside/look,", "src"],
        ["many/look", "after", "set,", "src,", "first"],
        ["many/plain", "after", "set,", "src,", "first"],
        ["many/end", "after", "many/look,", "set,", "src,", "first"],
    ]
    steps = json.loads(shell.seedflow("show", "r.yaml", "--json").out)["steps"]
    assert steps["one/inside/look"]["needs"] == ["src"]
    assert steps["many"]["needs"] == ["set", "src", "first"]
