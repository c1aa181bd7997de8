"""References that are there in every task, by the numbers of a plan: what the text alone doubted of them is settled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from seedflow.diagnostics import Diagnostic, Span
from seedflow.graph.model import StepGraph
from seedflow.plan.model import Action, PendingImages, Task

_Written: TypeAlias = "tuple[Span, str | None]"
"""The place of a step, and the name of one of its references."""


class SureReferences:
    """Answers for the tasks of one plan. What may be skipped gives no image for certain, whoever mentions it."""

    def __init__(self, graph: StepGraph, tasks: Iterable[Task]) -> None:
        self._written: dict[Span, _Written] = {}
        self._tasks: dict[Span, list[Task]] = {}
        self._open: set[str] = set()
        for node in graph.steps.values():
            written = node.step.generate.references if node.step.generate is not None else None
            for item in written.items if written is not None else ():
                self._written.setdefault(item.template.scalar.span, (node.step.span, item.name))
        for task in tasks:
            if task.action is not Action.SKIP:
                self._tasks.setdefault(task.origin.span, []).append(task)
                if not task.images.low:
                    self._open.update((task.address, *task.hubs))

    def settle(self, doubt: Diagnostic) -> bool:
        """Whether a doubt is about a reference, at its first note, of which each task that may be asked has an image at least.

        With too few values in doubt, it is about all references together.
        """
        written = self._written.get(doubt.related[0].span) if doubt.related else None
        if written is None:
            return False
        span, name = written
        together = doubt.code == "too-few-values"
        return all(
            any(self._is_sure(one.image) for one in task.references if together or one.name == name)
            for task in self._tasks.get(span, ())
        )

    def _is_sure(self, image: object) -> bool:
        if not isinstance(image, PendingImages):
            return True
        return image.count.low > 0 and self._open.isdisjoint(image.awaited)
