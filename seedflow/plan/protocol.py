"""What the run sees of the planner: facts go in, settled tasks come out; no template, no recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from seedflow.plan.model import Grown, PublishedImage, Task, TaskFacts, Unsettled, Waiting


class Advance(Protocol):
    """The planner during a run. Not thread-safe; called from the event loop only."""

    def advance(self, facts: TaskFacts) -> None:
        """Take in what became of a task. Each task once."""

    def settle(self, address: str) -> Task | Grown | Waiting | Unsettled:
        """The task with everything known, or what it turned out to stand for; all that it needs has been advanced.

        Never beyond the plan's bounds. A task whose action is `skip` or `blocked` is not to be asked.
        """

    def outputs(self) -> tuple[Mapping[str, tuple[PublishedImage, ...]], tuple[Unsettled, ...]]:
        """What can be published of each output, and what cannot, from the facts so far."""
