"""What happens during a run, as data: for the display, for JSON lines, for anybody who embeds a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class EventKind(StrEnum):
    """The closed set of events."""

    RUN_STARTED = "run-started"
    TASK_PLANNED = "task-planned"
    TASK_STARTED = "task-started"
    CALL_SENT = "call-sent"
    CALL_ANSWERED = "call-answered"
    CALL_RETRIED = "call-retried"
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
