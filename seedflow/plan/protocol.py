"""What the run sees of the planner: facts go in, settled tasks come out; no template, no recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from seedflow.plan.model import PublishedImage, Task, TaskFacts, Unsettled


class Advance(Protocol):
    """The planner during a run. Not thread-safe; called from the event loop only."""

    def advance(self, facts: TaskFacts) -> None:
        """Take in what became of a task. Each task once."""

    def settle(self, address: str) -> Task | Unsettled:
        """The task with everything known; all that it needs has been advanced. Never beyond the plan's bounds."""

    def outputs(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published of each output, and what cannot, from the facts so far."""
