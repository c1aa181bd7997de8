"""`seedflow init`: what it makes runs at once and checks silent; what is there stays as it is; nothing is left half done."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seedflow.cli.project_files import IGNORED, RECIPE, SCHEMA, SETTINGS_TEXT, build_project, place_project
from seedflow.errors import UsageError
from seedflow.settings.files import read_project_file
from seedflow.settings.keys import KEYS
from tests.golden.harness import Shell

FILES = {SCHEMA, RECIPE, ".vscode/settings.json", ".gitignore", "seedflow.yaml"}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "project", monkeypatch)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_project_runs_at_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = shell.seedflow("init", "new/book")
    assert (ended.code, ended.err) == (0, "")
    assert set(files_of(shell.folder / "new/book")) == FILES
    commands = re.findall(r"^  (cd \S+|seedflow \w+ \S+)", ended.out, re.MULTILINE)
    assert commands == ["cd new/book", f"seedflow run {RECIPE}", f"seedflow check {RECIPE}"]
    monkeypatch.chdir(shell.folder / "new/book")
    checked = shell.seedflow("check", RECIPE)
    assert (checked.code, checked.err) == (0, f"{RECIPE}: no problems\n")
    assert shell.seedflow("run", RECIPE).code == 0
    pictures = sorted(Path("outputs/sketch/postcards").glob("*.jpg"))
    assert [picture.name for picture in pictures] == [
        "a-library-at-night.jpg",
        "a-lighthouse-in-a-storm.jpg",
        "the-top-of-a-dune.jpg",
    ]
    assert RECIPE in shell.seedflow("list").out


def test_the_editor_finds_the_schema_by_the_settings_and_by_the_recipe(shell: Shell) -> None:
    assert shell.seedflow("init").code == 0
    schema = json.loads((shell.folder / SCHEMA).read_text())
    assert schema == json.loads(shell.seedflow("schema").out)
    settings = json.loads((shell.folder / ".vscode/settings.json").read_text())
    assert list(settings["yaml.schemas"]) == [SCHEMA]
    first = (shell.folder / RECIPE).read_text().splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert ((shell.folder / RECIPE).parent / named).resolve() == shell.folder / SCHEMA


def test_every_setting_is_there_as_a_comment_and_each_can_be_switched_on(tmp_path: Path) -> None:
    text = re.sub(r"^# ( *[a-z_/.\d-]+:)", r"\1", SETTINGS_TEXT, flags=re.MULTILINE)
    (tmp_path / "models").mkdir()
    (tmp_path / "seedflow.yaml").write_text(text)
    found = read_project_file(tmp_path / "seedflow.yaml", "seedflow.yaml")
    assert found.diagnostics == []
    names = {re.sub(r"^prices\..*", "prices.*", name) for name in found.values}
    assert names == {name for name, key in KEYS.items() if not key.private}


def test_again_it_changes_nothing_and_completes_what_is_missing(shell: Shell) -> None:
    shell.seedflow("init")
    before = files_of(shell.folder)
    again = shell.seedflow("init")
    assert (again.code, again.out.splitlines()[0]) == (0, "Everything is there already here.")
    (shell.folder / RECIPE).unlink()
    assert shell.seedflow("init").out.startswith(f"Made a project here: {RECIPE}.\n")
    assert files_of(shell.folder) == before


@pytest.mark.parametrize("name", sorted(FILES - {".gitignore", ".vscode/settings.json"}))
def test_a_file_in_the_way_is_named_and_nothing_is_written(name: str, shell: Shell) -> None:
    path = shell.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine\n")
    before = files_of(shell.folder)
    ended = shell.seedflow("init")
    assert (ended.code, ended.out) == (2, "")
    assert f"this folder has {name} already" in ended.err
    assert files_of(shell.folder) == before


def test_all_that_is_in_the_way_is_named_at_once(shell: Shell) -> None:
    (shell.folder / "recipes").write_text("a file where a folder must be")
    (shell.folder / ".vscode").symlink_to(shell.folder / "folder")
    (shell.folder / "seedflow.yaml").symlink_to("nowhere")
    (shell.folder / ".gitignore").mkdir()
    ended = shell.seedflow("init")
    assert ended.code == 2
    assert "has .vscode, recipes, .gitignore, seedflow.yaml already" in ended.err
    assert list((shell.folder / "folder").iterdir()) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("build/\n", "build/\n.seedflow/\noutputs/\n"),
        ("build/", "build/\n.seedflow/\noutputs/\n"),
        ("/outputs\n", "/outputs\n.seedflow/\n"),
        (".seedflow\noutputs/\n", ".seedflow\noutputs/\n"),
        ("", ".seedflow/\noutputs/\n"),
    ],
)
def test_lines_are_added_to_a_gitignore_and_none_is_changed(before: str, after: str, shell: Shell) -> None:
    (shell.folder / ".gitignore").write_text(before)
    assert shell.seedflow("init").code == 0
    assert (shell.folder / ".gitignore").read_text() == after
    assert list(IGNORED) == [".seedflow/", "outputs/"]


def test_editor_settings_that_were_there_stay_and_what_to_add_is_told(shell: Shell) -> None:
    (shell.folder / ".vscode").mkdir()
    (shell.folder / ".vscode/settings.json").write_text('{// mine\n"editor.tabSize": 3}')
    ended = shell.seedflow("init")
    assert ended.code == 0
    assert "stays as it is" in ended.out
    assert '"yaml.schemas"' in ended.out
    assert (shell.folder / ".vscode/settings.json").read_text() == '{// mine\n"editor.tabSize": 3}'


def test_odd_places_are_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    home = shell.folder.parent / "home"
    home.mkdir()
    (shell.folder / "file").write_text("")
    for folder, words in (
        (str(home), "every folder below it would belong to it"),
        ("~", "every folder below it would belong to it"),
        ("/", "every folder below it would belong to it"),
        (".seedflow/x", "inside seedflow's own state"),
        (".git/hooks", "inside Git's own files"),
        (str(Path(__file__).parents[3] / "recipes"), "belongs to seedflow itself"),
        (str(Path(__file__).parents[3] / "seedflow/cli"), "belongs to seedflow itself"),
        ("file", "is not a folder"),
        ("file/below", "is not a folder"),
        ("", "FOLDER is empty"),
        ("a\0b", "NUL"),
        ("~nobody-of-this-name", "home that is not known"),
        (os.fsdecode(b"\xff"), "not UTF-8"),
    ):
        ended = shell.seedflow("init", folder)
        assert (ended.code, ended.out) == (2, ""), folder
        assert words in ended.err, folder
        assert "help: " in ended.err
    assert list(home.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_refused(shell: Shell) -> None:
    (shell.folder / "folder").chmod(0o500)
    assert "is not writable" in shell.seedflow("init", "folder").err


def test_a_project_inside_another_one_is_told(shell: Shell) -> None:
    (shell.folder / "seedflow.yaml").write_text("")
    ended = shell.seedflow("init", "inner")
    assert ended.code == 0
    assert ended.err.startswith(f"note: it stands inside the project {shell.folder}")


def test_what_fails_halfway_is_taken_back(tmp_path: Path) -> None:
    """The recipe's place is taken by somebody else after it was looked at."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / ".gitignore").write_text("mine\n")
    project = build_project(folder, {})
    (folder / "recipes").mkdir()
    (folder / RECIPE).write_text("theirs\n")
    with pytest.raises(UsageError, match="nothing was changed"):
        place_project(project)
    assert files_of(folder) == {".gitignore": b"mine\n", RECIPE: b"theirs\n"}
    assert not (folder / ".vscode").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
import seedflow.cli.project_files as files
count = int(sys.argv[1])
fsync = os.fsync
def kill_at(number):
    global count
    count -= 1
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(number)
os.fsync = kill_at
from seedflow.cli.main import run
sys.exit(run(["init", "book"]))
"""


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_killed_one_is_finished_by_the_next(count: int, shell: Shell) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(count)], cwd=shell.folder, capture_output=True, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL
    assert RECIPE not in files_of(shell.folder / "book")
    assert shell.seedflow("init", "book").code == 0
    assert set(files_of(shell.folder / "book")) == FILES
