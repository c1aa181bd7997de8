"""What `seedflow list` looks into, and paths that no file can have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seedflow.cli.list_recipes import find_recipes
from seedflow.cli.main import run

RECIPE = "seedflow: 1\nsteps:\n  fox: {generate: {prompt: A fox}}\n"


@pytest.mark.timeout(20)
def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "fox.yaml").write_text(RECIPE)
    (tmp_path / "recipes" / "owl.yml").write_text(RECIPE)
    (tmp_path / "notes.yaml").write_text("notes: [a, b]\n")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")  # whoever opens it waits for somebody to write
    assert find_recipes(tmp_path, lambda path, _: pytest.fail(f"{path} was not read")) == [
        Path("fox.yaml"),
        Path("recipes/owl.yml"),
    ]


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        (f"\ufeff{RECIPE}", True),
        (f"# A fox.\n---\n{RECIPE}", True),
        (RECIPE.replace("seedflow:", '"seedflow":'), True),
        (RECIPE.replace("seedflow:", "seedflow :"), True),
        ("{seedflow: 1, steps: {fox: {generate: {prompt: A fox}}}}\n", True),
        ('{\n  "name": "fox", "seedflow": 1,\n  "steps": {}\n}\n', True),
        ("services:\n  seedflow: {image: some/image}\n", False),
        ("{services: {notseedflow: {}}}\n", False),
        ("# seedflow: 1\nname: notes\n", False),
        ("", False),
    ],
)
def test_what_is_written_as_yaml_allows_is_listed(tmp_path: Path, text: str, listed: bool) -> None:
    (tmp_path / "fox.YAML").write_text(text)
    found = find_recipes(tmp_path, lambda path, _: pytest.fail(f"{path} was not read"))
    assert found == [Path("fox.YAML")] * listed


@pytest.mark.parametrize("shut", ["recipes", "recipes/owl.yaml"])
def test_what_cannot_be_read_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shut: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recipes").mkdir()
    Path("fox.yaml").write_text(RECIPE)
    Path("recipes/owl.yaml").write_text(RECIPE)
    (list_all, open_file) = (os.listdir, Path.open)

    def refuse(path: object) -> None:
        if Path(str(path)).resolve() == (tmp_path / shut).resolve():
            raise PermissionError(13, "Permission denied", str(path))

    def list_some(path: str) -> list[str]:
        refuse(path)
        return list_all(path)

    def open_some(path: Path, *args: object, **named: object) -> object:
        refuse(path)
        return open_file(path, *args, **named)  # type: ignore[call-overload] # as they came

    monkeypatch.setattr(os, "listdir", list_some)
    monkeypatch.setattr(Path, "open", open_some)
    assert run(["list"]) == 0
    told = capsys.readouterr()
    assert told.err == f"warning: {shut} cannot be read, and what is in it is not listed: Permission denied\n"
    assert "fox.yaml" in told.out
    assert "owl" not in told.out


LONG = "x" * 300


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", LONG], 2),
        (["check", f"{LONG}.yaml"], 1),
        (["show", "x" * 5000], 2),
        (["check", "uses.yaml"], 1),
        (["graph", "fox.yaml", "-o", f"{LONG}.mmd"], 2),
        (["emulate", "--serve", f"https://example.com/a.jpg={LONG}"], 2),
    ],
)
def test_a_name_that_no_file_can_have_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fox.yaml").write_text(RECIPE)
    Path("uses.yaml").write_text(f"seedflow: 1\nsteps: {{a: {{recipe: {LONG}}}}}\n")
    assert run(arguments) == code
    told = capsys.readouterr().err
    assert "error:" in told
    assert "help: " in told
    assert "Traceback" not in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root looks everywhere")
def test_a_folder_that_may_not_be_looked_into_is_told(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "fox.yaml").write_text(RECIPE)
    (tmp_path / "shut").chmod(0o600)
    try:
        assert run(["check", str(tmp_path / "shut" / "fox.yaml")]) == 1
        assert (
            run(["graph", str(tmp_path / "shut" / "fox.yaml"), "-o", str(tmp_path / "shut" / "a.mmd")]) == 2
        )
    finally:
        (tmp_path / "shut").chmod(0o700)
