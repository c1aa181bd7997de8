"""The state folder: made whole or not at all, private, and left alone when it is not ours to touch."""

import os
import shutil
import sqlite3
import stat
import subprocess

import pytest

from seedflow.errors import StoreError
from seedflow.store import state
from seedflow.store.local import open_store
from seedflow.store.schema import SCHEMA_VERSION
from seedflow.store.view import open_view


def listing(folder):
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def test_a_new_state_has_its_layout_and_is_private(root):
    previous = os.umask(0)
    try:
        open_store(root).close()
    finally:
        os.umask(previous)
    assert {path.name for path in root.iterdir()} == {
        "VERSION",
        "ledger.db",
        "blobs",
        "runs",
        "paid-runs",
        "locks",
        ".gitignore",
    }
    assert (root / "VERSION").read_text() == "1\n"
    assert (root / ".gitignore").read_text().endswith("\n*\n")
    for path in (root, *root.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_an_open_mode_of_an_existing_empty_folder_is_closed(root):
    root.mkdir(mode=0o755)
    open_store(root).close()
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


def test_git_sees_nothing_of_the_state(root, store, tools):
    tools.finish(store, "run-1")
    git = ["git", "-C", str(root.parent)]
    subprocess.run([*git, "init", "-q"], check=True)
    assert subprocess.run([*git, "status", "--short"], check=True, capture_output=True).stdout == b""


@pytest.mark.parametrize("opens", [open_store, open_view])
def test_a_newer_format_is_refused_untouched(root, opens):
    open_store(root).close()
    (root / "VERSION").write_text("2\n")
    shutil.rmtree(root / "runs")
    before = listing(root)
    with pytest.raises(StoreError, match="format 2") as caught:
        opens(root)
    assert caught.value.kind == "newer"
    assert listing(root) == before


@pytest.mark.parametrize("opens", [open_store, open_view])
def test_a_newer_schema_is_refused_and_its_data_untouched(root, opens):
    open_store(root).close()
    with sqlite3.connect(root / "ledger.db") as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = (root / "ledger.db").read_bytes()
    files = sorted(root.iterdir())
    with pytest.raises(StoreError, match=f"schema {SCHEMA_VERSION + 1}") as caught:
        opens(root)
    assert caught.value.kind == "newer"
    assert (root / "ledger.db").read_bytes() == before
    assert sorted(root.iterdir()) == files


@pytest.mark.parametrize("text", ["", "x\n", "-1\n", "1.5\n", "²\n", "0\n", "9" * 40])
def test_a_version_that_is_no_number_is_said_to_be_damaged(root, text):
    open_store(root).close()
    (root / "VERSION").write_text(text)
    with pytest.raises(StoreError, match=r"VERSION|format") as caught:
        open_store(root)
    assert caught.value.kind in ("damaged", "newer")


@pytest.mark.parametrize("name", ["VERSION", "ledger.db", "blobs", "runs", "locks", ".gitignore"])
@pytest.mark.parametrize("opens", [open_store, open_view])
def test_a_symbolic_link_in_the_state_is_refused(root, tmp_path, name, opens):
    open_store(root).close()
    (root / name).rename(tmp_path / "moved")
    (root / name).symlink_to(tmp_path / "moved")
    with pytest.raises(StoreError) as caught:
        opens(root)
    assert caught.value.kind == "unsafe"


@pytest.mark.parametrize("opens", [open_store, open_view])
def test_a_symbolic_link_to_a_state_is_refused_and_its_target_left_alone(root, tmp_path, opens):
    (tmp_path / "target").mkdir()
    root.symlink_to(tmp_path / "target")
    with pytest.raises(StoreError) as caught:
        opens(root)
    assert caught.value.kind == "unsafe"
    assert list((tmp_path / "target").iterdir()) == []


def test_a_file_where_a_folder_should_be_is_refused(root):
    open_store(root).close()
    shutil.rmtree(root / "blobs")
    (root / "blobs").write_text("")
    with pytest.raises(StoreError) as caught:
        open_store(root)
    assert caught.value.kind == "unsafe"


def test_somebody_elses_folder_is_not_made_a_state(root):
    root.mkdir()
    (root / "thesis.txt").write_text("years of work")
    mode = root.stat().st_mode
    with pytest.raises(StoreError, match=r"thesis\.txt") as caught:
        open_store(root)
    assert caught.value.kind == "unsafe"
    assert (root.stat().st_mode, sorted(root.iterdir())) == (mode, [root / "thesis.txt"])


def test_a_half_made_state_is_completed(root):
    """Whatever a maker that was killed had done already; the order of its steps is the order of this list."""
    names = ["VERSION", ".gitignore", "ledger.db", "paid-runs", "runs", "blobs", "locks"]
    for missing in range(1, len(names) + 1):
        open_store(root).close()
        for name in names[:missing]:
            path = root / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        (root / "VERSION.123.new").write_text("torn")
        open_store(root).close()
        assert {path.name for path in root.iterdir()} == set(names)
        assert (root / "VERSION").read_text() == "1\n"


def test_an_empty_ledger_file_of_a_killed_maker_is_completed(root):
    root.mkdir()
    (root / "ledger.db").touch()
    open_store(root).close()
    with open_view(root) as view:
        assert not view.has_result("x", "y", 1)


@pytest.mark.parametrize("opens", [open_store, open_view])
@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"not a database" * 1000), "not a database"),
        (lambda path: path.write_bytes(path.read_bytes()[:4096]), "malformed|lacks|damaged"),
    ],
)
def test_a_damaged_ledger_is_said_exactly_and_never_replaced(root, damage, word, opens):
    open_store(root).close()
    damage(root / "ledger.db")
    before = (root / "ledger.db").read_bytes() if (root / "ledger.db").exists() else None
    with pytest.raises(StoreError, match=word) as caught:
        opens(root)
    assert caught.value.kind == "damaged"
    assert "ledger.db" in caught.value.message
    assert caught.value.help
    assert ((root / "ledger.db").read_bytes() if (root / "ledger.db").exists() else None) == before


