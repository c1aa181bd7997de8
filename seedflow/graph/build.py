"""Entry of stage 2: a recipe to its `StepGraph`. The mention is the edge; nothing else declares order but `needs:`.

A recipe is wired once (`wiring`), however often it is used; a frame is then a copy of its wiring under a path of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import Edge, EdgeKind, Frame, StepGraph, StepNode
from seedflow.graph.outputs import find_outputs
from seedflow.graph.wiring import Wiring, wire_recipe
from seedflow.models.catalog import Catalog
from seedflow.recipe.model import Recipe


def build_graph(recipe: Recipe, catalog: Catalog) -> tuple[StepGraph, list[Diagnostic]]:  # noqa: ARG001 - kinds of steps may ask it
    """The graph of a recipe's steps with those of all recipes that it uses, and what is wrong with their references.

    A graph is given in any case, so that the checks can go on and all problems come in one go: a mention of an unknown
    step makes no edge. With errors among the diagnostics it is for checking only. Takes time linear in steps and mentions.
    """
    builder = _Builder()
    frame = Frame("", recipe)
    builder.add(frame)
    outputs = find_outputs(recipe, builder.steps, builder.edges)
    graph = StepGraph(
        recipe,
        builder.steps,
        tuple(builder.edges),
        tuple(builder.find_order(frame)),
        outputs,
        builder.frames,
        tuple(builder.crossings),
    )
    return graph, builder.diagnostics


class _Builder:
    """A graph in the making."""

    def __init__(self) -> None:
        self.steps: dict[str, StepNode] = {}
        self.edges: list[Edge] = []
        self.crossings: list[Edge] = []
        self.frames: dict[str, Frame] = {}
        self.diagnostics: list[Diagnostic] = []
        self._wirings: dict[int, Wiring] = {}

    def add(self, frame: Frame) -> None:
        """Put the steps of a frame into the graph, each with the inside of the recipe that it uses."""
        wiring = self._wire(frame.recipe)
        for name, step in frame.recipe.steps.items():
            node = StepNode(frame.step_id(name), step, frame)
            self.steps[node.id] = node
            self.edges.extend(_place_edge(edge, frame) for edge in wiring.edges.get(name, ()))
            if step.call is not None and step.call.recipe is not None:
                inner = Frame(f"{node.id}/", step.call.recipe, node)
                self.frames[node.id] = inner
                self.add(inner)
        if frame.call is not None:
            self.crossings.extend(_place_crossing(edge, frame, frame.call) for edge in wiring.crossings)

    def find_order(self, frame: Frame) -> Iterator[str]:
        """The steps of a frame in the order of its wiring, each before the inside of the recipe that it uses."""
        for name in self._wire(frame.recipe).order:
            step_id = frame.step_id(name)
            yield step_id
            if step_id in self.frames:
                yield from self.find_order(self.frames[step_id])

    def _wire(self, recipe: Recipe) -> Wiring:
        wiring = self._wirings.get(id(recipe))
        if wiring is None:
            wiring = self._wirings[id(recipe)] = wire_recipe(recipe)
            self.diagnostics.extend(wiring.diagnostics)
        return wiring


def _place_edge(edge: Edge, frame: Frame) -> Edge:
    if not frame.path:
        return edge
    return Edge(
        frame.step_id(edge.source),
        frame.step_id(edge.target),
        edge.parameter,
        edge.template,
        edge.reference,
        edge.needs_span,
        edge.kind,
    )


def _place_crossing(edge: Edge, frame: Frame, call: StepNode) -> Edge:
    into = edge.kind is EdgeKind.INTO
    return Edge(
        call.id if into else frame.step_id(edge.source),
        frame.step_id(edge.target) if into else call.id,
        edge.parameter,
        edge.template,
        edge.reference,
        kind=edge.kind,
    )
