"""The value that stage 2 gives: steps, the edges between them with their places in the text, and one order to run in.

An edge holds the mention that makes it and works out its span only when asked: a graph of 20,000 edges is built
without locating one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from seedflow.diagnostics import Span
from seedflow.recipe.model import Generate, Output, Recipe, Step
from seedflow.recipe.references import Reference
from seedflow.recipe.template import Template


@dataclass(frozen=True, slots=True)
class Frame:
    """One recipe inside the graph. `path` goes before the ids of its steps: empty for the recipe itself, else `cast/`.

    `call` is the step that uses it, None for the recipe itself.
    """

    path: str
    recipe: Recipe
    call: StepNode | None = None

    def step_id(self, name: str) -> str:
        """The id in the graph of the step that this frame's recipe calls `name`."""
        return self.path + name


@dataclass(frozen=True, slots=True)
class StepNode:
    """One step of the graph. `id` is unique in it, `frame` is the recipe that the step was written in.

    A step that uses another recipe is a node as well; the steps of that recipe have ids that begin with its own.
    """

    id: str
    step: Step
    frame: Frame

    @property
    def generate(self) -> Generate:
        """The request of a step that has one.

        Raises:
            ValueError: it uses another recipe.
        """
        if self.step.generate is None:
            raise ValueError(f"step {self.id} makes no request")
        return self.step.generate


class EdgeKind(StrEnum):
    """Why one step is tied to another."""

    MENTION = "mention"
    """A template of the target mentions what the source gives."""
    NEEDS = "needs"
    """An entry of `needs:`: order alone."""
    INTO = "into"
    """From a step that uses a recipe to a step inside that looks at one of its inputs."""
    OUT_OF = "out-of"
    """From a step inside a used recipe, which an output names, to the step that uses the recipe."""


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` uses `source`, because of one mention in a template or one entry of `needs:`.

    `parameter` says where it stands: a parameter's name, `for_each`, `when`, `takes`, `iterate`, `with`, `model` or `needs`; of
    an edge that crosses the border of a used recipe, the name of the input or output. `template` and `reference` are there
    for a mention, `needs_span` for an entry of `needs:`.
    """

    source: str
    target: str
    parameter: str
    template: Template | None = None
    reference: Reference | None = None
    needs_span: Span | None = None
    kind: EdgeKind = EdgeKind.MENTION

    @property
    def span(self) -> Span:
        """The mention, or the entry of `needs:`, in the text."""
        if self.template is not None and self.reference is not None:
            return self.template.span_of(self.reference)
        if self.needs_span is None:
            raise ValueError(f"the edge from {self.source} to {self.target} has no place in the text")
        return self.needs_span


@dataclass(frozen=True, slots=True)
class StepGraph:
    """The steps of a recipe and what each of them needs.

    `steps` stands in written order. `order` is the one in which each step comes after all that it needs, and of those that
    could come next the first as written; in a graph with a cycle, which no plan accepts, the steps of the cycle and those
    behind it follow in written order; the steps of a used recipe follow the step that uses it. `outputs` is what the recipe
    publishes, also when it names no outputs itself. `frames` has the inside of each step that uses another recipe, by its id.
    `edges` tie steps of one frame to each other; `crossings` lead from a step that uses a recipe to the steps inside, and from
    these back to it, for whoever draws the graph: with both there are cycles.
    """

    recipe: Recipe
    steps: Mapping[str, StepNode]
    edges: tuple[Edge, ...]
    order: tuple[str, ...]
    outputs: Mapping[str, Output]
    frames: Mapping[str, Frame] = field(default_factory=dict)
    crossings: tuple[Edge, ...] = ()
    _needs: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _by_frame: Mapping[str, tuple[StepNode, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        needs: dict[str, dict[str, None]] = {}
        for edge in self.edges:
            needs.setdefault(edge.target, {})[edge.source] = None
        object.__setattr__(self, "_needs", {target: tuple(sources) for target, sources in needs.items()})
        by_frame: dict[str, list[StepNode]] = {}
        for step_id in self.order:
            node = self.steps[step_id]
            by_frame.setdefault(node.frame.path, []).append(node)
        object.__setattr__(self, "_by_frame", {path: tuple(nodes) for path, nodes in by_frame.items()})

    def needs(self, step_id: str) -> tuple[str, ...]:
        """The ids of the steps that a step needs directly, each once, in order of mention."""
        return self._needs.get(step_id, ())

    @property
    def frame(self) -> Frame:
        """The outermost frame."""
        return Frame("", self.recipe)

    def list_steps(self, frame: Frame) -> tuple[StepNode, ...]:
        """The steps of one frame, without those inside the recipes that it uses, in the order of `order`."""
        return self._by_frame.get(frame.path, ())

    def find_target(self, node: StepNode, name: str) -> StepNode | None:
        """The step that `steps.NAME` means in the text of `node`."""
        return self.steps.get(node.frame.path + name)
