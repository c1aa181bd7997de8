"""Named places where a process may die, or the disk may refuse: around every durable and every outside action.

An action is done inside `with Step.NAME:`. Nothing happens there unless a test has called `watch`; no variable, option or file
switches it on, so that a run that spends money cannot come to it by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import TypeAlias


class Side(StrEnum):
    """Where at an action a point lies."""

    BEFORE = "before"
    AFTER = "after"
    """It went well."""


class Step(StrEnum):
    """Every durable action of ours, and every outside action that a recovery has to know about."""

    # The ledger: commits, each named after the change that it makes durable
    LEDGER_FILE = "ledger-file"
    LEDGER_TABLES = "ledger-tables"
    LEDGER_BEGIN_RUN = "ledger-begin-run"
    LEDGER_END_RUN = "ledger-end-run"
    LEDGER_LEFTOVERS = "ledger-leftovers"
    LEDGER_CLAIM = "ledger-claim"
    LEDGER_TAKE_UP = "ledger-take-up"
    LEDGER_SENDING = "ledger-sending"
    LEDGER_NOT_BILLED = "ledger-not-billed"
    LEDGER_LEAVE = "ledger-leave"
    LEDGER_ANSWERED = "ledger-answered"
    LEDGER_DONE = "ledger-done"
    LEDGER_END = "ledger-end"
    """An attempt ends without images."""
    LEDGER_UNKNOWN = "ledger-unknown"
    LEDGER_CHANGE = "ledger-change"
    """Any other change; none of these moves an attempt."""
    LEDGER_CLOSE = "ledger-close"

    # The emergency journal
    JOURNAL_FILE = "journal-file"
    JOURNAL_ROOM = "journal-room"
    JOURNAL_APPEND = "journal-append"
    JOURNAL_SYNC = "journal-sync"
    JOURNAL_REMOVE = "journal-remove"

    # Bytes
    INCOMING_WRITE = "incoming-write"
    INCOMING_DROP = "incoming-drop"
    INCOMING_REMOVE = "incoming-remove"
    BLOB_SYNC = "blob-sync"
    BLOB_RENAME = "blob-rename"
    BLOB_TWICE = "blob-twice"
    COPY_BACK = "copy-back"
    REJECTED_RENAME = "rejected-rename"

    # The state's folders, small files and locks
    STATE_FOLDER = "state-folder"
    STATE_MODE = "state-mode"
    STATE_TIDY = "state-tidy"
    FOLDER_MAKE = "folder-make"
    FOLDER_SYNC = "folder-sync"
    SMALL_WRITE = "small-write"
    SMALL_SYNC = "small-sync"
    SMALL_RENAME = "small-rename"
    PAID_RUN_MARK = "paid-run-mark"
    PAID_RUN_NOTE = "paid-run-note"
    """How far the run came, after the ledger has it."""
    LOCK_FILE = "lock-file"
    LOCK_TAKE = "lock-take"
    LOCK_REMOVE = "lock-remove"
    LOCK_TIDY = "lock-tidy"

    # Looking after the state
    UPGRADE_COPY = "upgrade-copy"
    UPGRADE_SYNC = "upgrade-sync"
    UPGRADE_RENAME = "upgrade-rename"
    UPGRADE_TABLES = "upgrade-tables"
    UPGRADE_TIDY = "upgrade-tidy"
    COLLECT_REMOVE = "collect-remove"
    ASIDE_RENAME = "aside-rename"
    RESTRICT_MODE = "restrict-mode"
    SALVAGE_FILE = "salvage-file"
    SALVAGE_COPY = "salvage-copy"
    SALVAGE_SYNC = "salvage-sync"
    SALVAGE_READY = "salvage-ready"
    SALVAGE_ASIDE = "salvage-aside"
    SALVAGE_RENAME = "salvage-rename"
    SALVAGE_AGAIN = "salvage-again"

    # Files of the user's
    OUTPUT_TRIED = "output-tried"
    """A folder is made and removed, to see before anything is paid that outputs can be written."""
    OUTPUT_FOLDER = "output-folder"
    OUTPUT_ARRIVING = "output-arriving"
    OUTPUT_COPY = "output-copy"
    OUTPUT_RENAME = "output-rename"
    OUTPUT_TIDY = "output-tidy"
    MANIFEST_WRITE = "manifest-write"
    MANIFEST_RENAME = "manifest-rename"
    PICKS_FILE = "picks-file"
    PICKS_WRITE = "picks-write"
    PICKS_RENAME = "picks-rename"
    EVENTS_FILE = "events-file"
    EVENTS_WRITE = "events-write"
    DRAWING_WRITE = "drawing-write"
    PROJECT_FOLDER = "project-folder"
    PROJECT_WRITE = "project-write"
    PROJECT_PLACE = "project-place"

    # Outside
    CONNECT = "connect"
    SEND = "send"
    """From before the first byte of a paid request's body to after its last."""
    ANSWER = "answer"
    """From the head of an answer to its last byte."""
    DOWNLOAD = "download"
    RECONCILE = "reconcile"

    def __enter__(self) -> None:
        if _watcher is not None:
            _watcher(self, Side.BEFORE)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and _watcher is not None:
            _watcher(self, Side.AFTER)


Watcher: TypeAlias = Callable[[Step, Side], None]
"""Told of every point that is reached, in whatever thread; what it raises is raised there."""

_watcher: Watcher | None = None


def watch(watcher: Watcher | None) -> None:
    """Let somebody be told of every point from now on, or nobody any more. For tests alone."""
    global _watcher  # noqa: PLW0603 - one process, one watcher
    _watcher = watcher
