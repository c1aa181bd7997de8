"""Reading the state without being able to change it: what planning looks at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self

from seedflow.money import ZERO_USD, from_micros
from seedflow.store.blobs import Blobs
from seedflow.store.budgets import find_refused_micros, find_settled_micros, find_spent_micros
from seedflow.store.existing import find_state
from seedflow.store.failures import disk_errors
from seedflow.store.ledger import open_for_reading
from seedflow.store.lookups import Lookups, Touched
from seedflow.store.paid_runs import refuse_older_ledger
from seedflow.store.state import StateFolder

_NO_STATE: Final = nullcontext(None)


def open_view(root: Path) -> LocalView:
    """Look at the state at `root`. Creates and changes nothing, SQLite's side files aside; an absent state is empty.

    Raises:
        StoreError: newer, damaged, older than what was paid since, or not readable.
    """
    folder = find_state(root)
    if folder is None:
        return open_nothing()
    connection = open_for_reading(folder)
    try:
        with disk_errors(folder.ledger):
            refuse_older_ledger(folder, connection)
    except BaseException:
        connection.close()
        raise
    return LocalView(folder, connection)


def open_nothing() -> LocalView:
    """The view of a state in which nothing is."""
    return LocalView(None, None)


class LocalView(Lookups):
    """`seedflow.store.base.StoreView` on a read-only connection. Any thread may call it."""

    def __init__(self, folder: StateFolder | None, connection: sqlite3.Connection | None) -> None:
        self._state = (folder.ledger, connection, Blobs(folder.blobs)) if folder and connection else None
        self._mutex = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reading(self) -> AbstractContextManager[tuple[sqlite3.Connection, Blobs] | None]:
        return _NO_STATE if self._state is None else self._hold(*self._state)

    @contextmanager
    def _hold(
        self, ledger: Path, connection: sqlite3.Connection, blobs: Blobs
    ) -> Iterator[tuple[sqlite3.Connection, Blobs]]:
        with self._mutex, disk_errors(ledger):
            yield connection, blobs

    def _note_times(self, touched: Touched) -> None:
        """The bytes are right; only a store for running may note the files' new times."""

    def settled_usd(self, realm: str, day: str = "") -> Decimal:
        """What was spent for certain in a realm, on a UTC day or ever."""
        with self._reading() as state:
            return ZERO_USD if state is None else from_micros(find_settled_micros(state[0], realm, day))

    def counted_usd(self, realm: str, day: str = "") -> Decimal:
        """The same with what is reserved, under way or unknown: what a call finds used up of a budget."""
        with self._reading() as state:
            if state is None:
                return ZERO_USD
            return from_micros(find_spent_micros(state[0], realm, "day" if day else "project", day))

    def refused_usd(self, realm: str, day: str = "") -> Decimal:
        """What of that was refused, so that the provider's log may tell that it was not billed."""
        with self._reading() as state:
            return ZERO_USD if state is None else from_micros(find_refused_micros(state[0], realm, day))

    def close(self) -> None:
        """Close the file. A read-only connection leaves the write-ahead log alone, so no lock is needed."""
        if self._state is not None:
            self._state[1].close()
            self._state = None
