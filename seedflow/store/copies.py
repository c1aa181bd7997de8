"""Pictures that are gone from the store, brought back from copies elsewhere: a copy counts by its bytes alone."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

from seedflow.errors import ImageError
from seedflow.failpoints import Step
from seedflow.images.inspect import inspect_image
from seedflow.store.base import AttemptState
from seedflow.store.blobs import Blobs
from seedflow.store.check_files import path_of
from seedflow.store.ledger import open_for_reading
from seedflow.store.locks import KernelLock, RunLocks
from seedflow.store.state import StateFolder
from seedflow.store.transitions import check_transition

FindCopies: TypeAlias = Callable[[Collection[str]], Mapping[str, Sequence[Path]]]
"""Files that may have the bytes of these digests."""

_PICTURES = """SELECT attempt_id, digest FROM images JOIN attempts USING (attempt_id)
  WHERE state IN ('done', 'lost-paid')"""


def bring_back(folder: StateFolder, find_copies: FindCopies) -> int:
    """Copy back every picture of a result that is not there and of which a copy is; gives how many.

    Raises:
        StoreError: the disk does not take them.
    """
    connection = open_for_reading(folder)
    try:
        named = {digest for _, digest in connection.execute(_PICTURES)}
    finally:
        connection.close()
    missing = [digest for digest in sorted(named) if not path_of(folder, digest).exists()]
    found = find_copies(missing) if missing else {}
    if not found:
        return 0
    blobs, locks, session = Blobs(folder.blobs), RunLocks(folder.locks), f"store-{uuid4().hex}"
    lock = KernelLock(folder.write_lock)
    try:
        with lock.holding():  # so that nobody collects what is on its way
            locks.acquire(session)
            blobs.prepare_incoming(session)
    finally:
        lock.close()
    try:
        return sum(
            any(_copy_back(blobs, session, digest, path) for path in found.get(digest, ()))
            for digest in missing
        )
    finally:
        blobs.remove_incoming(session)
        locks.release(session)


def _copy_back(blobs: Blobs, session: str, digest: str, path: Path) -> bool:
    arriving = blobs.new_path(session)
    try:
        with Step.COPY_BACK:
            shutil.copyfile(path, arriving)
        facts = inspect_image(arriving, decode=True)
    except (OSError, ImageError):
        return False
    if facts.digest != digest:
        return False
    blobs.keep(arriving, facts)
    return True


def restore_results(folder: StateFolder, connection: sqlite3.Connection) -> Iterator[str]:
    """What was paid and lost is a result again where all its pictures are back."""
    rows = connection.execute(
        """SELECT attempt_id, coalesce(address, ''), digest FROM images JOIN attempts USING (attempt_id)
           LEFT JOIN requests USING (attempt_id) WHERE state = 'lost-paid' ORDER BY attempt_id"""
    ).fetchall()
    there: dict[tuple[int, str], bool] = {}
    for attempt_id, address, digest in rows:
        key = (attempt_id, address)
        there[key] = there.get(key, True) and path_of(folder, digest).exists()
    for (attempt_id, address), whole in there.items():
        if whole:
            check_transition(str(attempt_id), AttemptState.LOST_PAID, AttemptState.FETCHED, AttemptState.DONE)
            connection.execute(
                "UPDATE attempts SET state = 'done', claimed = 0, message = NULL WHERE attempt_id = ?",
                (attempt_id,),
            )
            yield f"{address} has its pictures back"
