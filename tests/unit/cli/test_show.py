"""What `seedflow show --source` prints: the file itself, so that it can be kept and changed."""

from __future__ import annotations

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
