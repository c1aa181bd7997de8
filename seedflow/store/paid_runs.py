"""Which runs sent something that costs money, written down beside the ledger: it tells a ledger that was put back from a backup.

A run's mark is a small file named after it. It is made after the run's row is on the disk and before the first byte leaves,
so that a run that is marked and not in the ledger can mean one thing only: the ledger is older than what was paid since. How far
the run came is written into it each time after the ledger has it, so that a mark may lag behind its ledger and never leads.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.store.durable import make_folder, open_private, sync_folder, write_all
from seedflow.store.failures import disk_errors
from seedflow.store.locks import is_run_id
from seedflow.store.state import StateFolder

_MOST_NAMED: Final = 3
_WIDTH: Final = (
    19  # of the largest number of a row; all marks are equally long, and are written over in place
)
_NOTE: Final = re.compile(rb" *([0-9]{1,19}) (at work|ended) *\n")
_LONGEST_NOTE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class _Note:
    """How far a run came: the highest number of a call that came to an end in it, and whether the ledger knows that it is over."""

    number: int = 0
    is_over: bool = False

    def to_bytes(self) -> bytes:
        return f"{self.number:>{_WIDTH}} {'ended' if self.is_over else 'at work':<7}\n".encode()


class PaidRunMarks:
    """The marks of the runs that live here. Safe for threads."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._mutex = Lock()
        self._open: dict[str, tuple[int, _Note]] = {}

    def mark(self, run_id: str) -> None:
        """Write down, durably, that a run is about to spend something, unless it is. Its row is on the disk already.

        Raises:
            OSError: the disk refuses.
            StoreError: the same, or something else has its name.
        """
        with self._mutex:
            if run_id in self._open:
                return
            with disk_errors(self._folder.paid_runs), Step.PAID_RUN_MARK:
                descriptor = open_private(self._folder.paid_runs / run_id, os.O_RDWR | os.O_CREAT)
            self._open[run_id] = (descriptor, _read(descriptor))
            try:
                sync_folder(self._folder.paid_runs)
            except BaseException:
                os.close(self._open.pop(run_id)[0])
                raise

    def note_call(self, run_id: str, number: int) -> None:
        """A call that a run worked on has an end, and the ledger has it durably."""
        with self._mutex:
            found = self._open.get(run_id)
            if found is not None and number > found[1].number:
                self._open[run_id] = (found[0], _Note(number))
                _write(*self._open[run_id])

    def note_end(self, run_id: str) -> None:
        """The ledger knows that a run is over."""
        with self._mutex:
            found = self._open.pop(run_id, None)
            if found is not None:
                _write(found[0], _Note(found[1].number, is_over=True))
                os.close(found[0])

    def close(self) -> None:
        """Forget the files."""
        with self._mutex:
            while self._open:
                os.close(self._open.popitem()[1][0])


def _write(descriptor: int, note: _Note) -> None:
    # Not synced, and a refusal is passed over: a mark without it lags behind its ledger, as it may.
    with suppress(OSError), Step.PAID_RUN_NOTE:
        write_all(descriptor, note.to_bytes(), 0)


def note_ends(folder: StateFolder, run_ids: Sequence[str]) -> None:
    """The ledger knows by now that these runs are over, which were killed. Those that never paid have no mark and get none."""
    for run_id in run_ids:
        with suppress(OSError, StoreError):
            descriptor = open_private(folder.paid_runs / run_id, os.O_RDWR)
            try:
                _write(descriptor, _Note(_read(descriptor).number, is_over=True))
            finally:
                os.close(descriptor)


def _read(descriptor: int) -> _Note:
    found = _NOTE.fullmatch(os.pread(descriptor, _LONGEST_NOTE_BYTES, 0))
    return _Note() if found is None else _Note(int(found[1]), is_over=found[2] == b"ended")


