"""`seedflow graph` as it is called: forms, files, hints, refusals, colour, terminals that know ASCII only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedflow.cli.graph import FORMATS
from tests.golden.harness import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "project", monkeypatch)


FAN = """\
seedflow: 1
inputs: {names: {type: list, of: text}}
limits: {tasks: 1000}
steps:
  one:
    for_each: {name: "{{ inputs.names }}"}
    generate: {prompt: "{{ each.name }}"}
  two: {generate: {prompt: "{{ ref.ones }}", image_input: {ones: "{{ steps.one.images[:3] }}"}}}
"""


def test_the_form_follows_the_name_of_the_file_unless_it_is_said(shell: Shell) -> None:
    for name, first in (
        ("a.mmd", "---"),
        ("a.DOT", 'digraph "storybook" {'),
        ("a.gv", 'digraph "storybook" {'),
        ("a.txt", "storybook · 3 steps"),
        ("a", "storybook · 3 steps"),
    ):
        ended = shell.seedflow("graph", "storybook", "-o", name)
        assert (ended.code, ended.out, ended.err) == (0, "", f"{name}: 3 steps\n")
        assert (shell.folder / name).read_text(encoding="utf-8").splitlines()[0] == first
    assert shell.seedflow("graph", "storybook", "--format", "json", "-o", "a.dot").code == 0
    assert json.loads((shell.folder / "a.dot").read_text())["recipe"] == "storybook"


def test_a_file_named_like_something_else_is_refused_unless_the_form_is_said(shell: Shell) -> None:
    ended = shell.seedflow("graph", "storybook", "-o", "a.PNG")
    assert (ended.code, ended.out) == (2, "")
    assert "`dot -Tpng` of Graphviz" in ended.err
    assert ".mmd, .dot, .json and .txt do" in shell.seedflow("graph", "storybook", "-o", "a.docx").err
    assert not (shell.folder / "a.PNG").exists()
    assert shell.seedflow("graph", "storybook", "--format", "tree", "-o", "a.docx").code == 0


def test_what_is_drawn_and_what_was_read_is_never_replaced(shell: Shell) -> None:
    recipe = shell.folder / "fan.yaml"
    recipe.write_text(FAN)
    (shell.folder / "names.json").write_text('{"names": ["a"]}')
    for name in ("fan.yaml", "./fan.yaml", "names.json"):
        ended = shell.seedflow("graph", "fan.yaml", "--tasks", "--inputs", "names.json", "-o", name)
        assert ended.code == 2
        assert "and nothing else is written there" in ended.err
    assert recipe.read_text() == FAN
    assert shell.seedflow("graph", "fan.yaml", "-o", "folder").err.startswith("error: -o: folder is a folder")
    assert "no folder nowhere" in shell.seedflow("graph", "fan.yaml", "-o", "nowhere/a.dot").err


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["other.yaml", "table.csv", "data.json", "notes.txt", "owl.png"])
def test_nothing_but_a_drawing_is_replaced(shell: Shell, form: str, name: str) -> None:
    there = {
        "other.yaml": FAN.encode(),
        "table.csv": b"title,words\na,b\n",
        "data.json": b'{"names": ["a"]}',
        "notes.txt": b"3 steps, I think\n",
        "owl.png": b"\x89PNG\r\n\x1a\n\x00",
    }
    (shell.folder / name).write_bytes(there[name])
    ended = shell.seedflow("graph", "storybook", "--format", form, "-o", name)
    assert (ended.code, ended.out) == (2, "")
    assert f"-o: {name} is there and holds something else than a drawing" in ended.err
    assert (shell.folder / name).read_bytes() == there[name]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("more", [(), ("--tasks", "--all")])
def test_a_drawing_or_an_empty_file_is_replaced_in_any_form(
    shell: Shell, form: str, more: tuple[str, ...]
) -> None:
    (shell.folder / "a").write_text("")
    for other in (form, *FORMATS):
        assert shell.seedflow("graph", "storybook", *more, "--format", form, "-o", "a").code == 0
        assert shell.seedflow("graph", "storybook", "--format", other, "-o", "a").code == 0


def test_inputs_without_tasks_are_refused(shell: Shell) -> None:
    ended = shell.seedflow("graph", "storybook", "-i", "hero=a fox")
    assert (ended.code, ended.out) == (2, "")
    assert "add --tasks" in ended.err


def test_errors_of_the_recipe_are_told_and_nothing_is_drawn(shell: Shell) -> None:
    (shell.folder / "bad.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {promt: A}}}\n")
    for more in ((), ("--tasks",), ("-o", "a.json")):
        ended = shell.seedflow("graph", "bad.yaml", *more)
        assert (ended.code, ended.out) == (1, "")
        assert "did you mean `prompt`" in ended.err
    assert not (shell.folder / "a.json").exists()
    found = json.loads(shell.seedflow("graph", "bad.yaml", "--format", "json").out)
    assert [one["severity"] for one in found["diagnostics"]].count("error") >= 1


def test_long_steps_are_drawn_together_with_a_hint_and_as_json_in_full(shell: Shell) -> None:
    (shell.folder / "fan.yaml").write_text(FAN)
    names = [word for number in range(600) for word in ("-i", f"names=n{number}")]
    ended = shell.seedflow("graph", "fan.yaml", "--tasks", *names)
    assert "596 more of one  596 call" in ended.out
    assert ended.err == "note: 596 tasks of steps with many are drawn together; --all draws each\n"
    whole = shell.seedflow("graph", "fan.yaml", "--tasks", "--all", "--format", "mermaid", *names)
    assert whole.out.count("<br>new<br>") == 600
    data = json.loads(shell.seedflow("graph", "fan.yaml", "--tasks", "--format", "json", *names).out)
    assert [node["kind"] for node in data["nodes"]].count("task") == 601
    assert (data["of"], data["diagnostics"]) == ("tasks", [])


def test_what_mermaid_will_not_draw_is_told(shell: Shell) -> None:
    (shell.folder / "chain.yaml").write_text(write_chain(502))
    ended = shell.seedflow("graph", "chain.yaml", "--format", "mermaid")
    assert "501 arrows; Mermaid draws at most 500" in ended.err
    assert ended.out.count(" --> ") == 501
    assert shell.seedflow("graph", "chain.yaml", "--format", "dot").err == ""


def write_chain(count: int) -> str:
    steps = [
        f'  s{number}: {{generate: {{prompt: P, image_input: ["{{{{ steps.s{number - 1}.images[0] }}}}"]}}}}\n'
        for number in range(1, count)
    ]
    return f"seedflow: 1\nsteps:\n  s0: {{generate: {{prompt: P}}}}\n{''.join(steps)}"


def run(folder: Path, *words: str, **variables: str) -> bytes:
    ended = subprocess.run(
        [sys.executable, "-m", "seedflow", *words],
        cwd=folder,
        env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, **variables},
        capture_output=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout


def test_colour_where_there_is_some_and_the_same_words_without(shell: Shell) -> None:
    plain = run(shell.folder, "graph", "storybook", NO_COLOR="1")
    colored = run(shell.folder, "graph", "storybook", FORCE_COLOR="1", NO_COLOR="")
    assert b"\x1b[36mpage" in colored
    assert b"\x1b" not in plain


def test_a_terminal_that_knows_ascii_only_gets_plainer_branches(shell: Shell) -> None:
    (shell.folder / "two.yaml").write_text(write_chain(3).replace("s2: {", "t: {"))
    text = run(shell.folder, "graph", "two.yaml", PYTHONIOENCODING="ascii", NO_COLOR="1").decode("ascii")
    assert text == "two - 3 steps\n\ns0\n`- s1\n   `- t  output t\n"


@pytest.mark.timeout(20)
def test_a_pipe_that_nobody_reads_is_waited_for_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fox.yaml").write_text("seedflow: 1\nsteps: {fox: {generate: {prompt: A fox}}}\n")
    os.mkfifo("pipe")
    command = [sys.executable, "-m", "seedflow", "graph", "fox.yaml", "--format", "dot", "-o", "pipe"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as drawing:
        assert drawing.stderr is not None
        assert drawing.stderr.readline() == (
            "waiting for somebody to read pipe, which is a pipe (Ctrl-C to stop)\n"
        )
        assert Path("pipe").read_text().startswith("digraph")
        assert drawing.wait(10) == 0
