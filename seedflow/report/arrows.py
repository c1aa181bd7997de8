"""Which task of a plan uses which, and as what: by its references, and by the steps' own arrows for all else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from seedflow.graph.model import StepGraph
from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.model import PendingImages, Plan, StepImage, Task
from seedflow.report.drawing import DrawnEdge
from seedflow.report.steps import draw_edges


class Arrow(NamedTuple):
    """A task uses `need`, the address of a task or a whole."""

    need: str
    labels: tuple[str, ...] = ()
    order_only: bool = False


class _Level(NamedTuple):
    """A task as its own step, or as a part of a used recipe's: the step's id, and what stands before names beside it."""

    step: str
    prefix: str


@dataclass(slots=True)
class Arrows:
    """The arrows to every task of a plan; `members` has the tasks of each whole."""

    plan: Plan
    graph: StepGraph | None = None
    members: dict[str, list[Task]] = field(init=False, default_factory=dict)
    _hubs: dict[str, tuple[str, ...]] = field(init=False, default_factory=dict)
    _needs: dict[str, tuple[str, ...]] = field(init=False, default_factory=dict)
    _steps: Mapping[tuple[str, str], DrawnEdge] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for task in self.plan.tasks:
            self._hubs[task.address] = task.hubs
            self._needs[task.address] = task.needs
            for hub in task.hubs:
                self.members.setdefault(hub, []).append(task)
        if self.graph is not None:
            self._steps = {(edge.source, edge.target): edge for edge in draw_edges(self.graph)}

    def list_to(self, task: Task) -> Iterator[Arrow]:
        """What a task uses, each once."""
        levels = list(_list_levels(task))
        before = {earlier for need in task.needs for earlier in self._needs.get(need, ())}
        for need in task.needs:
            arrow = self._describe(need, task, levels)
            # Edits in a row give their last image: those before it are used by the next one alone.
            if arrow.labels or arrow.order_only or need not in before:
                yield arrow
        if task.tasks is not None:
            yield from self._list_later(task, levels[0])

    def _list_later(self, task: Task, level: _Level) -> Iterator[Arrow]:
        """What the tasks that it stands for will use, beside the list that says how many they are."""
        known = {hub for need in task.needs for hub in (need, *self._hubs.get(need, ()))}
        path = level.step.rpartition("/")[0]
        for (source, target), edge in self._steps.items():
            whole = level.prefix + source.removeprefix(f"{path}/" if path else "")
            if target == level.step and whole not in known and whole in self.members:
                yield Arrow(whole, edge.labels, edge.order_only)

    def _describe(self, need: str, task: Task, levels: list[_Level]) -> Arrow:
        names = {
            reference.name: None for reference in task.references if self._comes_of(reference.image, need)
        }
        if names:
            return Arrow(need, tuple(name for name in names if name is not None))
        edge = next(self._find_edges(need, levels), None)
        if edge is None:
            return Arrow(need)
        known = {reference.name for reference in task.references}
        return Arrow(need, tuple(label for label in edge.labels if label not in known), edge.order_only)

    def _comes_of(self, image: UrlImage | FileImage | StepImage | PendingImages, need: str) -> bool:
        """Whether an image is one of a task's or a whole's, or may be."""
        match image:
            case StepImage(address=address):
                sources = {address}
            case PendingImages(others=others):
                sources = {*(others or image.awaited), *image.after_too}
            case _:
                return False
        return need in sources or any(
            self._is_in(source, need) or self._is_in(need, source) for source in sources
        )

    def _is_in(self, address: str, whole: str) -> bool:
        """Whether a task is part of a whole. The first take has the name of all of them; where there is one, it is meant."""
        return whole not in self._hubs and whole in self._hubs.get(address, ())

    def _find_edges(self, need: str, levels: list[_Level]) -> Iterator[DrawnEdge]:
        """The arrow between the steps, from the inside of used recipes outward."""
        for step, prefix in levels:
            path = step.rpartition("/")[0]
            for whole in (need, *self._hubs.get(need, ())):
                source = f"{path}/{whole[len(prefix) :]}".removeprefix("/")
                if whole.startswith(prefix) and (source, step) in self._steps:
                    yield self._steps[source, step]


def _list_levels(task: Task) -> Iterator[_Level]:
    """The step of a task, then the steps around it that use recipes; `task.hubs` has the wholes in that order."""
    parts = task.step.split("/")
    hub = task.hubs[0] if task.hubs else task.step
    while parts:
        name = parts[-1]
        prefix = hub[: len(hub) - len(name)]
        yield _Level("/".join(parts), prefix)
        parts.pop()
        around = prefix.removesuffix("/")
        if not parts or around not in task.hubs:
            return
        at = task.hubs.index(around)
        is_whole = around == parts[-1] or around.endswith(f"/{parts[-1]}")
        hub = around if is_whole else task.hubs[min(at + 1, len(task.hubs) - 1)]
