"""Which steps stand on something that has errors: what bounds them may be written there, so that no doubt follows from its absence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from seedflow.graph.mistakes import is_sure_input, is_unread
from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.places import find_step_places
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template


class Unsure:
    """Answers for one graph, by following what each step mentions. `is_sure` of a step whose own amounts are beyond doubt."""

    def __init__(self, graph: StepGraph, is_sure: Callable[[StepNode], bool]) -> None:
        self._graph = graph
        self._is_sure = is_sure

    def is_unsure(self, node: StepNode) -> bool:
        """Whether a step, or anything that it mentions directly or through others, could not be read in full."""
        seen = {node.id}
        left = [node]
        while left:
            one = left.pop()
            if is_unread(one.frame, "steps", one.step.name) or not self._is_sure(one):
                return True
            frame = self._graph.frames.get(one.id)
            if frame is not None and frame.recipe.unread:
                return True
            around = [] if one.frame.call is None else [one.frame.call]
            for target in (*around, *self._list_mentioned(one)):
                if target is None:
                    return True
                if target.id not in seen:
                    seen.add(target.id)
                    left.append(target)
        return False

    def _list_mentioned(self, node: StepNode) -> Iterator[StepNode | None]:
        """The steps that one mentions; None for whatever could not be read, or is not there."""
        recipe = node.frame.recipe
        left = [place.template for place in find_step_places(node)]
        values: set[str] = set()
        while left:
            template = left.pop()
            if template.unread:
                yield None
            for reference in template.references:
                if isinstance(reference, StepReference):
                    yield self._graph.steps.get(node.frame.step_id(reference.step))
                elif reference.root == "inputs" and not _is_sure_input(reference, node.frame):
                    yield None
                elif reference.root == "values" and reference.path and reference.name not in values:
                    values.add(reference.name)
                    value: Template | None = recipe.values.get(reference.name)
                    if value is None:
                        yield None
                    else:
                        left.append(value)


def _is_sure_input(reference: NameReference, frame: Frame) -> bool:
    if not reference.path:
        return not any(path[0] == "inputs" for path in frame.recipe.unread)
    return is_sure_input(reference.name, frame)
