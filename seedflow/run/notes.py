"""The port through which a run writes down which take of its request an address shows."""

from __future__ import annotations

from typing import Protocol


class TakeNotes(Protocol):
    """Where it is written down which take an address shows."""

    def show(self, address: str, take: int, fingerprint: str) -> None:
        """Show this take from now on.

        Raises:
            StoreError: it cannot be written.
        """

    def show_earlier(self, address: str, take: int) -> None:
        """Show again what was shown before this take.

        Raises:
            StoreError: it cannot be written.
        """
