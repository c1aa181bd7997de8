"""An order in which steps can run, each as early as its place in the text allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush


def sort_topologically(names: Sequence[str], ties: Iterable[tuple[str, str]]) -> list[str]:
    """The names in an order in which the first of each tie stands before the second, else as they are given.

    Those that are part of a cycle, or behind one, are missing.
    """
    position = {name: number for number, name in enumerate(names)}
    after: list[list[int]] = [[] for _ in names]
    open_ties = [0] * len(names)
    for first, second in set(ties):
        after[position[first]].append(position[second])
        open_ties[position[second]] += 1
    ready = [number for number, count in enumerate(open_ties) if not count]
    heapify(ready)
    order: list[str] = []
    while ready:
        number = heappop(ready)
        order.append(names[number])
        for behind in after[number]:
            open_ties[behind] -= 1
            if not open_ties[behind]:
                heappush(ready, behind)
    return order
