"""What the system refuses, in words that say what to do and where."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
from pathlib import Path

import pytest

from seedflow.errors import StoreError
from seedflow.store.failures import disk_errors, explain_os_error


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_too_few_files_are_no_fault_of_the_disk(tmp_path: Path, number: int) -> None:
    error = explain_os_error(OSError(number, os.strerror(number), str(tmp_path)), tmp_path)
    assert error.help is not None
    assert "ulimit -n" in error.help
    assert "the disk" not in error.help


def test_sqlite_calls_too_few_files_by_another_name(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "a.db").close()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(StoreError) as caught, disk_errors(tmp_path / "a.db"):
            sqlite3.connect(tmp_path / "a.db")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "too many open files" in caught.value.message
    assert "ulimit -n" in (caught.value.help or "")


def test_what_is_to_be_made_writable_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "locks/ledger.lock"
    error = explain_os_error(PermissionError(errno.EACCES, "Permission denied", str(lock)), tmp_path)
    assert error.kind == "read-only"
    assert error.help == f"make the folder {lock.parent} writable for this user and run again"
    error = explain_os_error(OSError(errno.EROFS, "Read-only file system", str(lock)), tmp_path)
    assert error.help == "make the disk writable, or name another folder with SEEDFLOW_HOME"
