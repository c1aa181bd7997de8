"""What happens during a run, as data: for the display, for JSON lines, for anybody who embeds a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class EventKind(StrEnum):
    """The closed set of events."""

    RUN_STARTED = "run-started"
    TASK_PLANNED = "task-planned"
    TASK_GROWN = "task-grown"
    TASK_STARTED = "task-started"
    CALL_SENT = "call-sent"
    CALL_ANSWERED = "call-answered"
    CALL_LOST = "call-lost"
    CALL_RETRIED = "call-retried"
    CALL_AWAITED = "call-awaited"
    ATTEMPT_REJECTED = "attempt-rejected"
    IMAGE_STORED = "image-stored"
    TASK_FINISHED = "task-finished"
    LIMIT_CHANGED = "limit-changed"
    RUN_FINISHED = "run-finished"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `time` is Unix seconds; `address` is None for events of the whole run; `data` is plain JSON."""

    kind: EventKind
    time: float
    run: str
    address: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """One JSON object, flat: `event`, `time`, `run`, `address`, then the event's own data."""
        return {
            "event": self.kind.value,
            "time": self.time,
            "run": self.run,
            "address": self.address,
            **self.data,
        }


class Teller:
    """Tells a watcher what happens. One that fails is told nothing more, and the run is finished without it."""

    def __init__(
        self, run_id: str, watcher: Callable[[Event], None], on_failure: Callable[[Exception], None]
    ) -> None:
        self._run_id = run_id
        self._watcher: Callable[[Event], None] | None = watcher
        self._on_failure = on_failure

    def tell(self, kind: EventKind, address: str | None, data: Mapping[str, object]) -> None:
        """One event, now."""
        if self._watcher is None:
            return
        try:
            self._watcher(Event(kind, time.time(), self._run_id, address, data))
        except Exception as error:  # noqa: BLE001 - whatever it is, no answer may be lost for it
            self._watcher = None
            self._on_failure(error)
