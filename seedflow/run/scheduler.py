"""Which tasks are ready: a pure state machine over addresses and hubs. No I/O, no clock, no event loop.

A task that needs a whole step waits for that step's hub, so N tasks that use M tasks cost N + M and not N × M.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """One task: its address, its step, and the addresses or steps that must be finished before it."""

    address: str
    step: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A task that cannot run, since `cause` gave nothing."""

    address: str
    cause: str


class Scheduler:
    """Hands out tasks in plan order as soon as all that they need is there."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = {node.address: node for node in nodes}
        self._order = {node.address: number for number, node in enumerate(nodes)}
        self._open_in_step: dict[str, int] = defaultdict(int)
        for node in nodes:
            self._open_in_step[node.step] += 1
        self._hub_cause: dict[str, str] = {}
        self._dependents: dict[str, list[str]] = defaultdict(list)
        self._missing: dict[str, int] = {}
        self._ready: list[tuple[int, str]] = []
        self._open = set(self._nodes)
        for node in nodes:
            needs = set(node.needs)
            for need in needs:
                if need not in self._nodes and need not in self._open_in_step:
                    self._open_in_step[need] = 0
                self._dependents[need].append(node.address)
            self._missing[node.address] = sum(1 for need in needs if self._waits_for(need))
            if not self._missing[node.address]:
                self._push(node.address)

    @property
    def finished(self) -> bool:
        """Whether every task has ended."""
        return not self._open

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The tasks that have not ended, in plan order."""
        return tuple(sorted(self._open, key=self._order.__getitem__))

    def pop_ready(self) -> str | None:
        """The next task to start, or None when none is ready now."""
        return heapq.heappop(self._ready)[1] if self._ready else None

    def finish(self, address: str, *, gave_images: bool) -> list[Blocked]:
        """A task ended. Gives the tasks that are blocked for good now, their dependants included; they have ended, too."""
        blocked: list[Blocked] = []
        queue: list[tuple[str, str | None]] = [(address, None if gave_images else address)]
        while queue:
            ended, cause = queue.pop()
            self._open.discard(ended)
            for need, need_cause in self._released_by(ended, cause):
                for dependent in self._dependents.get(need, ()):
                    if dependent not in self._open:
                        continue
                    if need_cause is not None:
                        self._open.discard(dependent)
                        blocked.append(Blocked(dependent, need_cause))
                        queue.append((dependent, need_cause))
                        continue
                    self._missing[dependent] -= 1
                    if not self._missing[dependent]:
                        self._push(dependent)
        return blocked

    def _released_by(self, address: str, cause: str | None) -> Iterable[tuple[str, str | None]]:
        step = self._nodes[address].step
        if step != address:
            yield address, cause
        self._open_in_step[step] -= 1
        if cause is not None:
            self._hub_cause.setdefault(step, cause)
        if not self._open_in_step[step]:
            yield step, self._hub_cause.get(step)

    def _waits_for(self, need: str) -> bool:
        return need in self._nodes or self._open_in_step[need] > 0

    def _push(self, address: str) -> None:
        heapq.heappush(self._ready, (self._order[address], address))
