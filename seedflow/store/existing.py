"""Finding a state to read: a whole one, one whose VERSION is gone, and nothing at all where a run would begin anew."""

from __future__ import annotations

from pathlib import Path

from seedflow.store.failures import disk_errors
from seedflow.store.ledger import has_tables
from seedflow.store.state import StateFolder, is_begun, look_at_state


def find_state(root: Path) -> StateFolder | None:
    """The state at `root` for reading, or None when there is none yet. Changes nothing.

    A ledger, or pictures, without a VERSION are a state as well: a run takes them up, so whoever only looks must see them.

    Raises:
        StoreError: a newer format, damaged, or not safe to read.
    """
    folder = StateFolder(root)
    with disk_errors(root):
        if not look_at_state(folder):
            return None
        return folder if is_begun(folder) or has_tables(folder) else None
