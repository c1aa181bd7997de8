"""Completion: by click's protocol in a process of its own, in real shells where they are, and never a word of trouble."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

import pexpect
import pytest
from click.shell_completion import ShellComplete

from seedflow.cli import completion_tasks
from seedflow.cli.completion_scripts import SCRIPTS
from seedflow.cli.main import COMMANDS, seedflow
from seedflow.recipe.shipped import list_blocks, list_shipped

SHIPPED = [recipe.name for recipe in (*list_shipped(), *list_blocks())]
MINE = """\
seedflow: 1
inputs:
  mood: {type: choice, options: [bright, dark blue, "a:b"], default: bright, description: "How it\\n  feels."}
  loud: {type: boolean, default: false}
  tones: {type: list, of: {type: choice, options: [warm, cold]}}
  flags: {type: list, of: boolean}
  style: {type: image, optional: true}
  hero: {type: text}
steps: {a: {generate: {promt: "with a mistake"}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    project = tmp_path / "project"
    (project / "recipes").mkdir(parents=True)
    (project / "mine.yaml").write_text(MINE)
    (project / "recipes" / "deep one.yml").write_text(MINE)
    for name in ("seedflow.yaml", "mine.picks.yaml", "notes.txt", ".hidden.yaml", "Fox.PNG"):
        (project / name).write_text("")
    return project


def environment(folder: Path) -> dict[str, str]:
    """An environment in which `seedflow` is this one."""
    there = folder.parent / "bin"
    if not there.exists():
        there.mkdir()
        script = there / "seedflow"
        script.write_text(f"#!{sys.executable}\nfrom seedflow.cli.main import main\nmain()\n")
        script.chmod(0o755)
    root = str(Path(__file__).parents[3])
    return {
        **os.environ, "PATH": f"{there}:{os.environ['PATH']}", "PYTHONPATH": root, "HOME": str(folder.parent),
        "TERM": "xterm",
    }  # fmt: skip # a row a line


def ask(folder: Path, *words: str) -> list[str]:
    """What is offered for the last of the words, in this process."""
    *before, last = words
    with chdir(folder):
        found = ShellComplete(seedflow, {}, "seedflow", "_SEEDFLOW_COMPLETE").get_completions(before, last)
    return [f"{item.type},{item.value}" for item in found] or [""]


def ask_aloud(folder: Path, *words: str, shell: str = "bash") -> list[str]:
    """The same as a shell asks it, of a process, which must not say anything else."""
    ended = subprocess.run(
        ["seedflow"],
        cwd=folder,
        env={
            **environment(folder),
            "COMP_WORDS": "\n".join(["seedflow", *words]),
            "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
            "_SEEDFLOW_COMPLETE": f"{shell}_complete",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.split("\n")[:-1]


def plain(*values: str) -> list[str]:
    return [f"plain,{value}" for value in values] or [""]


def test_commands(folder: Path) -> None:
    assert ask(folder, "") == plain(*COMMANDS)
    assert ask(folder, "co") == plain("completion")
    assert ask(folder, "--v") == plain("--version")
    assert ask_aloud(folder, "co") == plain("completion")


def test_options_and_choices(folder: Path) -> None:
    assert ask(folder, "run", "--on") == plain("--on-unknown")
    assert ask(folder, "run", "--on-unknown", "") == plain("stop", "retry")
    assert ask(folder, "run", "--provider", "") == plain("cloudflare", "sketch")
    assert ask(folder, "graph", "--format", "m") == plain("mermaid")
    assert ask(folder, "completion", "") == plain(*SCRIPTS)
    assert ask(folder, "run", "mine.yaml", "--out", "re") == ["dir,re"]
    assert ask(folder, "init", "re") == ["dir,re"]


def test_recipes_are_yaml_files_folders_and_shipped_names(folder: Path) -> None:
    for command in ("plan", "run", "show", "graph", "check"):
        assert ask(folder, command, "") == plain("mine.yaml", "recipes/", *SHIPPED)
    assert ask(folder, "run", "recipes/") == plain("recipes/deep one.yml")
    assert ask(folder, "run", ".h") == plain(".hidden.yaml")
    assert ask(folder, "run", "story") == plain("storybook")
    assert ask(folder, "check", "mine.yaml", "wint") == plain("winter")
    assert ask(folder, "run", "~/pro") == plain("~/project/")


def test_inputs_of_the_recipe_on_the_line_even_of_one_with_mistakes(folder: Path) -> None:
    names = ("mood=", "loud=", "tones=", "flags=", "style=", "hero=")
    for command in ("plan", "run"):
        assert ask(folder, command, "mine.yaml", "-i", "") == plain(*names)
    assert ask(folder, "graph", "mine.yaml", "--tasks", "--input", "h") == plain("hero=")
    assert ask(folder, "run", "--yes", "storybook", "-i", "s") == plain("scenes=", "style=")
    assert ask(folder, "run", "recipes/deep one.yml", "-i", "h") == plain("hero=")


TASKS = """\
seedflow: 1
inputs: {who: {type: text}, many: {type: boolean, default: false}}
steps:
  cast: {recipe: ./used.yaml, for_each: {k: [x, y]}, with: {who: "{{ inputs.who }} {{ each.k }}"}}
  left: {when: "{{ false }}", generate: {prompt: left out}}
  set: {generate: {prompt: set, sequential_image_generation: auto, max_images: 3}}
  later: {for_each: {img: {in: "{{ steps.set.images }}", at_most: 3}}, generate: {prompt: later, image_input: "{{ each.img }}"}}
  end: {takes: "{{ 3 if inputs.many else 2 }}", generate: {prompt: "end of {{ inputs.who }}"}}
"""
USED = 'seedflow: 1\ninputs: {who: {type: text}}\nsteps: {one: {description: A portrait, generate: {prompt: "{{ inputs.who }}"}}}\noutputs: {one: "{{ steps.one.images }}"}\n'


def test_reroll_offers_steps_and_tasks_of_the_plan_of_the_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion_tasks, "MOST_SECONDS", 60)
    (folder / "tasks.yaml").write_text(TASKS)
    (folder / "used.yaml").write_text(USED)
    line = ("run", "tasks.yaml", "-i", "who=a", "--reroll")
    takes = ("end", "end#2")
    found = ("cast/one", "set", "end", "cast[k=x]/one", "cast[k=y]/one", "end#2")
    assert ask(folder, *line, "") == plain(*found)
    assert ask(folder, *line, "cast[k=y") == plain("cast[k=y]/one")
    assert ask(folder, "plan", *line[1:], "end") == plain(*takes)
    assert ask(folder, *line[:-1], "-i", "many=true", "--reroll", "end") == plain(*takes, "end#3")
    assert ask(folder, "run", "storybook", "--reroll", "s") == plain("sheet")
    assert ask(folder, "run", "--reroll", "s") == [""]


def test_reroll_offers_the_steps_as_written_where_no_plan_is_to_be_had(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "tasks.yaml").write_text(TASKS)
    (folder / "used.yaml").write_text(USED)
    steps = plain("cast", "left", "set", "later", "end")
    for command in ("plan", "run"):
        assert ask(folder, command, "mine.yaml", "--reroll", "") == plain("a")
        assert ask(folder, command, "tasks.yaml", "--reroll", "") == steps
    monkeypatch.setattr(completion_tasks, "MOST_SECONDS", 0.000_001)
    assert ask(folder, "run", "tasks.yaml", "-i", "who=a", "--reroll", "") == steps
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    os.mkfifo(folder / "inputs.yaml")
    assert ask(folder, "run", "tasks.yaml", "--inputs", "inputs.yaml", "--reroll", "") == steps
    assert capfd.readouterr() == ("", "")


def test_an_input_that_is_given_is_offered_again_only_for_lists(folder: Path) -> None:
    line = ("run", "mine.yaml", "-i", "mood=bright", "-i", "tones=warm", "-i")
    assert ask(folder, *line, "") == plain("loud=", "tones=", "flags=", "style=", "hero=")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("mood=", ["mood=bright", "mood=dark blue", "mood=a:b"]),
        ("mood=d", ["mood=dark blue"]),
        ("loud=", ["loud=true", "loud=false"]),
        ("tones=", ["tones=warm", "tones=cold"]),
        ("flags=t", ["flags=true"]),
        ("style=", ["style=Fox.PNG", "style=recipes/"]),
        ("hero=a", []),
        ("nobody=", []),
    ],
)
def test_values_by_the_type_of_the_input(typed: str, offered: list[str], folder: Path) -> None:
    assert ask(folder, "run", "mine.yaml", "-i", typed) == plain(*offered)


def test_help_beside_names_where_the_shell_shows_it(folder: Path) -> None:
    offered = ask_aloud(folder, "run", "mine.yaml", "-i", "m", shell="zsh")
    assert offered == ["plain", "mood=", "choice: How it feels."]
    assert ask_aloud(folder, "li", shell="fish") == [f"plain,list\t{COMMANDS['list'][1]}"]


@pytest.mark.parametrize(
    "words",
    [
        ("nothing", ""),
        ("run", "nobody", "-i", ""),
        ("run", "broken.yaml", "-i", ""),
        ("run", "recipes", "-i", ""),
        ("run", "-i", ""),
        ("run", "nowhere/"),
        ("run", "odd.yaml", "-i", ""),
        ("run", "~nobody-of-this-name/"),
        ("run", "--bogus", "--max-cost", ""),
        ("run", "a", "b", "c", ""),
    ],
)
def test_nothing_is_said_when_there_is_nothing_to_offer(
    words: tuple[str, ...], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.yaml").write_bytes(b"\xff\xfe[[[{{:")
    (folder / "odd.yaml").write_text("inputs: [1, 2]\n")
    assert ask(folder, *words) == [""]
    assert capfd.readouterr() == ("", "")


def test_a_line_that_makes_no_sense_gets_no_answer_and_no_complaint(folder: Path) -> None:
    assert ask_aloud(folder, "nothing", "") == [""]
    assert ask_aloud(folder, "run", "nobody", "--bogus", "-i", "") == [""]


def test_a_recipe_is_opened_for_its_inputs_alone(folder: Path) -> None:
    """A pipe that nobody writes to would keep whoever opens it waiting."""
    os.mkfifo(folder / "pipe.yaml")
    assert ask(folder, "run", "pipe.yaml", "--on") == plain("--on-unknown")
    assert ask(folder, "run", "pipe") == plain("pipe.yaml")
    assert ask(folder, "run", "pipe.yaml", "-i", "") == [""]


def test_commands_and_scripts_load_nothing_heavy() -> None:
    """The script is printed whenever a shell starts, and commands are what is completed most."""
    code = (
        "import sys\n"
        "from click.shell_completion import ShellComplete\n"
        "from seedflow.cli.main import run, seedflow\n"
        "ShellComplete(seedflow, {}, 'seedflow', '_SEEDFLOW_COMPLETE').get_completions([], '')\n"
        "run(['completion', 'bash'])\n"
        "heavy = {'rich', 'jinja2', 'networkx', 'pydantic', 'httpx', 'PIL', 'jsonschema_rs', 'yaml', 'sqlite3'}\n"
        "print(sorted(set(sys.modules) & heavy), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stderr.strip() == "[]"


def test_the_scripts_are_printed(folder: Path) -> None:
    for shell, script in SCRIPTS.items():
        ended = subprocess.run(
            ["seedflow", "completion", shell], cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60
        )  # fmt: skip # a row a line
        assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", script)


START = {
    "bash": (["--norc", "--noprofile"], "PS1='READY''> '; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; eval \"$(seedflow completion bash)\"; tell() { printf '%s' \"$READLINE_LINE\" >../line; echo 'TOLD'' '; }; bind -x '\"\\C-t\": tell'"),
    "zsh": (["-f"], "PROMPT='READY''> '; unsetopt BEEP; autoload -U compinit; compinit -u -D; eval \"$(seedflow completion zsh)\"; tell() { print -rn -- \"$BUFFER\" >../line; zle -I; print 'TOLD'' ' }; zle -N tell; bindkey '^T' tell"),
}  # fmt: skip # a row a line
"""What a shell begins with; Ctrl-T writes down the line as it is, whatever the terminal shows."""

LINES = {
    "seedflow pl": "seedflow plan ",
    "seedflow run rec": "seedflow run recipes/",
    "seedflow run mine.yaml -i he": "seedflow run mine.yaml -i hero=",
    "seedflow run mine.yaml -i mood=da": "seedflow run mine.yaml -i mood=dark\\ blue ",
    "seedflow run mine.yaml --input=lo": "seedflow run mine.yaml --input=loud=",
    "seedflow run ~/pro": "seedflow run ~/project/",
}
QUOTED = {
    "bash": {
        "--input=tones=co": "--input=tones=cold ",
        "-i mood=a:": "-i mood=a:b ",
        "--input=mood=a": "--input=mood=a:b ",
        '-i "mood=da': '-i "mood=dark blue" ',
        '--input="mood=da': '--input="mood=dark blue" ',
        "--input=mood=dark\\ ": "--input=mood=dark\\ blue ",
        '-i "mo': '-i "mood=',
        "-i 'style=my": "-i 'style=my pics/",
        "-i style='my pics/": "-i style='my pics/a $b.jpg' ",
        '-i style="my pics/': '-i style="my pics/a \\$b.jpg" ',
        "-i style=my\\ pics/": "-i style=my\\ pics/a\\ \\$b.jpg ",
        "--input=style=it": "--input=style=it\\'s.jpg ",
        "-i 'style=it": "-i 'style=it'\\''s.jpg' ",
    },
    "zsh": {
        "--input=tones=co": "--input=tones=cold ",
        '-i "mood=da': '-i "mood=dark blue" ',
        '--input="mood=da': "--input=mood=dark\\ blue ",
        "-i 'mood=da": "-i 'mood=dark blue' ",
        "-i style='my pics/": "-i style=my\\ pics/a\\ \\$b.jpg ",
        "-i 'style=my pics/": "-i 'style=my pics/a $b.jpg' ",
        "-i style=it": "-i style=it\\'s.jpg ",
    },
}
"""What stands behind `seedflow run mine.yaml`, and what it becomes."""


def clear_line(terminal: Any, told: Path) -> None:
    """Empty the line. A shell may drop keys that come while it hands the terminal over, so it is asked what is left."""
    for _ in range(10):
        terminal.sendcontrol("e")
        terminal.sendcontrol("u")
        terminal.sendcontrol("t")
        terminal.expect_exact("TOLD ")
        if not told.read_text().strip():
            return
    raise AssertionError(f"the line cannot be emptied: {told.read_text()!r}")


@pytest.mark.parametrize("shell", list(START))
def test_a_real_shell_completes_the_line(shell: str, folder: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (folder / "my pics").mkdir()
    for name in ("my pics/a $b.jpg", "it's.jpg"):
        (folder / name).write_text("")
    options, script = START[shell]
    terminal = pexpect.spawn(
        shell, options, cwd=str(folder), env=environment(folder), encoding="utf-8", dimensions=(40, 160), timeout=60
    )  # fmt: skip # a row a line
    terminal.sendline(script)
    terminal.expect_exact("READY> ")
    before = "seedflow run mine.yaml "
    wanted = LINES | {before + typed: before + whole for typed, whole in QUOTED[shell].items()}
    found = {}
    for typed in wanted:
        terminal.send(f"{typed}\t")
        terminal.sendcontrol("t")
        terminal.expect_exact("TOLD ")
        found[typed] = (folder.parent / "line").read_text()
        terminal.sendcontrol("e")
        terminal.sendcontrol("u")
    terminal.close(force=True)
    assert found == wanted


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_offers_whole_words(folder: Path) -> None:
    script = "seedflow completion fish | source; " + "; ".join(f"complete -C '{line}'" for line in LINES)
    ended = subprocess.run(
        ["fish", "--no-config", "-c", script], cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=100
    )  # fmt: skip # a row a line
    assert (ended.returncode, ended.stderr) == (0, "")
    offered = [line.partition("\t")[0] for line in ended.stdout.splitlines()]
    assert offered == [
        "mood=dark blue" if "dark" in whole else whole.rstrip().rpartition(" ")[2] for whole in LINES.values()
    ]
