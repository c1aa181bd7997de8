"""What every family of rules looks at, gathered once: the graph, the catalog, what flows, and all templates in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from seedflow.diagnostics import Span
from seedflow.graph.facts import NO_FACTS, Facts, Known, find_optional, know, spell
from seedflow.graph.flow import Flow
from seedflow.graph.made import Made
from seedflow.graph.model import Frame, StepGraph, StepNode
from seedflow.graph.places import Place, find_all_places
from seedflow.models.catalog import Catalog
from seedflow.recipe.model import Call
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.statements import Print, Text
from seedflow.recipe.templating.walking import walk

SINGLE: Final = (Mentioned, Named)
"""Expressions that are one mention and nothing else."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention of a step that exists: `target` is the step that is meant, `facts` what is certain where it stands."""

    reference: StepReference
    target: StepNode
    place: Place
    facts: Facts = NO_FACTS

    @property
    def span(self) -> Span:
        """The whole mention in the text."""
        return self.place.template.span_of(self.reference)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked.

    `places` are all templates but plain text, steps first, then values and outputs. `mentions` are those of steps that
    exist. `literals` are the plain texts, in the same order. `composed` are the places where more stands than texts and single mentions. `made` knows what conditions leave no way to be skipped. Of a recipe that is used several times one frame is looked at: whatever is said of a recipe holds in all of them.
    `nodes` are the steps of these frames, those that use a recipe included; `requests` are those that make a request.
    """

    graph: StepGraph
    catalog: Catalog
    flow: Flow
    frames: tuple[Frame, ...]
    nodes: tuple[StepNode, ...]
    places: tuple[Place, ...]
    literals: tuple[Place, ...]
    composed: tuple[Place, ...]
    mentions: tuple[Mention, ...]
    made: Made

    @property
    def requests(self) -> Iterator[StepNode]:
        """The steps that make a request."""
        return (node for node in self.nodes if node.step.generate is not None)

    @property
    def calls(self) -> Iterator[tuple[StepNode, Call]]:
        """The steps that use a recipe."""
        return ((node, node.step.call) for node in self.nodes if node.step.call is not None)

    def find_made(self, part: Expression, place: Place, facts: Facts) -> Facts:
        """What is certain besides these facts of each `optional` in a part of a template: of what is never skipped it is never none."""
        found = NO_FACTS
        for node in walk(part):
            if isinstance(node, OrNone) and self._is_never_none(node, place, facts):
                key = spell(node, self.flow.certain.names_in(place.template, place.frame))
                found = found if key is None else found.both(know(key, Known(there=True)))
        return found

    def is_made(self, part: Expression, node: StepNode | None, frame: Frame, facts: Facts) -> bool:
        """Whether nothing that a part of a template mentions is ever skipped where these facts hold, as far as tests say."""
        mentions = [one.reference for one in walk(part) if isinstance(one, Mentioned)]
        targets = [self.flow.find_target(one, node, frame) for one in mentions]
        return bool(mentions) and all(
            target is not None
            and (
                self.made.is_made(target, mention, facts)
                or self._is_asked(target, mention, node, frame, facts)
            )
            for target, mention in zip(targets, mentions, strict=True)
        )

    def _is_never_none(self, node: OrNone, place: Place, facts: Facts) -> bool:
        if not self.is_made(node.argument, place.node, place.frame, facts):
            return False
        return not self.flow.shape_of_part(node.argument, place.node, place.frame, facts=facts).optional

    def _is_asked(
        self, target: StepNode, mention: StepReference, node: StepNode | None, frame: Frame, facts: Facts
    ) -> bool:
        """Whether a test made sure of something else that the same step gives, which gives all of it or none."""
        if target.step.for_each or not facts:
            return False
        asked = [find_optional(key) for key in facts.find_there()]
        asked.extend(self._find_references(node, frame, facts))
        return any(
            one is not None and one.step == mention.step and self._is_skipped_with(one, mention, target)
            for one in asked
        )

    def _is_skipped_with(self, one: StepReference, other: StepReference, target: StepNode) -> bool:
        """Whether two mentions of a step are skipped together: of a used recipe, where they are of one output."""
        if target.step.call is None:
            return True
        output = self.flow.find_call_output(target, one)
        of_outputs = {one.collection, other.collection} <= {"images", "outputs"}
        return of_outputs and output is not None and output is self.flow.find_call_output(target, other)

    def _find_references(self, node: StepNode | None, frame: Frame, facts: Facts) -> Iterator[StepReference]:
        """What the named references are made of that a test found, of those that are made of one mention alone."""
        generate = None if node is None else node.step.generate
        references = None if generate is None else generate.references
        if references is None or not references.named:
            return
        names = self.flow.certain.names(frame)
        for name, _ in references.names:
            key = spell(Named("ref", name, 0, 0, 0, 0), names)
            items = [item.template.expression for item in references.items if item.name == name]
            if key is None or len(items) != 1 or items[0] is None or not facts.is_there(key):
                continue
            made_of = [part for part in walk(items[0]) if isinstance(part, Mentioned | Named)]
            if len(made_of) == 1 and isinstance(made_of[0], Mentioned):
                yield made_of[0].reference


def build_subject(graph: StepGraph, catalog: Catalog) -> Subject:
    """Gather what the checks look at."""
    frames = tuple(_choose_frames(graph))
    paths = {frame.path for frame in frames}
    nodes = tuple(node for node in graph.steps.values() if node.frame.path in paths)
    places, literals = find_all_places(nodes, frames)
    flow = Flow(graph, catalog)
    made = Made(graph, flow.certain, flow.counts.skipping)
    mentions = tuple(_find_mentions(places, flow))
    composed = tuple(place for place in places if _is_composed(place.template))
    return Subject(graph, catalog, flow, frames, nodes, places, literals, composed, mentions, made)


def _is_composed(template: Template) -> bool:
    if template.form is TemplateForm.TEXT:
        return any(
            not isinstance(one, Text) and not (isinstance(one, Print) and isinstance(one.expression, SINGLE))
            for one in template.body
        )
    return not isinstance(template.expression, SINGLE)


def _choose_frames(graph: StepGraph) -> Iterator[Frame]:
    """The first frame of each recipe."""
    seen: set[int] = set()
    for frame in (graph.frame, *graph.frames.values()):
        if id(frame.recipe) not in seen:
            seen.add(id(frame.recipe))
            yield frame


def _find_mentions(places: Iterable[Place], flow: Flow) -> Iterator[Mention]:
    for place in places:
        mentions = [one for one in place.template.references if isinstance(one, StepReference)]
        if not mentions:
            continue
        certain = flow.certain.at(place)
        # Of a template that is a mention and nothing else, what its place makes certain is all there is.
        parts = (
            flow.certain.find_guarded(place.template, place.frame, certain)
            if not isinstance(place.template.expression, Mentioned)
            else ()
        )
        facts = {node.start: known for node, known in parts if isinstance(node, Mentioned)}
        for reference in mentions:
            target = flow.find_target(reference, place.node, place.frame)
            if target is not None:
                yield Mention(reference, target, place, facts.get(reference.start, certain))
