"""Which runs sent something that costs money, written down beside the ledger: it tells a ledger that was put back from a backup.

A run's mark is an empty file named after it. It is made after the run's row is on the disk and before the first byte leaves,
so that a run that is marked and not in the ledger can mean one thing only: the ledger is older than what was paid since.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from typing import Final

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.store.durable import make_folder, open_private, sync_folder
from seedflow.store.failures import disk_errors
from seedflow.store.locks import is_run_id
from seedflow.store.state import StateFolder

_MOST_NAMED: Final = 3


def mark_paid_run(folder: StateFolder, run_id: str) -> None:
    """Write down, durably, that a run is about to spend something. Its row is on the disk already.

    Raises:
        OSError: the disk refuses.
    """
    with Step.PAID_RUN_MARK:
        os.close(open_private(folder.paid_runs / run_id, os.O_WRONLY | os.O_CREAT))
    sync_folder(folder.paid_runs)


def _list_marks(folder: StateFolder) -> list[str]:
    try:
        return sorted(path.name for path in folder.paid_runs.iterdir() if is_run_id(path.name))
    except (FileNotFoundError, NotADirectoryError):
        return []


def find_missing_runs(folder: StateFolder, connection: sqlite3.Connection) -> tuple[str, ...]:
    """The marked runs that the ledger does not know. The caller is not within a transaction that is older than the marks."""
    marks = _list_marks(folder)
    if not marks:
        return ()
    known = connection.execute(
        "SELECT run_id FROM runs WHERE run_id IN (SELECT value FROM json_each(?))", (json.dumps(marks),)
    )
    return tuple(sorted(set(marks).difference(run_id for (run_id,) in known)))


def refuse_older_ledger(folder: StateFolder, connection: sqlite3.Connection) -> None:
    """See that the ledger knows every run that paid: over an older one all that they paid for would be paid for again.

    Raises:
        StoreError: (`older`) it does not.
    """
    missing = find_missing_runs(folder, connection)
    if missing:
        raise StoreError(
            f"{folder.ledger}: the ledger is older than what was paid since: {spell_missing(missing)}",
            kind="older",
            help="put the newest ledger.db there is in its place; where there is none, `seedflow verify --repair` goes on without "
            "these runs, and what they paid for may be asked and paid again",
        )


def spell_missing(missing: Sequence[str]) -> str:
    """`2 runs that paid are not in it (A, B)`."""
    more = " …" if len(missing) > _MOST_NAMED else ""
    one = len(missing) == 1
    named = ", ".join(missing[:_MOST_NAMED])
    return f"{len(missing):,} run{'' if one else 's'} that paid {'is' if one else 'are'} not in it ({named}{more})"


def settle_marks(folder: StateFolder, connection: sqlite3.Connection) -> tuple[str, ...]:
    """Go on with the ledger as it is: the marks of runs that it does not know go to `damaged/`. Gives these runs.

    Raises:
        StoreError: the disk refuses.
    """
    missing = find_missing_runs(folder, connection)
    if not missing:
        return ()
    aside = folder.damaged / folder.paid_runs.name
    with disk_errors(aside):
        make_folder(folder.damaged)
        make_folder(aside)
        for run_id in missing:
            with Step.ASIDE_RENAME:
                (folder.paid_runs / run_id).replace(aside / run_id)
        sync_folder(aside)
        sync_folder(folder.paid_runs)
    return missing
