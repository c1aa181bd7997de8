"""Links that lead in a circle, and words that are no UTF-8: every command says what is wrong, and none ends with a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.harness import Shell

BYTE = "\udcff"
"""How Python gives a byte of a command line that is no UTF-8."""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A project with a run, and a link `loop` to itself."""
    found = Shell(tmp_path / "project", monkeypatch)
    (found.folder / "one.yaml").write_text(
        "seedflow: 1\nname: one\nsteps:\n  a: {generate: {prompt: One, size: 2K}}\noutputs: {o: '{{ steps.a.images }}'}\n"
    )
    assert found.seedflow("run", "one.yaml").code == 0
    (found.folder / "loop").symlink_to("loop")
    return found


def told(shell: Shell, *words: str) -> str:
    ended = shell.seedflow(*words)
    assert ended.code in (1, 2, 3), ended
    assert "Traceback" not in ended.err
    return ended.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "one.yaml", "--out", "loop"), "loop is not a folder"),
        (("run", "one.yaml", "--out", "loop/x"), "loop is not a folder"),
        (("run", "one.yaml", "--events", "loop"), "symbolic links"),
        (("run", "one.yaml", "--inputs", "loop"), "loop"),
        (("run", "loop"), "`loop`"),
        (("graph", "one.yaml", "-o", "loop"), "symbolic links"),
        (("export", "loop", "--all"), "loop is there already"),
        (("import", "loop"), "symbolic links"),
        (("init", "loop"), "loop"),
        (("emulate", "--bill-file", "loop"), "symbolic links"),
    ],
)
def test_a_circle_that_is_named_on_the_command_line(shell: Shell, words: tuple[str, ...], says: str) -> None:
    assert says in told(shell, *words)


def test_a_circle_in_the_place_of_outputs(shell: Shell) -> None:
    for path in sorted(shell.folder.glob("outputs/**/*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (shell.folder / "outputs/sketch").symlink_to("sketch")
    assert "outputs/sketch is not a folder" in told(shell, "run", "one.yaml")
    assert shell.seedflow("gc", "--paid-older-than", "0d").code == 0
    (shell.folder / "outputs/sketch").unlink()
    (shell.folder / "outputs").rmdir()
    (shell.folder / "outputs").symlink_to("outputs")
    assert "outputs is not a folder" in told(shell, "run", "one.yaml")
    for words in (("plan", "one.yaml"), ("gc", "--paid-older-than", "0d"), ("verify",)):
        assert shell.seedflow(*words).code == 0, words


@pytest.mark.parametrize(
    ("settings", "words", "says"),
    [
        ("outputs: {folder: loop}\n", ("run", "one.yaml"), "loop is not a folder"),
        ("models: loop\n", ("plan", "one.yaml"), "`models` in the settings names no folder"),
        ("models: loop\n", ("models",), "`models` in the settings names no folder"),
    ],
)
def test_a_circle_in_the_settings(shell: Shell, settings: str, words: tuple[str, ...], says: str) -> None:
    (shell.folder / "seedflow.yaml").write_text(settings)
    assert says in told(shell, *words)
    for others in (("doctor",), ("gc",), ("verify",)):
        ended = shell.seedflow(*others)
        assert "Traceback" not in ended.err, others


def test_a_circle_in_the_place_of_the_state(shell: Shell) -> None:
    (shell.folder / ".seedflow").rename(shell.folder / "kept")
    (shell.folder / ".seedflow").symlink_to(".seedflow")
    for words in (("plan", "one.yaml"), ("run", "one.yaml"), ("ledger",), ("verify", "--repair"), ("gc",)):
        assert "the state folder is a symbolic link" in told(shell, *words)
    assert "the state folder is a symbolic link" in shell.seedflow("doctor").out


@pytest.mark.parametrize(
    "words",
    [
        ("ledger", "--run", BYTE),
        ("runs", BYTE),
        ("export", "y.zip", "--run", BYTE),
        ("run", "one.yaml", "--reroll", BYTE),
    ],
)
def test_a_name_that_is_no_text_is_nobodys(shell: Shell, words: tuple[str, ...]) -> None:
    assert "\\udcff" in told(shell, *words)


def test_a_recipe_whose_name_is_no_text_made_no_calls(shell: Shell) -> None:
    ended = shell.seedflow("ledger", "--recipe", BYTE)
    assert (ended.code, "No such calls" in ended.out + ended.err) == (0, True)
