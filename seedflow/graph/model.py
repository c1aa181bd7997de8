"""The value that stage 2 gives: steps, the edges between them with their places in the text, and one order to run in.

An edge holds the mention that makes it and works out its span only when asked: a graph of 20,000 edges is built
without locating one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seedflow.diagnostics import Span
from seedflow.recipe.model import Output, Recipe, Step
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template


@dataclass(frozen=True, slots=True)
class Frame:
    """One recipe inside the graph. `path` goes before the ids of its steps: empty for the recipe itself."""

    path: str
    recipe: Recipe

    def step_id(self, name: str) -> str:
        """The id in the graph of the step that this frame's recipe calls `name`."""
        return self.path + name


@dataclass(frozen=True, slots=True)
class StepNode:
    """One step of the graph. `id` is unique in it, `frame` is the recipe that the step was written in."""

    id: str
    step: Step
    frame: Frame


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` uses `source`, because of one mention in a template or one entry of `needs:`.

    `parameter` says where it stands: a parameter's name, `for_each`, `model` or `needs`. `template` and `reference` are
    there for a mention, `needs_span` for an entry of `needs:`.
    """

    source: str
    target: str
    parameter: str
    template: Template | None = None
    reference: StepReference | None = None
    needs_span: Span | None = None

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
    behind it follow in written order. `outputs` is what the recipe publishes, also when it names no outputs itself.
    """

    recipe: Recipe
    steps: Mapping[str, StepNode]
    edges: tuple[Edge, ...]
    order: tuple[str, ...]
    outputs: Mapping[str, Output]
    _needs: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        needs: dict[str, dict[str, None]] = {}
        for edge in self.edges:
            needs.setdefault(edge.target, {})[edge.source] = None
        object.__setattr__(self, "_needs", {target: tuple(sources) for target, sources in needs.items()})

    def needs(self, step_id: str) -> tuple[str, ...]:
        """The ids of the steps that a step needs directly, each once, in order of mention."""
        return self._needs.get(step_id, ())

    def find_target(self, node: StepNode, name: str) -> StepNode | None:
        """The step that `steps.NAME` means in the text of `node`."""
        return self.steps.get(node.frame.path + name)
