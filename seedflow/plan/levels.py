"""How deep each step stands: how many steps come before it, one behind the other."""

from __future__ import annotations

from seedflow.graph.model import StepGraph


def find_levels(graph: StepGraph) -> dict[str, int]:
    """The level of each step; those of a used recipe begin with that of the step that uses it."""
    levels: dict[str, int] = {}
    for step_id in graph.order:
        node = graph.steps[step_id]
        base = levels.get(node.frame.call.id, 0) if node.frame.call is not None else 0
        levels[step_id] = max([base, *(levels.get(need, 0) + 1 for need in graph.needs(step_id))])
    return levels
