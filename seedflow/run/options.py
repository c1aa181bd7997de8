"""What the caller decides about a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from seedflow.run.references import ReferenceLimits, ReferenceMode
from seedflow.run.retry import RetryPolicy
from seedflow.store.base import Budget


class OnUnknown(StrEnum):
    """What to do about a call whose outcome stays unknown."""

    STOP = "stop"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`out` is where outputs are published, or None for nowhere. Budgets are upper bounds; the smallest room wins."""

    out: Path | None
    budgets: tuple[Budget, ...] = ()
    on_unknown: OnUnknown = OnUnknown.STOP
    most_in_flight: int = 16
    references: ReferenceMode = ReferenceMode.AUTO
    reference_limits: ReferenceLimits = field(default_factory=ReferenceLimits)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    reconcile_for_s: float = 60.0


class RunControl:
    """Lets a caller end a run early: once to finish what is in flight, twice to let go of it."""

    def __init__(self) -> None:
        self.stopping = False
        self.aborted = False
        self._listeners: list[Callable[[], None]] = []

    def stop(self) -> None:
        """First call: start nothing new. Second: record what is in flight as unknown and end."""
        if self.stopping:
            self.aborted = True
        self.stopping = True
        for listener in self._listeners:
            listener()

    def on_stop(self, listener: Callable[[], None]) -> None:
        """Call `listener` at each `stop`."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Take a listener back."""
        self._listeners = [kept for kept in self._listeners if kept != listener]
