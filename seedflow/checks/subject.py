"""What every family of rules looks at, gathered once: the graph, the catalog, what flows, and all templates in place."""

from __future__ import annotations

from dataclasses import dataclass

from seedflow.graph.flow import Flow
from seedflow.graph.model import StepGraph
from seedflow.graph.places import Place, find_recipe_places, find_step_places
from seedflow.models.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked. `places` are the templates that mention anything, steps first, then values and outputs."""

    graph: StepGraph
    catalog: Catalog
    flow: Flow
    places: tuple[Place, ...]


def build_subject(graph: StepGraph, catalog: Catalog) -> Subject:
    """Gather what the checks look at."""
    places = [place for node in graph.steps.values() for place in find_step_places(node)]
    places.extend(find_recipe_places(graph.recipe))
    return Subject(graph, catalog, Flow(graph, catalog), tuple(places))
