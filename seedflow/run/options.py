"""What the caller decides about a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from seedflow.providers.options import Pace
from seedflow.providers.upload import Uploader
from seedflow.providers.wire_facts import WireFacts
from seedflow.run.notes import TakeNotes
from seedflow.run.references import ReferenceLimits, ReferenceMode
from seedflow.run.retry import RetryPolicy
from seedflow.store.base import Budget


class OnUnknown(StrEnum):
    """What to do about a call whose outcome stays unknown."""

    STOP = "stop"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`out` is where outputs are published, or None for nowhere. Budgets are upper bounds; the smallest room wins.

    `reconcile_for_s`: how long after its sending a lost answer is looked for in the provider's log. `takes`: where it is
    written down which take an address shows that is asked anew. `uploader`: where references may be put that travel by a
    link. `facts`: what is known of the provider's endpoint, by model. `pace`: calls that may begin within a time, None for any
    number.
    """

    out: Path | None
    budgets: tuple[Budget, ...] = ()
    on_unknown: OnUnknown = OnUnknown.STOP
    most_in_flight: int = 16
    references: ReferenceMode = ReferenceMode.AUTO
    reference_limits: ReferenceLimits = field(default_factory=ReferenceLimits)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    reconcile_for_s: float = 60.0
    takes: TakeNotes | None = None
    pace: Pace | None = None
    uploader: Uploader | None = None
    facts: Mapping[str, WireFacts] = field(default_factory=dict)


class RunControl:
    """Ends a run early: somebody asks for it (`stop`), or the run finds that nothing more can be asked (`halt`).

    Attributes:
        interrupted: somebody asked once: what is in flight is finished, since it is paid.
        aborted: somebody asked twice: what is in flight is let go of.
        halted: the run itself gave up asking.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self.aborted = False
        self.halted = False
        self._listeners: list[Callable[[], None]] = []

    @property
    def stopping(self) -> bool:
        """Whether nothing new may be started."""
        return self.interrupted or self.halted

    def stop(self) -> None:
        """First call: start nothing new. Second: record what is in flight as unknown and end."""
        self.aborted = self.interrupted
        self.interrupted = True
        self._tell()

    def halt(self) -> None:
        """Start nothing new, for a reason of the run's own."""
        self.halted = True
        self._tell()

    def on_stop(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever one of the three changes."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Take a listener back."""
        self._listeners = [kept for kept in self._listeners if kept != listener]

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
