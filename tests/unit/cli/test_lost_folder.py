"""A current folder that was removed: told by every command that needs it, and in the way of none that does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import seedflow
from seedflow.cli.main import COMMANDS, run
from seedflow.errors import ExitCode, UsageError

SAID = """\
error: the current folder does not exist any more, so nothing can be found from here
help: cd into a folder that is there; if this one was made anew, `cd "$PWD"` goes into it
"""
NEEDING = {
    "init": (["init"], ["init", "pictures"]),
    "check": (["check", "r.yaml"], ["check", "storybook", "--json"]),
    "plan": (["plan", "r.yaml"], ["plan", "storybook"]),
    "run": (["run", "r.yaml"], ["run", "storybook", "--out", "pictures"]),
    "ledger": (["ledger"], ["ledger", "reconcile"]),
    "runs": (["runs"],),
    "list": (["list"],),
    "show": (["show", "storybook"],),
    "graph": (["graph", "storybook", "-o", "drawing.dot"],),
    "models": (["models"],),
    "schema": (["schema"],),
    "doctor": (["doctor"],),
    "verify": (["verify"], ["verify", "--repair"]),
    "gc": (["gc"],),
    "export": (["export", "all.zip", "--all"],),
    "import": (["import", "all.zip"],),
    "emulate": (["emulate", "--port", "0"],),
    "completion": (),
}


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that held the current one, which is gone."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    return tmp_path


def test_every_command_is_tried() -> None:
    assert set(NEEDING) == set(COMMANDS)


@pytest.mark.usefixtures("lost")
@pytest.mark.parametrize("arguments", [line for lines in NEEDING.values() for line in lines])
def test_a_command_that_needs_the_folder_says_that_it_is_gone(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == ExitCode.USAGE
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", SAID)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["plan", "--help"], ["completion", "zsh"]])
def test_what_needs_no_folder_works(
    arguments: list[str], lost: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == ExitCode.DONE
    assert run(["init", str(lost / "pictures")]) == ExitCode.DONE
    assert (lost / "pictures" / "recipes" / "postcards.yaml").is_file()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "line",
    [
        "check r",
        "plan storybook -i ",
        "run storybook --reroll p",
        "run storybook --inputs s",
        "init s",
        "export s",
    ],
)
def test_a_shell_that_completes_is_told_nothing(line: str, lost: Path) -> None:
    """Python itself is started elsewhere: that it cannot find its own folder is not what is tried."""
    words = line.split(" ")
    start = "import os, sys; os.mkdir('left'); os.chdir('left'); os.rmdir('../left'); from seedflow.cli.main import main; main()"
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", start],
        cwd=lost,
        env={
            **os.environ,
            "PYTHONPATH": root,
            "_SEEDFLOW_COMPLETE": "bash_complete",
            "COMP_WORDS": "\n".join(["seedflow", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert all(
        answer.split(",")[0] in ("plain", "file", "dir") for answer in done.stdout.splitlines() if answer
    )


@pytest.mark.usefixtures("lost")
def test_python_is_told_too() -> None:
    with pytest.raises(UsageError, match="the current folder does not exist any more"):
        seedflow.plan_recipe("storybook")
