"""Help texts, and what commands without a recipe print, word by word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from seedflow.cli.main import COMMANDS
from tests.golden.harness import Shell

Golden = Callable[[str, str], None]


def test_the_first_help(shell: Shell, golden: Golden) -> None:
    ended = shell.seedflow("--help")
    assert (ended.code, ended.err) == (0, "")
    golden("help/seedflow.txt", ended.out)
    assert shell.seedflow() == ended
    assert shell.seedflow("-h") == ended


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_help_of_a_command(command: str, shell: Shell, golden: Golden) -> None:
    ended = shell.seedflow(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    golden(f"help/{command}.txt", ended.out)
    first = COMMANDS[command][1].split(";")[0].split(".")[0]
    assert first.split()[0] in ended.out, "the one-line help and the command's own tell different things"


def test_help_fits_a_narrow_terminal(shell: Shell, golden: Golden) -> None:
    shell.set_env("COLUMNS", "40")
    text = shell.seedflow("run", "--help").out
    assert max(len(line) for line in text.splitlines()) <= 40
    golden("help/run-40.txt", text)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-command", ["chek", "a.yaml"]),
        ("no-option", ["run", "a.yaml", "--evnts", "x"]),
        ("no-recipe", ["plan"]),
        ("too-many", ["show", "storybook", "winter"]),
        ("not-a-choice", ["run", "storybook", "--on-unknown", "maybe"]),
        ("not-dollars", ["run", "storybook", "--max-cost", "lots"]),
        ("not-a-number", ["runs", "--last", "abc"]),
        ("no-value", ["run", "storybook", "-i"]),
        ("unknown-recipe", ["run", "storybok"]),
        ("unknown-provider", ["plan", "storybook", "--provider", "cloudflair"]),
    ],
)
def test_wrong_usage(name: str, words: list[str], shell: Shell, golden: Golden) -> None:
    ended = shell.seedflow(*words)
    assert (ended.code, ended.out) == (2, "")
    golden(f"help/wrong-{name}.txt", ended.err)


def test_lists_of_recipes(shell: Shell, golden: Golden) -> None:
    (shell.folder / "mine.yaml").write_text(
        "seedflow: 1\ndescription: Mine.\nsteps: {a: {generate: {prompt: A}}}\n"
    )
    (shell.folder / "broken.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {promt: A}}}\n")
    (shell.folder / "other.yaml").write_text("no: recipe\n")
    golden("help/list-printed.txt", shell.seedflow("list").out)
    golden("help/show-printed.txt", shell.seedflow("show", "storybook").out)


def test_what_doctor_prints(shell: Shell, golden: Golden) -> None:
    text = re.sub(r"\n {11,}", " ", shell.seedflow("doctor").out)  # where lines break depends on the paths
    text = text.replace(str(shell.folder), "PROJECT").replace(str(shell.folder.parent), "HOME")
    text = re.sub(r"(Python|SQLite|libyaml|Pillow|seedflow) [0-9][0-9.]*\w*", r"\1 N", text)
    golden("help/doctor-printed.txt", re.sub(r"locks work \(\w+\)", "locks work (FILE SYSTEM)", text))


def test_doctor_never_shows_the_token(shell: Shell) -> None:
    shell.set_env("CLOUDFLARE_ACCOUNT_ID", "a" * 32)
    shell.set_env("CLOUDFLARE_API_TOKEN", "a-token-nobody-may-see")
    shown, data = shell.seedflow("doctor"), shell.seedflow("doctor", "--json")
    assert "nobody-may-see" not in shown.text + data.text
    assert json.loads(data.out)["paid"] == {"ready": True, "missing": []}
    assert "[no-gateway]" in shown.err
