"""Cycles that are worth showing: each step that uses itself, and for each set of others one cycle as short as there is.

Listing all cycles takes exponential time and helps nobody. A shortest cycle through one node is a breadth-first search;
the shortest of all is found by searching from a node, taking it out, dropping what can no longer be part of a cycle, and
going on with what is left, each search no deeper than the best cycle so far. A ring is done after a single search.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

import networkx as nx

_MAX_VISITS = 5_000_000
"""Edges that are looked at before the best cycle found so far is good enough: seconds of work on a hostile graph."""


def find_shortest_cycles(graph: nx.DiGraph[str], position: Mapping[str, int]) -> Iterator[list[str]]:
    """Each node that points at itself, then one shortest other cycle of each strongly connected component.

    Both in the order of `position`. Each cycle begins with the node of it that comes first by `position`; of equally short
    ones the choice is the same on every run.
    """
    yield from ([node] for node in sorted(graph, key=position.__getitem__) if node in graph[node])
    components = [
        sorted(component, key=position.__getitem__)
        for component in nx.strongly_connected_components(graph)
        if len(component) > 1
    ]
    components.sort(key=lambda component: position[component[0]])
    left = _MAX_VISITS
    for component in components:
        search = _Search(graph, component, left)
        cycle = search.run()
        left = max(search.visits_left, 0)
        first = cycle.index(min(cycle, key=position.__getitem__))
        yield cycle[first:] + cycle[:first]


class _Search:
    """The search in one component; `visits_left` runs down with each edge that is looked at."""

    def __init__(self, graph: nx.DiGraph[str], component: list[str], visits_left: int) -> None:
        self._nodes = component
        self._alive = set(component)
        self._after = {
            node: [other for other in graph[node] if other in self._alive and other != node]
            for node in component
        }
        self._before: dict[str, list[str]] = {node: [] for node in component}
        for node, others in self._after.items():
            for other in others:
                self._before[other].append(node)
        self._after_left = {node: len(others) for node, others in self._after.items()}
        self._before_left = {node: len(others) for node, others in self._before.items()}
        self.visits_left = visits_left

    def run(self) -> list[str]:
        """A shortest cycle of the component."""
        best: list[str] = []
        for node in self._nodes:
            if node not in self._alive:
                continue
            found = self._shortest_through(node, len(best) - 1 if best else len(self._nodes))
            if found:
                best = found
            if len(best) == 2 or (best and self.visits_left <= 0):
                break
            self._take_out(node)
        return best

    def _shortest_through(self, start: str, longest: int) -> list[str]:
        """A shortest cycle through `start` of at most `longest` nodes, or nothing."""
        came_from: dict[str, str] = {}
        depth = {start: 1}
        queue = deque([start])
        while queue:
            node = queue.popleft()
            if depth[node] > longest:
                return []
            for other in self._after[node]:
                self.visits_left -= 1
                if other == start:
                    return _walk_back(came_from, start, node)
                if other not in depth and other in self._alive:
                    depth[other] = depth[node] + 1
                    came_from[other] = node
                    queue.append(other)
        return []

    def _take_out(self, node: str) -> None:
        """Drop a node, and then every other one that nothing leads to or that leads nowhere."""
        waiting = [node]
        self._alive.discard(node)
        while waiting:
            gone = waiting.pop()
            for links, left in ((self._after, self._before_left), (self._before, self._after_left)):
                for other in links[gone]:
                    left[other] -= 1
                    if left[other] == 0 and other in self._alive:
                        self._alive.discard(other)
                        waiting.append(other)


def _walk_back(came_from: Mapping[str, str], start: str, last: str) -> list[str]:
    cycle = [last]
    while cycle[-1] != start:
        cycle.append(came_from[cycle[-1]])
    return cycle[::-1]
