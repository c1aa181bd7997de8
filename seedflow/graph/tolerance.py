"""Which steps go on without the failed tasks of others, because they mention them inside `succeeded()` alone."""

from __future__ import annotations

from collections.abc import Mapping

from seedflow.graph.model import EdgeKind, StepGraph
from seedflow.recipe.references import StepReference


def find_tolerated(graph: StepGraph) -> Mapping[str, tuple[str, ...]]:
    """By the id of a step, the ids of the steps whose failed tasks it goes on without, in order of mention."""
    tolerated: dict[tuple[str, str], bool] = {}
    for edge in graph.edges:
        if edge.kind is not EdgeKind.MENTION:
            continue
        ok = isinstance(edge.reference, StepReference) and edge.reference.fail_ok
        pair = (edge.target, edge.source)
        tolerated[pair] = tolerated.get(pair, True) and ok
    found: dict[str, list[str]] = {}
    for (target, source), ok in tolerated.items():
        if ok:
            found.setdefault(target, []).append(source)
    return {target: tuple(sources) for target, sources in found.items()}
