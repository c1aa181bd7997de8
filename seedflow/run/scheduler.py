"""Which tasks are ready: a pure state machine over addresses and hubs. No I/O, no clock, no event loop.

A task that needs a whole step waits for that step's hub, so N tasks that use M tasks cost N + M and not N × M. Tasks may be
added while others run: a hub has not ended as long as something in it has not.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """One task: its address, the wholes that it is part of, and the addresses or wholes that must have ended before it.

    `depth` counts the steps before it. Of tasks that are ready the deeper ones come first, so that one item is finished
    before the next one is begun, while its images are fresh.
    """

    address: str
    hubs: tuple[str, ...]
    needs: tuple[str, ...]
    depth: int = 0


class Scheduler:
    """Hands out tasks as soon as all that they need has ended, in whatever way: who goes on is not decided here."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes: dict[str, Node] = {}
        self._order: dict[str, int] = {}
        self._open_in_hub: dict[str, int] = defaultdict(int)
        self._dependents: dict[str, list[str]] = defaultdict(list)
        self._missing: dict[str, int] = {}
        self._ready: list[tuple[int, int, str]] = []
        self._open: dict[str, None] = {}
        self.add(nodes)

    @property
    def finished(self) -> bool:
        """Whether every task has ended."""
        return not self._open

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The tasks that have not ended, in the order in which they were added."""
        return tuple(self._open)

    def add(self, nodes: Iterable[Node]) -> None:
        """Take in further tasks. Those that they need, and that are not ended, are among them or were added before."""
        added = list(nodes)
        for node in added:
            self._nodes[node.address] = node
            self._order[node.address] = len(self._order)
            self._open[node.address] = None
            for hub in node.hubs:
                self._open_in_hub[hub] += 1
        for node in added:
            self._wait(node.address, node.needs)

    def pop_ready(self) -> str | None:
        """The next task to start, or None when none is ready now."""
        return heapq.heappop(self._ready)[2] if self._ready else None

    def wait_again(self, address: str, needs: Iterable[str]) -> bool:
        """A task that was handed out needs more to end first. False when all of that has ended already."""
        self._wait(address, needs)
        return self._missing[address] > 0

    def finish(self, address: str) -> None:
        """A task ended, and so may be the wholes that it was part of."""
        del self._open[address]
        self._release(address)
        for hub in self._nodes[address].hubs:
            self._open_in_hub[hub] -= 1
            if not self._open_in_hub[hub] and hub not in self._open:
                self._release(hub)

    def _release(self, need: str) -> None:
        for dependent in self._dependents.pop(need, ()):
            self._missing[dependent] -= 1
            if not self._missing[dependent]:
                self._push(dependent)

    def _wait(self, address: str, needs: Iterable[str]) -> None:
        missing = 0
        for need in dict.fromkeys(needs):
            if self._waits_for(need):
                self._dependents[need].append(address)
                missing += 1
        self._missing[address] = missing
        if not missing:
            self._push(address)

    def _waits_for(self, need: str) -> bool:
        return need in self._open if need in self._nodes else self._open_in_hub.get(need, 0) > 0

    def _push(self, address: str) -> None:
        heapq.heappush(self._ready, (-self._nodes[address].depth, self._order[address], address))
