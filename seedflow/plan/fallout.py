"""What follows from an error: of steps that stand on one that cannot be planned, nothing is told that rests on how much it gives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.model import StepGraph, StepNode
from seedflow.graph.waits import find_waits
from seedflow.plan.judge import Findings

_OF_AMOUNTS: Final = frozenset(
    (
        "empty-slice",
        "no-such-image",
        "no-such-task",
        "nothing-to-apply",
        "over-limit",
        "template-absent-reference",
        "too-few-values",
        "too-many-items",
        "too-many-together",
        "too-many-values",
        "unequal-lists",
    )
)
"""Errors that may be none once there are as many as were meant."""


class Fallout:
    """Gathers the steps of one plan that have errors."""

    def __init__(self, graph: StepGraph) -> None:
        self._graph = graph
        self._broken: set[str] = set()

    def keep(self, node: StepNode, found: Findings) -> Findings:
        """What of the findings of a step is so whatever the steps before it will be."""
        kept = found
        if self._broken and self._rests_on_error(node):
            kept = found.only(_is_its_own)
        if kept.has_errors:
            self._broken.add(node.id)
        return kept

    @cached_property
    def _waits(self) -> Mapping[str, tuple[str, ...]]:
        return find_waits(self._graph)

    def _rests_on_error(self, node: StepNode) -> bool:
        seen: set[str] = set()
        left = list(self._waits.get(node.id, ()))
        while left:
            one = left.pop()
            if one in self._broken:
                return True
            if one not in seen:
                seen.add(one)
                left.extend(self._waits.get(one, ()))
        return False


def _is_its_own(problem: Diagnostic) -> bool:
    return problem.severity is Severity.ERROR and problem.code not in _OF_AMOUNTS
