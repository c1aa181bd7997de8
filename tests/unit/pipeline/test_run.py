"""What stops a run before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

import seedflow
from seedflow.cli.main import run
from seedflow.errors import ExitCode, StoreError
from seedflow.pipeline.run import PickedTakes


def test_a_picks_file_that_cannot_be_written_is_wrong_usage_as_a_folder_of_outputs_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {prompt: An owl}}}\n")
    seedflow.run_recipe("one.yaml", provider="sketch")
    Path("elsewhere.yaml").write_text("seedflow_picks: 1\n")
    Path("one.picks.yaml").symlink_to("elsewhere.yaml")
    assert run(["run", "one.yaml", "--provider", "sketch", "--reroll", "a"]) == ExitCode.USAGE
    assert "the current takes cannot be written here: it is a symbolic link" in capsys.readouterr().err
    Path("taken").touch()
    assert run(["run", "one.yaml", "--provider", "sketch", "--out", "taken"]) == ExitCode.USAGE


def test_a_take_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "one.picks.yaml"
    picked = PickedTakes(path, "sketch")
    picked.show("owl", 1_000_000, "request/1:aa")
    before = path.read_text()
    with pytest.raises(StoreError, match="takes end at 1,000,000"):
        picked.show("owl", 1_000_001, "request/1:aa")
    assert path.read_text() == before
