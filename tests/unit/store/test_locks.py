"""Locks are the kernel's: held while their process lives, free the moment it dies, and never believed by age."""

import fcntl
import os
import signal
import threading

import pytest

from seedflow.errors import StoreError
from seedflow.store import locks
from seedflow.store.locks import KernelLock, RunLocks, probe_locks

HOLD = """
from seedflow.store.locks import KernelLock, RunLocks
if sys.argv[2] == "write":
    KernelLock(root).acquire(5)
else:
    held = RunLocks(root)
    held.acquire("run-1")
wait_for_line()
"""


def test_a_second_holder_is_kept_out_until_the_first_lets_go(tmp_path):
    first, second = KernelLock(tmp_path / "a.lock"), KernelLock(tmp_path / "a.lock")
    with first.holding():
        assert not second.try_acquire()
    assert second.try_acquire()
    second.close()
    first.close()


def test_whoever_waits_gets_the_lock(tmp_path):
    first, second = KernelLock(tmp_path / "a.lock"), KernelLock(tmp_path / "a.lock")
    first.acquire(1)
    waiting = threading.Thread(target=second.acquire, args=(30,))
    waiting.start()
    first.release()
    waiting.join(30)
    assert not first.try_acquire()
    first.close()
    second.close()


def test_waiting_ends_with_a_clear_word(tmp_path):
    first, second = KernelLock(tmp_path / "a.lock"), KernelLock(tmp_path / "a.lock")
    first.acquire(1)
    with pytest.raises(StoreError, match="held by another process") as caught:
        second.acquire(0.01)
    assert caught.value.kind == "busy"
    first.close()
    second.close()


def test_a_deleted_lock_file_is_made_again_so_that_it_keeps_excluding(tmp_path):
    first, second = KernelLock(tmp_path / "a.lock"), KernelLock(tmp_path / "a.lock")
    first.acquire(1)
    first.release()
    (tmp_path / "a.lock").unlink()
    assert second.try_acquire()
    assert not first.try_acquire()
    first.close()
    second.close()


def test_a_symbolic_link_is_no_lock_file(tmp_path):
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / "a.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        KernelLock(tmp_path / "a.lock").try_acquire()


def test_lock_files_are_private(tmp_path):
    lock = KernelLock(tmp_path / "a.lock")
    lock.acquire(1)
    assert (tmp_path / "a.lock").stat().st_mode & 0o777 == 0o600
    lock.close()


def test_death_frees_the_write_lock(tmp_path, processes):
    processes.root = tmp_path / "a.lock"
    holder = processes.start(HOLD, "write")
    assert holder.stdout.readline() == "ready\n"
    lock = KernelLock(tmp_path / "a.lock")
    assert not lock.try_acquire()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert lock.try_acquire()
    lock.close()


def test_a_run_lives_as_long_as_its_process_however_old_its_file(tmp_path, processes):
    processes.root = tmp_path
    holder = processes.start(HOLD, "run")
    assert holder.stdout.readline() == "ready\n"
    os.utime(tmp_path / "run-run-1.lock", (0, 0))
    here = RunLocks(tmp_path)
    assert here.is_alive("run-1")
    assert here.remove_dead() == ()
    with pytest.raises(ValueError, match="lives already"):
        here.acquire("run-1")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run-run-1.lock").exists()
    assert not here.is_alive("run-1")
    assert here.remove_dead() == ("run-1",)
    assert not (tmp_path / "run-run-1.lock").exists()


def test_a_run_that_ended_leaves_no_file(tmp_path):
    here = RunLocks(tmp_path)
    here.acquire("run-1")
    assert here.mine == ("run-1",)
    here.release("run-1")
    here.release("run-1")
    assert list(tmp_path.iterdir()) == []
    assert not here.is_alive("run-1")


def test_a_run_id_that_would_leave_the_folder_is_nobody(tmp_path):
    assert not RunLocks(tmp_path).is_alive("../../etc/passwd")


def test_a_forked_child_neither_keeps_nor_frees_its_parents_lock(tmp_path):
    lock = KernelLock(tmp_path / "a.lock")
    lock.acquire(1)
    to_parent, from_child = os.pipe()
    go_on, tell = os.pipe()
    child = os.fork()
    if not child:
        os.write(from_child, b"1" if KernelLock(tmp_path / "a.lock").try_acquire() else b"0")
        os.read(go_on, 1)
        os._exit(0)
    other = KernelLock(tmp_path / "a.lock")
    try:
        assert os.read(to_parent, 1) == b"0", "the parent still holds it"
        lock.close()
        assert other.try_acquire(), "the child, still there, does not"
    finally:
        other.close()
        os.write(tell, b"x")
        os.waitpid(child, 0)
        for descriptor in (to_parent, from_child, go_on, tell):
            os.close(descriptor)


def test_a_file_system_whose_locks_exclude_nobody_is_refused(tmp_path, monkeypatch):
    probe_locks(tmp_path / "a.lock")
    monkeypatch.setattr(locks, "_try_flock", lambda *_: True)
    with pytest.raises(StoreError) as caught:
        probe_locks(tmp_path / "a.lock")
    assert caught.value.kind == "no-locks"


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(38, os.strerror(38))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError) as caught:
        probe_locks(tmp_path / "a.lock")
    assert caught.value.kind == "no-locks"
