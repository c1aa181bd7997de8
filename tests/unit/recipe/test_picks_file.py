"""Changing a picks file on disk: durable, whole or not at all, and no run loses what another one wrote."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from seedflow.errors import StoreError
from seedflow.recipe import picks_file
from seedflow.recipe.picks import Picks, load_picks
from seedflow.recipe.picks_file import locate_picks, locate_shipped_picks, require_writable, update_picks

REPOSITORY = Path(__file__).parents[3]
FOX = "request/1:" + "a" * 64


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fox.picks.yaml"


def add(path, address="fox", take=2):
    return update_picks(path, lambda picks: picks.with_take("sketch", address, take, FOX))


def takes(path):
    picks, found = load_picks(path)
    assert found == []
    return {address: pick.take for address, pick in picks.takes.get("sketch", {}).items()}


def test_it_lies_beside_the_recipe_and_for_a_shipped_one_in_the_project(tmp_path):
    assert locate_picks(tmp_path / "fox.yaml") == tmp_path / "fox.picks.yaml"
    assert locate_picks(tmp_path / "fox.v2.yml") == tmp_path / "fox.v2.picks.yaml"
    shipped = locate_shipped_picks("fox", tmp_path)
    assert shipped.parent == tmp_path
    assert shipped != locate_picks(tmp_path / "fox.yaml"), "a recipe of one's own may have the same name"


def test_a_take_is_there_after_it_was_written_and_nothing_else_is(path):
    picks, found = add(path)
    assert (picks.find_take("sketch", "fox", FOX), found) == (2, [])
    add(path, "owl", 3)
    assert takes(path) == {"fox": 2, "owl": 3}
    assert list(path.parent.iterdir()) == [path]
    update_picks(path, lambda picks: picks.without_take("sketch", "fox"))
    assert takes(path) == {"owl": 3}


def test_it_has_the_permissions_of_any_file_here_and_keeps_those_that_it_has(path):
    before = os.umask(0o022)
    try:
        add(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o600)
    add(path, "owl")
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_to_change_writes_nothing(path):
    update_picks(path, lambda picks: picks.without_take("sketch", "fox"))
    assert not path.exists()
    add(path)
    before = path.stat()
    add(path)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    "text", ["seedflow_picks: 2\n", "takes: [", "seedflow_picks: 1\ntakes: {sketch: 2}\n", "\0"]
)
def test_a_file_with_errors_is_reported_and_not_touched(path, text):
    path.write_text(text)
    picks, found = add(path)
    assert (picks, len(found)) == (Picks(), 1)
    assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_a_take_cannot_be_added_to_is_reported_and_not_touched(path):
    text = "seedflow_picks: 1\n...\n"
    path.write_text(text)
    picks, found = add(path)
    assert (picks.takes, [problem.code for problem in found]) == ({}, ["wrong-picks"])
    assert path.read_text() == text


def test_threads_do_not_lose_each_others_takes(path):
    threads = [Thread(target=add, args=(path, f"task-{number}", number + 1)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert takes(path) == {f"task-{number}": number + 1 for number in range(12)}


PRELUDE = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
from seedflow.recipe import picks_file
from seedflow.recipe.picks_file import update_picks
path = Path(sys.argv[1])
def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)
def add(address):
    update_picks(path, lambda picks: picks.with_take("sketch", address, 2, "request/1:b"))
"""


def start(script, path, *words):
    return subprocess.Popen([sys.executable, "-c", PRELUDE + script, str(path), *words])


def test_processes_do_not_lose_each_others_takes(path):
    writers = [
        start("for number in range(20): add(f'{sys.argv[2]}-{number}')", path, name)
        for name in ("a", "b", "c")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert set(takes(path)) == {f"{name}-{number}" for name in ("a", "b", "c") for number in range(20)}


@pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
@pytest.mark.parametrize(
    ("point", "written"),
    [
        ("picks_file.KernelLock = die", False),
        ("picks_file.load_picks = die", False),
        ("picks_file.open_private = die", False),
        ("picks_file.write_all = lambda fd, data: (os.write(fd, data[:7]), die())", False),
        ("picks_file.sync_descriptor = die", False),
        ("Path.replace = die", False),
        ("picks_file.sync_folder = die", True),
    ],
)
def test_killed_while_writing_the_file_is_the_old_or_the_new_one_and_the_next_run_goes_on(
    path, there, point, written
):
    if there:
        add(path)
    killed = start(f"{point}\nadd('owl')", path)
    assert killed.wait(60) == -signal.SIGKILL
    old = {"fox": 2} if there else {}
    assert takes(path) == (old | {"owl": 2} if written else old)
    add(path, "bear")
    assert takes(path) == (old | {"owl": 2, "bear": 2} if written else old | {"bear": 2})
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.EROFS, "read-only"), (errno.EACCES, "read-only"), (errno.ENOSPC, "disk-full")]
)
def test_a_disk_that_refuses_is_said_to_and_the_file_is_as_it_was(path, monkeypatch, code, kind):
    add(path)
    before = path.read_text()

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(picks_file, "write_all", refuse)
    with pytest.raises(StoreError, match="the current takes cannot be written here") as caught:
        add(path, "owl")
    assert caught.value.kind == kind
    assert caught.value.help
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]


def test_what_could_not_be_written_is_known_before_anything_is_paid(path, monkeypatch):
    require_writable(path)
    assert not path.exists()
    add(path)
    require_writable(path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreError) as caught:
        require_writable(path)
    assert caught.value.kind == "read-only"
    assert "copy the recipe" in caught.value.help


def test_a_symbolic_link_is_not_followed_out_of_the_project(tmp_path, path):
    target = tmp_path / "elsewhere.yaml"
    target.write_text("seedflow_picks: 1\n")
    path.symlink_to(target)
    for refused in (lambda: add(path), lambda: require_writable(path)):
        with pytest.raises(StoreError) as caught:
            refused()
        assert caught.value.kind == "unsafe"
    assert target.read_text() == "seedflow_picks: 1\n"


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    path = tmp_path / "no" / "fox.picks.yaml"
    for refused in (lambda: add(path), lambda: require_writable(path)):
        with pytest.raises(StoreError) as caught:
            refused()
        assert caught.value.kind == "missing"
