"""How far a run is: how many tasks have ended, and how many there are, which may grow known only while it runs."""

from __future__ import annotations

from seedflow.plan.model import Bounds
from seedflow.run.events import Event, EventKind


class Progress:
    """Counts tasks by the events of a run. One that stands for others counts for as many as these may be.

    Args:
        tasks: how many there are as the plan says, until the events have said it.
    """

    def __init__(self, tasks: Bounds[int]) -> None:
        self._planned = tasks
        self._single: set[str] = set()
        self._groups: dict[str, Bounds[int]] = {}
        self._ended = 0

    @property
    def ended(self) -> int:
        """How many tasks have ended."""
        return self._ended

    @property
    def tasks(self) -> Bounds[int]:
        """How many tasks there are, ended or not."""
        if not self._single and not self._groups:
            return self._planned
        low = sum(group.low for group in self._groups.values())
        high = sum(group.high for group in self._groups.values())
        return Bounds(len(self._single) + low, len(self._single) + high)

    def take_in(self, event: Event) -> None:
        """Note what an event says about tasks."""
        address = event.address or ""
        match event.kind:
            case EventKind.TASK_PLANNED:
                bounds = event.data.get("tasks")
                if isinstance(bounds, list):
                    self._groups[address] = Bounds(*bounds)
                else:
                    self._single.add(address)
            case EventKind.TASK_GROWN:
                self._groups.pop(address, None)
            case EventKind.TASK_FINISHED:
                if self._groups.pop(address, None) is not None:
                    self._single.add(address)  # it came to nothing, and counts as the one that it is
                self._ended += 1
            case _:
                pass

    def spell(self) -> str:
        """`12 of 34`, or `12 of 34–50` as long as nobody knows."""
        low, high = self.tasks
        return f"{self._ended:,} of {low:,}" if low == high else f"{self._ended:,} of {low:,}–{high:,}"

    def fill(self, columns: int) -> int:
        """How many of these columns are full."""
        return columns * self._ended // max(1, self.tasks.high)