@pytest.mark.parametrize("opens", [open_store, open_view])
@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("DROP TABLE past_requests", "lacks table past_requests"),
        ("CREATE TRIGGER gift AFTER INSERT ON attempts BEGIN DELETE FROM spending; END", "has trigger gift"),
        ("PRAGMA application_id = 7", "not a seedflow ledger"),
    ],
)
def test_a_ledger_with_other_tables_is_not_ours(root, statement, word, opens):
    open_store(root).close()
    with sqlite3.connect(root / "ledger.db") as connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(StoreError, match=word) as caught:
        opens(root)
    assert caught.value.kind == "damaged"


def test_a_foreign_database_in_a_new_state_is_not_written(root):
    root.mkdir()
    with sqlite3.connect(root / "ledger.db") as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = (root / "ledger.db").read_bytes()
    with pytest.raises(StoreError, match="not a seedflow ledger"):
        open_store(root)
    assert (root / "ledger.db").read_bytes() == before


def test_what_sqlite_leaves_while_another_process_makes_the_ledger_is_not_foreign(root):
    root.mkdir()
    (root / "ledger.db-journal").touch()
    open_store(root).close()
    assert (root / "VERSION").is_file()


def test_many_processes_make_one_state(root, processes):
    script = """
wait_for_line()
store = open_store(root)
store.begin_run(sys.argv[2], "r", "sketch")
store.end_run(sys.argv[2], "done")
store.close()
"""
    makers = [processes.start(script, f"run-{number}") for number in range(4)]
    for maker in makers:
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        maker.stdin.write("\n")
        maker.stdin.flush()
    for maker in makers:
        assert maker.wait(60) == 0, maker.stderr.read()
    with sqlite3.connect(root / "ledger.db") as connection:
        assert connection.execute("SELECT count(*), count(ended_at) FROM runs").fetchone() == (4, 4)
    connection.close()


@pytest.mark.parametrize("kind", ["nfs4", "nfs", "cifs", "smb3", "fuse.sshfs"])
def test_a_network_file_system_is_refused_before_anything_is_made(root, tmp_path, monkeypatch, kind):
    device = root.parent.stat().st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"36 35 {os.major(device)}:{os.minor(device)} / /mnt rw,noatime master:1 - {kind} server:/x rw\n"
    )
    monkeypatch.setattr(state, "_MOUNTS", mounts)
    with pytest.raises(StoreError, match=kind) as caught:
        open_store(root)
    assert caught.value.kind == "no-locks"
    assert not root.exists()


def test_a_local_file_system_is_named_as_the_kernel_does(tmp_path):
    assert state.find_file_system(tmp_path) not in (None, "")


def test_the_folders_above_are_made_too(tmp_path):
    open_store(tmp_path / "a" / "b" / "state").close()
    assert (tmp_path / "a" / "b" / "state" / "VERSION").exists()