def _list_marks(folder: StateFolder) -> list[str]:
    try:
        return sorted(path.name for path in folder.paid_runs.iterdir() if is_run_id(path.name))
    except (FileNotFoundError, NotADirectoryError):
        return []


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a ledger does not know of the runs that paid.

    Attributes:
        runs: those that it does not know at all.
        went_on: those that it knows, and that came further than it says: it was copied while they were at work.
    """

    runs: tuple[str, ...] = ()
    went_on: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.runs or self.went_on)

    def spell(self) -> str:
        """`2 runs that paid are not in it (A, B); 1 run went on after it was copied (C)`."""
        parts = []
        if self.runs:
            is_or_are = "is" if len(self.runs) == 1 else "are"
            parts.append(f"{_count(self.runs)} that paid {is_or_are} not in it ({_name(self.runs)})")
        if self.went_on:
            parts.append(f"{_count(self.went_on)} went on after it was copied ({_name(self.went_on)})")
        return "; ".join(parts)


def _count(run_ids: Sequence[str]) -> str:
    return f"{len(run_ids):,} run{'' if len(run_ids) == 1 else 's'}"


def _name(run_ids: Sequence[str]) -> str:
    return ", ".join(run_ids[:_MOST_NAMED]) + (" …" if len(run_ids) > _MOST_NAMED else "")


def find_lacking(folder: StateFolder, connection: sqlite3.Connection) -> Lacking:
    """The marked runs that the ledger does not know, or not to their end.

    The caller is not within a transaction: what is asked of the ledger last has to be newer than what the marks say.
    """
    marks = _list_marks(folder)
    if not marks:
        return Lacking()
    rows = connection.execute(
        "SELECT run_id, status FROM runs WHERE run_id IN (SELECT value FROM json_each(?))",
        (json.dumps(marks),),
    )
    known = dict(rows.fetchall())
    # One that had ended when the ledger was copied had paid all that it paid. An import has its status from the start.
    notes = {
        run_id: _read_note(folder.paid_runs / run_id)
        for run_id, status in sorted(known.items())
        if status is None or status == "imported"
    }
    went_on = tuple(run_id for run_id, note in notes.items() if not _knows(connection, run_id, note))
    return Lacking(tuple(sorted(set(marks).difference(known))), went_on)


def _read_note(path: Path) -> _Note:
    try:
        descriptor = open_private(path, os.O_RDONLY)
    except (OSError, StoreError):
        return _Note()
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _knows(connection: sqlite3.Connection, run_id: str, note: _Note) -> bool:
    """Whether the ledger has come as far as a run's mark. No call that had an end is ever `reserved` again."""
    if note.is_over:
        over = "SELECT 1 FROM runs WHERE run_id = ? AND status IS NOT NULL"
        if connection.execute(over, (run_id,)).fetchone() is None:
            return False
    ended = "SELECT 1 FROM attempts WHERE attempt_id = ? AND state <> 'reserved'"
    return not note.number or connection.execute(ended, (note.number,)).fetchone() is not None


def refuse_older_ledger(folder: StateFolder, connection: sqlite3.Connection) -> None:
    """See that the ledger knows every run that paid: over an older one all that they paid for would be paid for again.

    Raises:
        StoreError: (`older`) it does not.
    """
    lacking = find_lacking(folder, connection)
    if lacking:
        raise StoreError(
            f"{folder.ledger}: the ledger is older than what was paid since: {lacking.spell()}",
            kind="older",
            help="put the newest ledger.db there is in its place; where there is none, `seedflow verify --repair` goes on with "
            "this one, and what these runs paid for may be asked and paid again",
        )


def settle_marks(folder: StateFolder, connection: sqlite3.Connection) -> Lacking:
    """Go on with the ledger as it is: the marks of runs that it does not know, or not to their end, go to `damaged/`. Gives these.

    Raises:
        StoreError: the disk refuses.
    """
    lacking = find_lacking(folder, connection)
    if not lacking:
        return lacking
    aside = folder.damaged / folder.paid_runs.name
    with disk_errors(aside):
        make_folder(folder.damaged)
        make_folder(aside)
        for run_id in (*lacking.runs, *lacking.went_on):
            with Step.ASIDE_RENAME:
                (folder.paid_runs / run_id).replace(aside / run_id)
        sync_folder(aside)
        sync_folder(folder.paid_runs)
        marks = PaidRunMarks(folder)
        for run_id in lacking.went_on:  # a ledger that is older still would not know them at all
            marks.mark(run_id)
        marks.close()
    return lacking
