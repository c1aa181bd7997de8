"""Entry of stage 2: a recipe to its `StepGraph`. The mention is the edge; nothing else declares order but `needs:`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import networkx as nx

from seedflow.diagnostics import Diagnostic, Related, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.cycles import find_shortest_cycles
from seedflow.graph.model import Edge, Frame, StepGraph, StepNode
from seedflow.graph.outputs import find_outputs
from seedflow.graph.places import Part, Place, find_recipe_places, find_step_places
from seedflow.models.catalog import Catalog
from seedflow.recipe.model import Recipe
from seedflow.recipe.references import StepReference


def build_graph(recipe: Recipe, catalog: Catalog) -> tuple[StepGraph, list[Diagnostic]]:  # noqa: ARG001 - `recipe:` steps will ask it
    """The graph of a recipe's steps, and what is wrong with its references.

    A graph is given in any case, so that the checks can go on and all problems come in one go: a mention of an unknown
    step makes no edge. With errors among the diagnostics it is for checking only. Takes time linear in steps and mentions.
    """
    frame = Frame("", recipe)
    steps = {
        frame.step_id(name): StepNode(frame.step_id(name), step, frame) for name, step in recipe.steps.items()
    }
    edges: list[Edge] = []
    diagnostics: list[Diagnostic] = []
    for node in steps.values():
        for place in find_step_places(node):
            _connect(node, place, steps, edges, diagnostics)
        for name, span in node.step.needs:
            source = steps.get(frame.step_id(name))
            if source is None:
                diagnostics.extend(_unknown_step(name, span, steps, recipe))
            else:
                edges.append(Edge(source.id, node.id, "needs", needs_span=span))
    for place in find_recipe_places(recipe):
        diagnostics.extend(_unknown_in(place, frame, steps))
    order, cycles = _sort(steps, edges)
    diagnostics.extend(cycles)
    outputs = find_outputs(recipe, steps, edges)
    return StepGraph(recipe, steps, tuple(edges), order, outputs), diagnostics


def _connect(
    node: StepNode,
    place: Place,
    steps: Mapping[str, StepNode],
    edges: list[Edge],
    diagnostics: list[Diagnostic],
) -> None:
    for reference in place.template.references:
        if not isinstance(reference, StepReference):
            continue
        source = steps.get(node.frame.step_id(reference.step))
        if source is None:
            diagnostics.extend(_unknown_mention(place, reference, steps, node.frame.recipe))
            continue
        parameter = "for_each" if place.part is Part.FOR_EACH else place.name
        edges.append(Edge(source.id, node.id, parameter, place.template, reference))


def _unknown_in(place: Place, frame: Frame, steps: Mapping[str, StepNode]) -> Iterator[Diagnostic]:
    for reference in place.template.references:
        if isinstance(reference, StepReference) and frame.step_id(reference.step) not in steps:
            yield from _unknown_mention(place, reference, steps, frame.recipe)


def _unknown_mention(
    place: Place, reference: StepReference, steps: Mapping[str, StepNode], recipe: Recipe
) -> Iterator[Diagnostic]:
    span = place.template.scalar.span_at(reference.name_start, reference.name_end)
    return _unknown_step(reference.step, span, steps, recipe)


def _unknown_step(
    name: str, span: Span, steps: Mapping[str, StepNode], recipe: Recipe
) -> Iterator[Diagnostic]:
    if recipe.may_have("steps", name):
        return
    near = find_near(name, (*steps, *recipe.list_unread("steps")))
    yield Diagnostic(
        "unknown-step",
        f"there is no step `{name}`; expected one of the recipe's steps",
        span,
        help=f"did you mean `{near}`?" if near is not None else "name a step that stands under `steps:`",
    )


def _sort(steps: Mapping[str, StepNode], edges: Iterable[Edge]) -> tuple[tuple[str, ...], list[Diagnostic]]:
    position = {step_id: number for number, step_id in enumerate(steps)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(steps)
    graph.add_edges_from((edge.source, edge.target) for edge in edges)
    order: list[str] = []
    try:
        order.extend(nx.lexicographical_topological_sort(graph, key=position.__getitem__))
    except nx.NetworkXUnfeasible:
        placed = set(order)
        order.extend(step_id for step_id in steps if step_id not in placed)
        return tuple(order), _describe_cycles(graph, position, edges)
    return tuple(order), []


def _describe_cycles(
    graph: nx.DiGraph[str], position: Mapping[str, int], edges: Iterable[Edge]
) -> list[Diagnostic]:
    first_edges: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        first_edges.setdefault((edge.source, edge.target), edge)
    return [
        _describe_cycle([first_edges[pair] for pair in zip(cycle, (*cycle[1:], cycle[0]), strict=True)])
        for cycle in find_shortest_cycles(graph, position)
    ]


def _describe_cycle(cycle: list[Edge]) -> Diagnostic:
    if len(cycle) == 1:
        (edge,) = cycle
        return Diagnostic(
            "cycle",
            f"step `{edge.target}` uses itself: {edge.source} → {edge.target}; a step can only use the results of other steps",
            edge.span,
            help="mention another step here, or an input",
        )
    spelled = " → ".join([edge.source for edge in cycle] + [cycle[0].source])
    return Diagnostic(
        "cycle",
        f"these steps wait for each other, so that none could ever start: {spelled}",
        cycle[0].span,
        help="take out one of these mentions, so that one of the steps can start",
        related=tuple(Related(edge.span, f"{edge.target} uses {edge.source} here") for edge in cycle[1:]),
    )
