"""Doctor's problems, each caused for real: by the environment, by the disk, by how PyYAML was built."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import seedflow.text.events
from tests.golden.harness import Shell

ACCOUNT = {"CLOUDFLARE_ACCOUNT_ID": "a" * 32, "CLOUDFLARE_API_TOKEN": "a-token"}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "project", monkeypatch)


def examine(shell: Shell) -> tuple[int, dict[str, Any], list[str]]:
    ended = shell.seedflow("doctor", "--json")
    data = json.loads(ended.out)
    for found in data["diagnostics"]:
        assert found["help"], found
    return ended.code, data, [found["code"] for found in data["diagnostics"]]


def test_an_empty_project_can_sketch_and_cannot_pay(shell: Shell) -> None:
    code, data, codes = examine(shell)
    assert (code, codes) == (0, [])
    assert data["sketch"]["ready"]
    assert data["paid"]["missing"] == ["CLOUDFLARE_ACCOUNT_ID is not set", "CLOUDFLARE_API_TOKEN is not set"]
    assert (data["state"]["exists"], data["state"]["writable"], data["state"]["has_locks"]) == (
        False,
        True,
        True,
    )
    assert not (shell.folder / ".seedflow").exists()


@pytest.mark.parametrize("name", ["", "blobs", "blobs/sha256", "blobs/incoming", "locks", "runs"])
def test_a_file_where_a_folder_of_the_state_belongs(shell: Shell, name: str) -> None:
    (shell.folder / "one.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {prompt: One}}}\n")
    assert shell.seedflow("run", "one.yaml").code == 0
    place = shell.folder / ".seedflow" / name
    shutil.rmtree(place)
    place.write_text("mine")
    code, data, codes = examine(shell)
    assert (code, codes, data["sketch"]["ready"]) == (2, ["unusable-state"], False)
    assert "found a file" in data["diagnostics"][0]["message"]
    help_ = data["diagnostics"][0]["help"]
    assert "move" in help_
    assert "link" not in help_
    assert shell.seedflow("run", "one.yaml", "--reroll", "a").code == 3
    place.unlink()
    assert shell.seedflow("run", "one.yaml").code == 0, "moving it away is all that it takes"


def test_a_whole_account_is_ready_to_be_tried(shell: Shell) -> None:
    for name, value in {**ACCOUNT, "CLOUDFLARE_GATEWAY_ID": "default"}.items():
        shell.set_env(name, value)
    code, data, codes = examine(shell)
    assert (code, codes) == (0, [])
    assert data["paid"] == {"ready": True, "missing": []}
    assert (data["provider"]["name"], data["provider"]["realm"]) == ("cloudflare", "cloudflare")
    token = next(row for row in data["settings"] if row["name"] == "provider.api_token")
    assert token["place"] == "CLOUDFLARE_API_TOKEN"
    assert "a-token" not in json.dumps(data)


def test_no_gateway(shell: Shell) -> None:
    for name, value in ACCOUNT.items():
        shell.set_env(name, value)
    assert examine(shell)[2] == ["no-gateway"]


def test_half_an_account(shell: Shell) -> None:
    shell.set_env("CLOUDFLARE_ACCOUNT_ID", "a" * 32)
    code, data, codes = examine(shell)
    assert (code, codes) == (2, ["half-an-account"])
    assert data["provider"]["name"] is None
    assert data["paid"]["missing"] == ["CLOUDFLARE_API_TOKEN is not set"]


def test_a_state_that_exists_is_measured(shell: Shell) -> None:
    (shell.folder / "one.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {prompt: One}}}\n")
    assert shell.seedflow("run", "one.yaml").code == 0
    state = examine(shell)[1]["state"]
    assert (state["exists"], state["readable"], state["pictures"]) == (True, True, 1)
    assert state["size_bytes"] > (shell.folder / "outputs/sketch/one/a.jpg").stat().st_size


def test_a_state_of_a_newer_seedflow_is_not_touched(shell: Shell) -> None:
    (shell.folder / "one.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {prompt: One}}}\n")
    shell.seedflow("run", "one.yaml")
    (shell.folder / ".seedflow" / "VERSION").write_text("99\n")
    code, data, codes = examine(shell)
    assert (code, codes) == (2, ["unusable-state"])
    assert "format 99" in data["sketch"]["missing"][0]
    assert not data["paid"]["ready"]


@pytest.mark.parametrize("what", ["file", "link", "strangers"])
def test_a_folder_that_cannot_be_the_state(what: str, shell: Shell) -> None:
    place = shell.folder / ".seedflow"
    if what == "file":
        place.write_text("words")
    elif what == "link":
        place.symlink_to(shell.folder / "folder")
    else:
        place.mkdir()
        (place / "letters.txt").write_text("mine")
    code, data, codes = examine(shell)
    assert (code, codes) == (2, ["unusable-state"])
    assert not data["sketch"]["ready"]


def test_outputs_that_are_a_file(shell: Shell) -> None:
    (shell.folder / "outputs").write_text("words")
    code, _, codes = examine(shell)
    assert (code, codes) == (2, ["unusable-outputs"])


def test_outputs_inside_of_the_state(shell: Shell) -> None:
    (shell.folder / "seedflow.yaml").write_text("outputs: {folder: .seedflow/blobs}\n")
    code, data, codes = examine(shell)
    assert (code, codes) == (2, ["unusable-outputs"])
    assert "it belongs to the state" in data["diagnostics"][0]["message"]
    (shell.folder / "one.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {prompt: One}}}\n")
    assert shell.seedflow("run", "one.yaml").code == 2


def test_without_libyaml(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(seedflow.text.events.yaml, "_yaml")
    code, data, codes = examine(shell)
    assert (code, codes) == (0, ["no-libyaml"])
    assert data["versions"]["libyaml"] is None


def test_errors_in_settings_are_shown_once_and_stop_paid_runs_only(shell: Shell) -> None:
    for name, value in ACCOUNT.items():
        shell.set_env(name, value)
    (shell.folder / "seedflow.yaml").write_text("budgt: {}\n")
    ended = shell.seedflow("doctor")
    assert ended.code == 2
    assert ended.err.count("[unknown-setting]") == 1
    assert "A paid run would not: a settings file has errors." in ended.out


def test_it_opens_no_socket_and_changes_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*words: object, **more: object) -> None:
        raise AssertionError("a socket was opened")

    before = sorted(str(path) for path in shell.folder.rglob("*"))
    monkeypatch.setattr(socket, "socket", refuse)
    assert examine(shell)[0] == 0
    assert sorted(str(path) for path in shell.folder.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable(shell: Shell) -> None:
    shell.folder.chmod(0o555)
    try:
        assert set(examine(shell)[2]) == {"unusable-state", "unusable-outputs"}
    finally:
        shell.folder.chmod(0o755)
