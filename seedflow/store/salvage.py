"""A damaged ledger, rebuilt: every row that can still be read goes into a new file, and the old one goes aside.

Which rows those are is the business of `salvage_rows`; here they come into a file, and the file into its place.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.store.cut_short import drop_rebuilt
from seedflow.store.durable import FILE_MODE, make_folder, open_private, sync_descriptor, sync_folder
from seedflow.store.failures import disk_errors
from seedflow.store.ledger import check_ledger
from seedflow.store.locks import KernelLock, RunLocks
from seedflow.store.salvage_rows import Saved, copy_tables
from seedflow.store.salvage_schema import give_schema, needs_schema
from seedflow.store.schema import create_schema
from seedflow.store.state import StateFolder

_SIDES: Final = ("ledger.db-wal", "ledger.db-shm", "ledger.db-journal")
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_MOST_PADDED_BYTES: Final = 1 << 40
"""What a header says is no more to be trusted than the rest of a damaged file."""


def finish_salvage(folder: StateFolder) -> list[str]:
    """Put a rebuilt ledger into its place, where a repair was killed between the last two steps.

    Raises:
        StoreError: the disk refuses.
    """
    ready = folder.ledger_rebuilt
    if not ready.exists():
        return []
    lock = KernelLock(folder.write_lock)
    try:
        with disk_errors(folder.root), lock.holding():
            drop_rebuilt(folder)  # the old ledger is whole yet: it is rebuilt once more
            if not ready.exists():
                return []
            _put_in_place(folder, _find_aside(folder) or make_aside(folder))
    finally:
        lock.close()
    return ["finished a repair that was cut short"]


def salvage_ledger(folder: StateFolder) -> tuple[list[str], list[str]]:
    """Rebuild the ledger from what can be read of it.

    Returns:
        What was done, where the old file is included, and what is lost.

    Raises:
        StoreError: (`busy`) a run is at work; (`damaged`) nothing can be read at all, and nothing was changed.
    """
    lock = KernelLock(folder.write_lock)
    try:
        with disk_errors(folder.root), lock.holding():
            living = RunLocks(folder.locks).list_living()
            if living:
                raise StoreError(
                    f"{folder.ledger}: the ledger has to be rebuilt, and {living[0]} is at work",
                    kind="busy",
                    help="let it end, then repair again",
                )
            return _rebuild(folder)
    finally:
        lock.close()


def preview_salvage(folder: StateFolder) -> Saved | None:
    """What a rebuilding would save, without a change to the state: None when not a row can be read.

    Raises:
        StoreError: that cannot be found out here.
    """
    with disk_errors(folder.root), tempfile.TemporaryDirectory(prefix="seedflow-") as place:
        fresh = Path(place, "ledger.db")
        os.close(open_private(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL))
        return _copy(folder, fresh, keep=False)


def _rebuild(folder: StateFolder) -> tuple[list[str], list[str]]:
    if not folder.ledger.is_file() or not folder.ledger.stat().st_size:
        raise _nothing(folder)
    fresh = folder.root / f"ledger.db.{os.getpid()}.new"
    with Step.SALVAGE_FILE:
        fresh.unlink(missing_ok=True)
        os.close(open_private(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    try:
        saved = _copy(folder, fresh, keep=True)
        if saved is None:
            raise _nothing(folder)
        fresh.chmod(FILE_MODE)
        descriptor = open_private(fresh, os.O_RDWR)
        try:
            with Step.SALVAGE_SYNC:
                sync_descriptor(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        for path in folder.root.glob(f"{fresh.name}*"):
            path.unlink(missing_ok=True)
        raise
    aside = make_aside(folder)
    with Step.SALVAGE_READY:
        fresh.replace(folder.ledger_rebuilt)
    _put_in_place(folder, aside)
    actions = [*saved.list_actions(), f"kept the old ledger in {aside.relative_to(folder.root)}"]
    return actions, list(saved.list_losses())


def _put_in_place(folder: StateFolder, aside: Path) -> None:
    """Move the old ledger aside and the rebuilt one to where it was; repeated, it goes on."""
    if folder.ledger.exists() and not (aside / folder.ledger.name).exists():
        with Step.SALVAGE_ASIDE:
            os.link(folder.ledger, aside / folder.ledger.name)
    for name in _SIDES:  # before the new file has the name that they belong to
        if (folder.root / name).exists():
            with Step.SALVAGE_ASIDE:
                (folder.root / name).rename(_free(aside / name))
    sync_folder(aside)
    with Step.SALVAGE_RENAME:
        folder.ledger_rebuilt.replace(folder.ledger)
    sync_folder(folder.root)


def _find_aside(folder: StateFolder) -> Path | None:
    """Where a repair that was killed had linked the old ledger already."""
    places = folder.damaged.glob(f"ledger-*/{folder.ledger.name}")
    return next(
        (path.parent for path in places if folder.ledger.exists() and path.samefile(folder.ledger)), None
    )


def _free(path: Path) -> Path:
    """A name that nothing has yet: the log that belongs to the old ledger is never written over."""
    number, target = 1, path
    while os.path.lexists(target):
        number += 1
        target = path.with_name(f"{path.name}.{number}")
    return target


def _copy(folder: StateFolder, fresh: Path, *, keep: bool) -> Saved | None:
    """What can be read, to be kept in the file `fresh` or only to be told; None when there is nothing."""
    new = _open(fresh, "rw")
    padded = _pad(folder.ledger, fresh) or _give_header(folder.ledger, fresh)
    old = _open(folder.ledger, "ro") if padded is None else _open(padded, "rw")
    listed = fresh.with_name(f"{fresh.name}.listed")
    if needs_schema(old) and give_schema(old, listed):
        old.close()
        old = _open(listed, "rw")
    old.text_factory = lambda data: data.decode("utf-8", "replace")
    try:
        new.execute("PRAGMA synchronous = FULL")
        new.execute("BEGIN IMMEDIATE")
        create_schema(new)
        saved = copy_tables(old, new, folder)
        if saved is None or not keep:
            return saved
        with Step.SALVAGE_COPY:
            new.execute("COMMIT")
        check_ledger(new, fresh)
        broken = new.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if broken != "ok":
            raise StoreError(f"{fresh}: the rebuilt ledger is not whole: {broken}", kind="io-error")
        return saved
    finally:
        old.close()
        new.close()
        for copy in (listed,) if padded is None else (listed, padded):
            for path in copy.parent.glob(f"{copy.name}*"):
                path.unlink(missing_ok=True)


def _nothing(folder: StateFolder) -> StoreError:
    return StoreError(
        f"{folder.ledger}: not a row of the ledger can be read; nothing was changed",
        kind="damaged",
        help="restore ledger.db from a backup, or move the state away to begin anew; keep its blobs/, they were paid for",
    )


def _pad(ledger: Path, fresh: Path) -> Path | None:
    """A copy of a ledger that was cut short, as long as its header says; None for one that was not.

    SQLite reads nothing at all of a file that is shorter than its header says, though all pages but the last ones are there.
    """
    with ledger.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        return None
    page_bytes = int.from_bytes(header[16:18]) or 0
    whole_bytes = (65_536 if page_bytes == 1 else page_bytes) * int.from_bytes(header[28:32])
    if not ledger.stat().st_size < whole_bytes <= _MOST_PADDED_BYTES:
        return None
    padded = _copy_aside(ledger, fresh)
    with Step.SALVAGE_COPY:
        os.truncate(padded, whole_bytes)
    return padded


def _give_header(ledger: Path, fresh: Path) -> Path | None:
    """A copy of a ledger whose first bytes are overwritten, with those of a new ledger; None for one that has its own.

    SQLite reads nothing at all of a file without a header, though all its pages are there.
    """
    with ledger.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    proper = bytearray(_make_header())
    # The size of a page, and what SQLite says that it never changes, of which each has one possible value here.
    if header[:16] == proper[:16] and header[16:18] == proper[16:18] and header[20:24] == proper[20:24]:
        return None
    page_bytes = int.from_bytes(proper[16:18])
    pages = ledger.stat().st_size // page_bytes
    if not pages:
        return None
    proper[28:32] = pages.to_bytes(4)
    proper[32:40] = bytes(8)  # no list of free pages: what is free is not told apart, and read as nothing
    proper[92:96] = proper[24:28]
    copy = _copy_aside(ledger, fresh)
    if copy.with_name(f"{copy.name}-wal").exists():
        proper[18:20] = b"\x02\x02"  # so that what is not in the file yet is read as well
    with Step.SALVAGE_COPY, copy.open("r+b") as file:
        file.write(proper)
    return copy


@cache
def _make_header() -> bytes:
    """The first bytes of a new ledger."""
    with tempfile.TemporaryDirectory(prefix="seedflow-") as place:
        sample = Path(place, "ledger.db")
        with closing(sqlite3.connect(sample, isolation_level=None)) as made:
            made.execute("BEGIN")
            create_schema(made)
            made.execute("COMMIT")
        return sample.read_bytes()[:_HEADER_BYTES]


def _copy_aside(ledger: Path, fresh: Path) -> Path:
    copy = fresh.with_name(f"{fresh.name}.padded")
    with Step.SALVAGE_COPY:
        shutil.copyfile(ledger, copy)
        with suppress(FileNotFoundError):
            shutil.copyfile(ledger.with_name(_SIDES[0]), copy.with_name(f"{copy.name}-wal"))
    return copy


def _open(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, isolation_level=None
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def make_aside(folder: StateFolder) -> Path:
    """A new folder in `damaged/` for a ledger."""
    make_folder(folder.damaged)
    number = 1
    while os.path.lexists(folder.damaged / f"ledger-{number}"):
        number += 1
    aside = folder.damaged / f"ledger-{number}"
    make_folder(aside)
    return aside
