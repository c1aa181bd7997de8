"""What `verify` says to people: damage one by one, notes once for each kind, and the end of it truly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from seedflow.cli.verify import ADVICE
from seedflow.store.findings import NOTES
from tests.golden.harness import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A project with a stored result."""
    shell = Shell(tmp_path / "project", monkeypatch)
    (shell.folder / "one.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {prompt: One}}}\n")
    assert shell.seedflow("run", "one.yaml").code == 0
    return shell


def test_every_kind_of_note_says_what_to_do() -> None:
    assert set(ADVICE) == NOTES


def test_notes_of_one_kind_are_told_once_with_the_first_few_names(shell: Shell) -> None:
    for number in range(5):
        odd = shell.folder / ".seedflow" / f"odd{number}"
        odd.write_text("mine")
        odd.chmod(0o600)
    ended = shell.seedflow("verify")
    assert ended.code == 0
    assert ended.out.count("seedflow did not put it there") == 1
    lines = [line.strip() for line in ended.out.splitlines()]
    assert [line for line in lines if line.startswith("odd")] == ["odd0", "odd1", "odd2"]
    assert "unknown-file: 5" in lines
    assert "and 2 more; --json lists all" in lines
    assert len(json.loads(shell.seedflow("verify", "--json").out)["findings"]) == 5


def test_of_a_ledger_that_cannot_be_read_at_all_no_repair_is_promised(shell: Shell) -> None:
    for path in (shell.folder / ".seedflow").glob("ledger.db*"):
        path.write_bytes(b"")
    looked = shell.seedflow("verify")
    text = " ".join(looked.out.split())
    assert looked.code == 3
    assert "Restore ledger.db from a backup" in text
    assert text.endswith("Nothing can be mended here before ledger.db is restored: see above.")
    assert "--repair` moves" not in text
    repaired = shell.seedflow("verify", "--repair")
    assert (repaired.code, "nothing was changed" in repaired.err) == (3, True)


def test_a_picture_that_is_gone_is_brought_back_by_a_run_and_perhaps_by_consent_alone(shell: Shell) -> None:
    (picture,) = (shell.folder / ".seedflow/blobs/sha256").glob("*/*")
    picture.unlink()
    shutil.rmtree(shell.folder / "outputs", ignore_errors=True)
    text = " ".join(shell.seedflow("verify", "--repair").out.split())
    assert "Run the recipe again to have what is missing, with --on-unknown retry where" in text


def test_a_repair_that_lost_calls_does_not_say_that_all_is_whole(shell: Shell) -> None:
    import sqlite3

    ledger = shell.folder / ".seedflow/ledger.db"
    connection = sqlite3.connect(ledger)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    pages = [
        connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]
        for name in ("attempts", "attempts_by_request", "requests")
    ]
    connection.close()
    with ledger.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\x5a" * size)
    looked = " ".join(shell.seedflow("verify").out.split())
    assert "1 cannot (number 1): whether they were paid, and for what, can no longer be told" in looked
    ended = shell.seedflow("verify", "--repair")
    assert ended.code == 3
    assert "lost: 1 call cannot be read (number 1)" in ended.out
    assert "is whole" not in ended.out
    assert "A good backup of ledger.db" in ended.out
    assert shell.seedflow("gc", "--yes").out.startswith("Nothing to remove.")
