"""A folder that outputs cannot be written to is refused before anything is paid, and trying leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedflow.errors import ExitCode, UsageError
from seedflow.pipeline.out_folder import refuse_as_folder


def test_a_folder_that_can_be_made_is_taken_and_not_made(tmp_path: Path) -> None:
    refuse_as_folder(tmp_path / "a" / "b", tmp_path / ".seedflow")
    refuse_as_folder(tmp_path, tmp_path / ".seedflow")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_of_its_trial_goes_and_nothing_else(tmp_path: Path) -> None:
    for name in (".seedflow-tried-abcdefgh", ".seedflow-tried-full", ".seedflow-arriving", "tried"):
        (tmp_path / name).mkdir()
    (tmp_path / ".seedflow-tried-full/kept").write_text("somebody's")
    (tmp_path / ".seedflow-tried-file").write_text("somebody's")
    refuse_as_folder(tmp_path / "outputs", tmp_path / ".seedflow")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".seedflow-arriving", ".seedflow-tried-file", ".seedflow-tried-full", "tried"
    ]  # fmt: skip # a row a line


def test_a_run_that_is_killed_while_it_tries_leaves_nothing_behind_the_next_one(tmp_path: Path) -> None:
    kill = (
        "import os, pathlib, sys; from seedflow.pipeline import out_folder;"
        "pathlib.Path.rmdir = lambda _: os.kill(os.getpid(), 9);"
        "out_folder.refuse_as_folder(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    places = [str(tmp_path / "outputs"), str(tmp_path / ".seedflow")]
    subprocess.run([sys.executable, "-c", kill, *places], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    refuse_as_folder(tmp_path / "outputs", tmp_path / ".seedflow")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("below", "words"),
    [
        ("file", "file is not a folder"),
        ("file/out", "file is not a folder"),
        ("dangling/out", "dangling is not a folder"),
        ("x" * 300, "a name in it has more than 255 bytes"),
        ("a/" + "é" * 150, "a name in it has more than 255 bytes"),
        ("/".join(["d" * 200] * 25), "the path is longer than the system takes"),
    ],
)
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, below: str, words: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(UsageError, match="outputs cannot be written to") as caught:
        refuse_as_folder(tmp_path / below, tmp_path / ".seedflow")
    assert words in caught.value.message
    assert caught.value.exit_code == ExitCode.USAGE
    assert len(caught.value.message) < 600
    assert caught.value.help == "choose another folder with --out DIR"


@pytest.mark.parametrize("below", [".seedflow", ".seedflow/blobs", "link/x", "other/../.seedflow"])
def test_a_place_inside_of_the_state_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / ".seedflow/blobs").mkdir(parents=True)
    (tmp_path / "link").symlink_to(".seedflow")
    with pytest.raises(UsageError, match="it belongs to the state"):
        refuse_as_folder(tmp_path / below, tmp_path / ".seedflow")


@pytest.mark.parametrize("below", ["other/.seedflow", "other/.seedflow/blobs", "elsewhere/state/x", "link/x"])
def test_a_place_inside_of_the_state_of_another_project_is_refused(tmp_path: Path, below: str) -> None:
    for state in ("other/.seedflow", "elsewhere/state"):
        (tmp_path / state).mkdir(parents=True)
        for name in ("VERSION", "ledger.db"):
            (tmp_path / state / name).write_text("1")
    (tmp_path / "link").symlink_to("elsewhere/state")
    with pytest.raises(UsageError, match=r"it belongs to the state .*(other/.seedflow|elsewhere/state)"):
        refuse_as_folder(tmp_path / below, tmp_path / ".seedflow")
    refuse_as_folder(tmp_path / "other/outputs", tmp_path / ".seedflow")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_a_place_where_nothing_can_be_made_is_found_by_trying() -> None:
    with pytest.raises(UsageError, match=r"nothing can be made in /proc|/proc is not writable"):
        refuse_as_folder(Path("/proc/out"), Path("/proc/state"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UsageError, match="is not writable"):
            refuse_as_folder(tmp_path / "out", tmp_path / ".seedflow")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["\ud800", "a\0b"])
def test_a_name_that_no_folder_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no folder can have such a name"):
        refuse_as_folder(tmp_path / name, tmp_path / ".seedflow")
