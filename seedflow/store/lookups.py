"""The look-ups of `StoreView`, once for every way to have the ledger open."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

from seedflow.store import results
from seedflow.store.base import AttemptState, PastRequest, RefusedCall, StoredResult
from seedflow.store.blobs import Blobs

Touched = list[tuple[str, int]]
"""Blobs (digests) whose bytes are right but whose files have another time (ns) than was recorded."""


class Lookups(ABC):
    """`seedflow.store.base.StoreView` on whatever connection there is; without one, nothing is stored."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[tuple[sqlite3.Connection, Blobs] | None]:
        """The connection and the blobs for the block, or None where there is no state yet."""

    @abstractmethod
    def _note_times(self, touched: Touched) -> None:
        """Told of files with new times after a look-up, outside of `_reading`."""

    def find_result(self, realm: str, fingerprint: str, take: int) -> StoredResult | None:
        """See `StoreView.find_result`."""
        touched: Touched = []
        with self._reading() as state:
            if state is None:
                return None
            found = results.find_result(
                *state, realm, fingerprint, take, lambda digest, time_ns: touched.append((digest, time_ns))
            )
        if touched:
            self._note_times(touched)
        return found

    def list_results(self, realm: str, fingerprint: str, take: int) -> tuple[StoredResult, ...]:
        """See `StoreView.list_results`."""
        touched: Touched = []
        with self._reading() as state:
            if state is None:
                return ()
            found = results.list_results(
                *state, realm, fingerprint, take, lambda digest, time_ns: touched.append((digest, time_ns))
            )
        if touched:
            self._note_times(touched)
        return found

    def has_result(self, realm: str, fingerprint: str, take: int, after_attempt: int = 0) -> bool:
        """See `StoreView.has_result`."""
        with self._reading() as state:
            return state is not None and results.has_result(state[0], realm, fingerprint, take, after_attempt)

    def find_unfinished(
        self, realm: str, fingerprint: str, take: int, after_attempt: int = 0
    ) -> AttemptState | None:
        """See `StoreView.find_unfinished`."""
        with self._reading() as state:
            if state is None:
                return None
            return results.find_unfinished(state[0], realm, fingerprint, take, after_attempt)

    def list_lost(self, realm: str, fingerprint: str, take: int, after_attempt: int = 0) -> tuple[str, ...]:
        """See `StoreView.list_lost`."""
        with self._reading() as state:
            return (
                () if state is None else results.list_lost(state[0], realm, fingerprint, take, after_attempt)
            )

    def list_refused(
        self, realm: str, fingerprint: str, take: int, after_attempt: int = 0
    ) -> tuple[RefusedCall, ...]:
        """See `StoreView.list_refused`."""
        with self._reading() as state:
            if state is None:
                return ()
            return results.list_refused(state[0], realm, fingerprint, take, after_attempt)

    def find_takes(self, realm: str, fingerprint: str) -> tuple[int, ...]:
        """See `StoreView.find_takes`."""
        with self._reading() as state:
            return () if state is None else results.find_takes(state[0], realm, fingerprint)

    def next_take(self, realm: str, fingerprint: str, above: int) -> int:
        """See `StoreView.next_take`."""
        with self._reading() as state:
            return above + 1 if state is None else results.next_take(state[0], realm, fingerprint, above)

    def has_sent(self, realm: str) -> bool:
        """See `StoreView.has_sent`."""
        with self._reading() as state:
            return state is not None and results.has_sent(state[0], realm)

    def load_answer(self, intent_id: str) -> tuple[float, bytes] | None:
        """See `StoreView.load_answer`."""
        with self._reading() as state:
            return None if state is None else results.load_answer(state[0], intent_id)

    def find_past_request(self, realm: str, recipe: str, address: str) -> PastRequest | None:
        """See `StoreView.find_past_request`."""
        with self._reading() as state:
            return None if state is None else results.find_past_request(state[0], realm, recipe, address)

    def find_judged(self, realm: str, recipe: str, address: str, fingerprint: str, take: int) -> int:
        """See `StoreView.find_judged`."""
        with self._reading() as state:
            return (
                0
                if state is None
                else results.find_judged(state[0], realm, recipe, address, fingerprint, take)
            )
