"""Which steps conditions may skip, and which mentions of a step may turn out to be of something skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seedflow.graph.model import EdgeKind, Frame, StepGraph, StepNode
from seedflow.graph.outputs import find_output
from seedflow.recipe.model import Output
from seedflow.recipe.references import Reference, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import FirstOf
from seedflow.recipe.templating.walking import walk


class Skipping:
    """What may be skipped of one graph."""

    def __init__(self, graph: StepGraph) -> None:
        self._graph = graph
        self._found: dict[str, bool] | None = None

    def may_skip(self, node: StepNode) -> bool:
        """Whether a condition may skip tasks of a step: its own, that of what it mentions, or that of its frame's step."""
        if self._found is None:
            self._found = {}
            self._find_all(self._found)
        return self._found.get(node.id, False)

    def may_skip_mentioned(self, target: StepNode, mention: StepReference) -> bool:
        """The same for what is mentioned of a step: of one that uses a recipe, an output that names what may be skipped."""
        if self.may_skip(target):
            return True
        frame = self._graph.frames.get(target.id)
        if frame is None:
            call = target.step.call
            return call is not None and call.recipe is None  # of one that could not be read, nobody knows
        return any(
            self._may_skip_template(output.images, output.images.references, frame)
            for output in _find_outputs(frame, mention)
        )

    def _find_all(self, found: dict[str, bool]) -> None:
        mentions: dict[str, dict[int, tuple[Template, list[Reference]]]] = {}
        for edge in self._graph.edges:
            if edge.kind is EdgeKind.MENTION and edge.template is not None and edge.reference is not None:
                of_target = mentions.setdefault(edge.target, {})
                _, references = of_target.setdefault(id(edge.template), (edge.template, []))
                references.append(edge.reference)
        for step_id in self._graph.order:
            node = self._graph.steps[step_id]
            call = node.frame.call
            found[step_id] = (
                node.step.when is not None
                or (call is not None and found.get(call.id, False))
                or any(
                    self._may_skip_template(template, references, node.frame)
                    for template, references in mentions.get(step_id, {}).values()
                )
            )

    def _may_skip_template(self, template: Template, references: Iterable[Reference], frame: Frame) -> bool:
        """Whether who mentions all this is skipped when something is: what has no other way, or all ways of a `first_of`."""
        steps = [one for one in references if isinstance(one, StepReference)]
        skipped = {one.start for one in steps if self._is_skippable(one, frame)}
        if not skipped:
            return False
        return any(one.start in skipped and not one.skip_ok for one in steps) or any(
            all(_has_any(skipped, argument.start, argument.end) for argument in node.arguments)
            for node in _find_first_ofs(template)
        )

    def _is_skippable(self, mention: StepReference, frame: Frame) -> bool:
        target = self._graph.steps.get(frame.step_id(mention.step))
        return target is not None and self.may_skip_mentioned(target, mention)


def _find_outputs(frame: Frame, mention: StepReference) -> list[Output]:
    """The outputs of a used recipe that a mention is about; all of them when it is about its tasks."""
    if mention.collection not in ("images", "outputs"):
        return list(frame.recipe.outputs.values())
    output = find_output(frame.recipe, mention)
    return [] if output is None else [output]


def _find_first_ofs(template: Template) -> Iterator[FirstOf]:
    for piece in template.pieces:
        if isinstance(piece, Template) and piece.expression is not None:
            yield from (node for node in walk(piece.expression) if isinstance(node, FirstOf))


def _has_any(places: set[int], start: int, end: int) -> bool:
    return any(start <= place < end for place in places)
