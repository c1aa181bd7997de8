"""References that are there in every task, by the numbers of a plan: what the text alone doubted of them is settled."""

from __future__ import annotations

from collections.abc import Iterable

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import StepGraph
from seedflow.plan.model import Action, PendingImages, Task


def is_sure_reference(doubt: Diagnostic, graph: StepGraph, tasks: Iterable[Task]) -> bool:
    """Whether a doubt is about a reference, named at its first note, of which each task that may be asked has an image at least.

    With too few values in doubt, it is about all references together.
    """
    beside = doubt.related[0].span if doubt.related else None
    found = [
        (node.step.span, item.name)
        for node in graph.steps.values()
        if node.step.generate is not None and node.step.generate.references is not None
        for item in node.step.generate.references.items
        if item.template.scalar.span == beside
    ]
    if beside is None or not found:
        return False
    span, name = found[0]
    together = doubt.code == "too-few-values"
    return all(
        _count_least(task, name, together=together) > 0
        for task in tasks
        if task.origin.span == span and task.action is not Action.SKIP
    )


def _count_least(task: Task, name: str | None, *, together: bool) -> int:
    """How many images a task has under a name at least, or under any."""
    images = (reference.image for reference in task.references if together or reference.name == name)
    return sum(image.count.low if isinstance(image, PendingImages) else 1 for image in images)
