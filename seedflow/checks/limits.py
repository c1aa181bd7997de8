"""Limits that the recipe itself already passes, whatever its inputs are."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic


def check_limits(subject: Subject) -> Iterator[Diagnostic]:
    """The tasks that the recipe has for certain are not more than it allows itself."""
    allowed = subject.graph.recipe.limits.tasks
    if allowed is None:
        return
    counts = {
        step_id: subject.flow.counts.all_tasks(node).low
        for step_id, node in subject.graph.steps.items()
        if node.step.generate is not None
    }
    total = sum(counts.values())
    if total <= allowed:
        return
    largest = subject.graph.steps[max(counts, key=counts.__getitem__)]
    yield Diagnostic(
        "limit-too-low",
        f"the recipe has at least {total:,} tasks, {counts[largest.id]:,} of them in step `{largest.step.name}`, "
        f"and its limits allow {allowed:,}",
        largest.step.span,
        help=f"raise `limits.tasks` to {total:,} or more, or shorten the lists",
    )
