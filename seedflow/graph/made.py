"""Whether a step is certainly made wherever a condition holds: its own condition, and those of all that it uses, follow from that."""

from __future__ import annotations

from collections.abc import Sequence

from seedflow.graph.certain import Certain
from seedflow.graph.facts import Facts
from seedflow.graph.guards import learn
from seedflow.graph.model import EdgeKind, StepGraph, StepNode
from seedflow.graph.skipped import Skipping
from seedflow.recipe.references import NameReference, Reference, StepReference
from seedflow.recipe.template import Template

_OF_THE_TASK = frozenset(("each", "prev"))
"""What has another value in each task of a step, so that two conditions that look at it may differ."""
_MOST_STEPS = 500
"""How many steps are looked at for one mention, so that the time stays linear in the size of a recipe."""


class Made:
    """Answers for one graph. Whatever cannot be proved may be skipped."""

    def __init__(self, graph: StepGraph, certain: Certain, skipping: Skipping) -> None:
        self._graph = graph
        self._certain = certain
        self._skipping = skipping
        self._sources: dict[str, list[tuple[StepNode, Reference | None]]] | None = None

    def is_made(self, target: StepNode, mention: StepReference, facts: Facts) -> bool:
        """Whether nothing that a mention is about is skipped where these facts of the same recipe hold."""
        if not self._skipping.may_skip_mentioned(target, mention):
            return True
        return target.step.call is None and self._is_made(target, facts)

    def _is_made(self, target: StepNode, facts: Facts) -> bool:
        """Whether the conditions of a step, and of every step that it stands on, follow from the facts."""
        waiting, seen = [target], {target.id}
        while waiting:
            node = waiting.pop()
            if not self._skipping.may_skip(node):
                continue
            if not self._follows(node, facts) or len(seen) > _MOST_STEPS:
                return False
            for source, mention in self._find_sources(node):
                if source.step.call is not None and self._may_lack(source, mention):
                    return False
                if source.id not in seen:
                    seen.add(source.id)
                    waiting.append(source)
        return True

    def _may_lack(self, call: StepNode, mention: Reference | None) -> bool:
        """Whether what is mentioned of a step that uses a recipe may be skipped: by conditions inside, of which these facts say nothing."""
        if isinstance(mention, StepReference):
            return self._skipping.may_skip_mentioned(call, mention)
        return self._skipping.may_skip(call)

    def _follows(self, node: StepNode, facts: Facts) -> bool:
        call = node.frame.call
        if node.step.call is not None or (call is not None and self._skipping.may_skip(call)):
            return False  # what a caller gives may be skipped without the use as a whole
        return node.step.when is None or self._holds(node.step.when, node, facts)

    def _holds(self, when: Template, node: StepNode, facts: Facts) -> bool:
        names = [one.root for one in when.references if isinstance(one, NameReference)]
        if when.expression is None or when.unread or not _OF_THE_TASK.isdisjoint(names):
            return False
        mentions = [one for one in when.references if isinstance(one, StepReference)]
        if any(one.selector is not None for one in mentions):
            return False  # it may choose by the values of its own task
        refuted = learn(when.expression, self._certain.names(node.frame), holds=False)
        return facts.both(refuted).never

    def _find_sources(self, node: StepNode) -> Sequence[tuple[StepNode, Reference | None]]:
        """The steps that one mentions, each with the mention."""
        if self._sources is None:
            self._sources = {}
            for edge in self._graph.edges:
                if edge.kind is EdgeKind.MENTION:
                    self._sources.setdefault(edge.target, []).append(
                        (self._graph.steps[edge.source], edge.reference)
                    )
        return self._sources.get(node.id, ())
