"""What a repair that was killed left beside the ledger: a rebuilt one, whose turn it is or is not."""

from __future__ import annotations

from pathlib import Path

from seedflow.errors import StoreError
from seedflow.failpoints import Step
from seedflow.store.state import StateFolder


def refuse_half_repaired(folder: StateFolder) -> None:
    """See that the ledger is not one whose write-ahead log a repair has moved aside: newest rows would be missing from it.

    Raises:
        StoreError: (`damaged`) it is.
    """
    if folder.ledger_rebuilt.exists() and not has_log(folder):
        raise StoreError(
            f"{folder.ledger}: a repair of the ledger was cut short",
            kind="damaged",
            help="`seedflow verify --repair` finishes it",
        )


def drop_rebuilt(folder: StateFolder) -> None:
    """Delete a rebuilt ledger beside an old one that is as it was: who writes to that one now must not find it replaced later.

    The caller holds the write lock.
    """
    if folder.ledger_rebuilt.exists() and has_log(folder):
        with Step.SALVAGE_AGAIN:
            folder.ledger_rebuilt.unlink()


def has_log(folder: StateFolder) -> bool:
    """Whether a write-ahead log lies there with anything in it."""
    return _size_of(folder.ledger.with_name("ledger.db-wal")) > 0


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
