"""The ledger opened to be looked at: calls and runs, in whatever version it is, beside runs that live. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from seedflow.store.base import AttemptState
from seedflow.store.calls import (
    Call,
    CallFilter,
    StateTotal,
    iterate_run_ids,
    list_calls,
    list_open_calls,
    sum_calls,
)
from seedflow.store.existing import find_state
from seedflow.store.failures import disk_errors
from seedflow.store.ledger import open_for_reading
from seedflow.store.locks import RunLocks
from seedflow.store.paid_runs import refuse_older_ledger
from seedflow.store.past_runs import KILLED, PastRun, count_runs, list_runs
from seedflow.store.runs import describe_noted_end, find_kept_answers, find_noted_end


class History:
    """What was asked and paid so far. Without a state there is nothing."""

    def __init__(self, root: Path) -> None:
        """Open it.

        Raises:
            StoreError: newer, damaged, or not readable.
        """
        self._folder = find_state(root)
        self._connection = open_for_reading(self._folder) if self._folder else None
        self._path = root if self._folder is None else self._folder.ledger
        self._living: frozenset[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    @property
    def exists(self) -> bool:
        """Whether there is a ledger."""
        return self._connection is not None

    def list_calls(self, wanted: CallFilter, newest: int | None = None) -> list[Call]:
        """The newest of the calls that are meant, in the order in which they were made."""
        if self._connection is None:
            return []
        with disk_errors(self._path):
            return self._note_kept(list_calls(self._connection, wanted, self.is_alive, newest))

    def sum_calls(self, wanted: CallFilter) -> list[StateTotal]:
        """The calls that are meant, by realm and state."""
        if self._connection is None:
            return []
        with disk_errors(self._path):
            return sum_calls(self._connection, wanted)

    def list_open_calls(self, realm: str, *, refused: bool = False) -> list[Call]:
        """The calls of a realm whose outcome is open, oldest first."""
        if self._connection is None:
            return []
        with disk_errors(self._path):
            return self._note_kept(list_open_calls(self._connection, realm, self.is_alive, refused=refused))

    def refuse_older(self) -> None:
        """See that there is no run that paid and that the ledger does not know, of which more calls may be open.

        Raises:
            StoreError: (`older`) there is one.
        """
        if self._folder is not None and self._connection is not None:
            with disk_errors(self._path):
                refuse_older_ledger(self._folder, self._connection)

    def _note_kept(self, calls: list[Call]) -> list[Call]:
        """The same, with what lies in the journals of runs that have ended."""
        folder = self._folder
        asked = {
            call.run_id
            for call in calls
            if call.state in (AttemptState.SENDING, AttemptState.UNKNOWN) and not call.alive
        }
        if folder is None or not asked:
            return calls
        kept = frozenset[str]().union(*(find_kept_answers(folder, run_id) for run_id in asked))
        return [
            replace(call, answer_kept=True) if call.run_id in asked and call.intent_id in kept else call
            for call in calls
        ]

    def list_runs(self, *, newest: int | None = None, run_id: str | None = None) -> list[PastRun]:
        """The newest runs in the order in which they began; only the one with an id if one is given."""
        if self._connection is None:
            return []
        with disk_errors(self._path):
            found = list_runs(self._connection, self.is_alive, newest=newest, run_id=run_id)
        return [self._end(run) if run.status == KILLED else run for run in found]

    def _end(self, run: PastRun) -> PastRun:
        """A run that could say in its journal alone how it ended."""
        end = None if self._folder is None else find_noted_end(self._folder, run.run_id)
        if end is None:
            return run
        return replace(run, status=end.status, ended_at=end.ended_at, result=describe_noted_end(end))

    def count_runs(self) -> int:
        """How many runs there were."""
        if self._connection is None:
            return 0
        with disk_errors(self._path):
            return count_runs(self._connection)

    def find_run_ids(self, beginning: str) -> Sequence[str]:
        """The runs whose ids begin so."""
        if self._connection is None or not beginning.isascii():  # as every id is
            return ()
        with disk_errors(self._path):
            return tuple(iterate_run_ids(self._connection, beginning))

    def is_alive(self, run_id: str) -> bool:
        """Whether a run lives, as of the first time that somebody asked."""
        if self._living is None:
            with disk_errors(self._path):
                self._living = frozenset(self._find_living())
        return run_id in self._living

    def _find_living(self) -> Sequence[str]:
        if self._folder is None or not self._folder.locks.is_dir():
            return ()
        return RunLocks(self._folder.locks).look_at_living(self._folder.write_lock)
