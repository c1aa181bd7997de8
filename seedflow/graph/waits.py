"""Which steps each step waits for, those included whose images come to it from around the used recipe that it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from seedflow.graph.model import StepGraph, StepNode
from seedflow.graph.places import Part, Place, find_step_places
from seedflow.graph.wiring import find_inputs_behind, list_inputs_of
from seedflow.recipe.model import Recipe
from seedflow.recipe.references import StepReference


def find_waits(graph: StepGraph) -> dict[str, tuple[str, ...]]:
    """By step, the ids of those that it waits for, each once: its own first, then those of the steps around it."""
    finder = _Finder()
    return {
        step_id: tuple(need for need in finder.find(graph.steps[step_id]) if need in graph.steps)
        for step_id in graph.order
    }


@dataclass(slots=True)
class _Finder:
    _behind: dict[int, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def find(self, node: StepNode) -> dict[str, None]:
        """What a step needs itself, and what the uses around it need for it."""
        return dict.fromkeys(self._of(node, list(find_step_places(node))))

    def _of(self, node: StepNode, places: Iterable[Place]) -> Iterator[str]:
        """What some places of a step wait for. All that stands in a use waits for its loops, its condition and its `needs`."""
        frame = node.frame
        inputs: dict[str, None] = {}
        for place in places:
            for reference in place.template.references:
                if isinstance(reference, StepReference):
                    yield frame.step_id(reference.step)
                elif reference.path:
                    inputs.update(dict.fromkeys(list_inputs_of(reference, self._find_behind(frame.recipe))))
        yield from (frame.step_id(name) for name, _ in node.step.needs)
        if frame.call is not None:
            around = find_step_places(frame.call)
            yield from self._of(
                frame.call, [place for place in around if place.part is not Part.WITH or place.name in inputs]
            )

    def _find_behind(self, recipe: Recipe) -> Mapping[str, tuple[str, ...]]:
        if id(recipe) not in self._behind:
            self._behind[id(recipe)] = find_inputs_behind(recipe)
        return self._behind[id(recipe)]
