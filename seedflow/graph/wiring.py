"""One recipe by itself: who of its steps uses whom, an order, and what leads in and out when another recipe uses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import networkx as nx

from seedflow.diagnostics import Diagnostic, Related, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.cycles import find_shortest_cycles
from seedflow.graph.model import Edge, EdgeKind, Frame, StepNode
from seedflow.graph.places import Part, Place, find_recipe_places, find_step_places
from seedflow.recipe.model import Recipe
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.values import order_values

_KEYS: Mapping[Part, str] = {
    Part.FOR_EACH: "for_each",
    Part.ITERATE_OVER: "iterate",
    Part.ITERATE_START: "iterate",
    Part.WITH: "with",
    Part.EXPECT: "expect",
}
"""What an edge calls a place that is not a parameter."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What ties the steps of one recipe together, all of them by the names that the recipe gives them.

    `edges` are by their target. `crossings` have an empty end where the step stands that uses this recipe.
    """

    edges: Mapping[str, tuple[Edge, ...]]
    order: tuple[str, ...]
    crossings: tuple[Edge, ...]
    diagnostics: tuple[Diagnostic, ...]


def wire_recipe(recipe: Recipe) -> Wiring:
    """Find every tie between the steps of a recipe, and every mention of a step that it has not."""
    frame = Frame("", recipe)
    edges: dict[str, tuple[Edge, ...]] = {}
    crossings: list[Edge] = []
    diagnostics: list[Diagnostic] = []
    behind = find_inputs_behind(recipe)
    for name, step in recipe.steps.items():
        node = StepNode(name, step, frame)
        places = list(find_step_places(node))
        found = [edge for place in places for edge in _connect(node, place, recipe, diagnostics)]
        for needed, span in step.needs:
            if needed in recipe.steps:
                found.append(Edge(needed, name, "needs", needs_span=span, kind=EdgeKind.NEEDS))
            else:
                diagnostics.extend(_unknown_step(needed, span, recipe))
        edges[name] = tuple(found)
        crossings.extend(_lead_in(name, places, behind))
    for place in find_recipe_places(frame):
        for reference in place.template.references:
            if not isinstance(reference, StepReference):
                continue
            if reference.step not in recipe.steps:
                diagnostics.extend(_unknown_mention(place, reference, recipe))
            elif place.part is Part.OUTPUT:
                crossings.append(
                    Edge(reference.step, "", place.name, place.template, reference, kind=EdgeKind.OUT_OF)
                )
    order, cycles = _sort(recipe, [edge for found in edges.values() for edge in found])
    return Wiring(edges, order, tuple(crossings), (*diagnostics, *cycles))


def _connect(node: StepNode, place: Place, recipe: Recipe, diagnostics: list[Diagnostic]) -> Iterator[Edge]:
    for reference in place.template.references:
        if not isinstance(reference, StepReference):
            continue
        if reference.step in recipe.steps:
            parameter = _KEYS.get(place.part, place.name)
            yield Edge(reference.step, node.id, parameter, place.template, reference)
        else:
            diagnostics.extend(_unknown_mention(place, reference, recipe))


def find_inputs_behind(recipe: Recipe) -> Mapping[str, tuple[str, ...]]:
    """The inputs that each value looks at, directly or through other values."""
    found: dict[str, tuple[str, ...]] = {}
    for name in order_values(recipe.values).names:
        inputs: dict[str, None] = {}
        for reference in recipe.values[name].references:
            if isinstance(reference, NameReference) and reference.path:
                inputs.update(dict.fromkeys(list_inputs_of(reference, found)))
        found[name] = tuple(inputs)
    return found


def list_inputs_of(reference: NameReference, behind: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The inputs that a name stands for, a value by those `behind` it."""
    match reference.root:
        case "inputs":
            return (reference.name,)
        case "values":
            return behind.get(reference.name, ())
        case _:
            return ()


def _lead_in(name: str, places: Iterable[Place], behind: Mapping[str, tuple[str, ...]]) -> Iterator[Edge]:
    """From the inputs of a used recipe to a step inside, once for each input."""
    seen: set[str] = set()
    for place in places:
        for reference in place.template.references:
            if not isinstance(reference, NameReference) or not reference.path:
                continue
            for wanted in list_inputs_of(reference, behind):
                if wanted not in seen:
                    seen.add(wanted)
                    yield Edge("", name, wanted, place.template, reference, kind=EdgeKind.INTO)


def _unknown_mention(place: Place, reference: StepReference, recipe: Recipe) -> Iterator[Diagnostic]:
    span = place.template.scalar.span_at(reference.name_start, reference.name_end)
    return _unknown_step(reference.step, span, recipe)


def _unknown_step(name: str, span: Span, recipe: Recipe) -> Iterator[Diagnostic]:
    if recipe.may_have("steps", name):
        return
    near = find_near(name, (*recipe.steps, *recipe.list_unread("steps")))
    yield Diagnostic(
        "unknown-step",
        f"there is no step `{name}`; expected one of the recipe's steps",
        span,
        help=f"did you mean `{near}`?" if near is not None else "name a step that stands under `steps:`",
    )


def _sort(recipe: Recipe, edges: list[Edge]) -> tuple[tuple[str, ...], list[Diagnostic]]:
    position = {name: number for number, name in enumerate(recipe.steps)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(recipe.steps)
    graph.add_edges_from((edge.source, edge.target) for edge in edges)
    order: list[str] = []
    try:
        order.extend(nx.lexicographical_topological_sort(graph, key=position.__getitem__))
    except nx.NetworkXUnfeasible:
        placed = set(order)
        order.extend(name for name in recipe.steps if name not in placed)
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
