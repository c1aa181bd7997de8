"""What every family of rules looks at, gathered once: the graph, the catalog, what flows, and all templates in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seedflow.diagnostics import Span
from seedflow.graph.flow import Flow
from seedflow.graph.model import StepGraph, StepNode
from seedflow.graph.places import Part, Place, find_recipe_places, find_step_places
from seedflow.models.catalog import Catalog
from seedflow.recipe.references import StepReference


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention of a step that exists: `target` is the step that is meant."""

    reference: StepReference
    target: StepNode
    place: Place

    @property
    def span(self) -> Span:
        """The whole mention in the text."""
        return self.place.template.span_of(self.reference)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked.

    `places` are all templates but plain text, steps first, then values and outputs. `mentions` are those of steps that
    exist, lists of `for_each` excepted, which may not mention any yet.
    """

    graph: StepGraph
    catalog: Catalog
    flow: Flow
    places: tuple[Place, ...]
    mentions: tuple[Mention, ...]


def build_subject(graph: StepGraph, catalog: Catalog) -> Subject:
    """Gather what the checks look at."""
    places = [place for node in graph.steps.values() for place in find_step_places(node)]
    places.extend(find_recipe_places(graph.recipe))
    flow = Flow(graph, catalog)
    return Subject(graph, catalog, flow, tuple(places), tuple(_find_mentions(places, flow)))


def _find_mentions(places: Iterable[Place], flow: Flow) -> Iterator[Mention]:
    for place in places:
        if place.part is Part.FOR_EACH:
            continue
        for reference in place.template.references:
            if isinstance(reference, StepReference):
                target = flow.find_target(reference, place.node)
                if target is not None:
                    yield Mention(reference, target, place)
