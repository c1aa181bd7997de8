"""What waits for pictures that were paid and are lost: it is asked only by who consents to paying for those again."""

from __future__ import annotations

from collections.abc import Iterable

from seedflow.plan.model import Reason


class Lost:
    """Knows by address and whole what a run without that consent never gets to, so that no least counts it."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def behind(self, needs: Iterable[str]) -> bool:
        """Whether something that is needed is lost, or is never asked since it needs what is."""
        return bool(self._names) and not self._names.isdisjoint(needs)

    def take_in(self, names: Iterable[str], reason: Reason, needs: Iterable[str]) -> bool:
        """Whether a task with these names, its address and its wholes, waits for what is lost; taken in, as what is lost itself is."""
        behind = self.behind(needs)
        if behind or reason is Reason.LOST_PAID:
            self._names.update(names)
        return behind
