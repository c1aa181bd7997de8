"""What fits with what the plan knows, whatever the text alone leaves open: lists of `for_each`, and images that are picked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from seedflow.diagnostics import Source, Span
from seedflow.graph.earlier import find_earlier
from seedflow.graph.model import StepGraph
from seedflow.graph.places import find_step_places
from seedflow.plan.instances import StepTasks
from seedflow.plan.model import Bounds, PendingImages, StepImage
from seedflow.recipe.model import LoopVariable
from seedflow.recipe.references import StepReference

_GIVES: Final = re.compile(r"\bgives (?:\d+(?: to \d+)? )?images\b")


class FittingLists:
    """Gathers how long the lists of each entry turn out to be at most, over all the tasks that have one."""

    def __init__(self) -> None:
        self._fits: dict[Span, bool] = {}

    def note(self, variable: LoopVariable, most: int | None) -> None:
        """A list of this entry has so many items at most; None when nothing but `at_most` bounds it."""
        fits = variable.at_most is None or (most is not None and most <= variable.at_most)
        self._fits[variable.span] = fits and self._fits.get(variable.span, True)

    def __contains__(self, span: object) -> bool:
        """Whether every list of the entry at a place fits for certain."""
        return isinstance(span, Span) and self._fits.get(span, False)


class SurePicks:
    """Gathers which single images, such as `images[2]`, are there for certain wherever they are picked, and of how many they are one."""

    def __init__(self) -> None:
        self._found: dict[tuple[Source, StepReference], tuple[bool, Bounds[int]]] = {}

    def note(
        self, source: Source, mention: StepReference, slots: Sequence[StepImage | PendingImages]
    ) -> None:
        """A mention of a recipe picks of these."""
        if isinstance(mention.index, int):
            least = most = 0
            for slot in slots:
                low, high = slot.count if isinstance(slot, PendingImages) else (1, 1)
                least, most = least + low, most + high
            needed = mention.index + 1 if mention.index >= 0 else -mention.index
            key = (source, mention)
            sure, (low, high) = self._found.get(key, (True, (least, most)))
            self._found[key] = (sure and least >= needed, Bounds(min(low, least), max(high, most)))

    def find_places(self, graph: StepGraph) -> frozenset[Span]:
        """The places in the text of images that are there wherever they are picked."""
        found = ((span, self._found.get(key)) for span, key in self._find_mentions(graph))
        return frozenset(span for span, noted in found if noted is not None and noted[0])

    def find_counts(self, graph: StepGraph) -> Mapping[Span, Bounds[int]]:
        """The places in the text of picked images, with how many there are to pick from."""
        found = ((span, self._found.get(key)) for span, key in self._find_mentions(graph))
        return {span: noted[1] for span, noted in found if noted is not None}

    def _find_mentions(self, graph: StepGraph) -> Iterator[tuple[Span, tuple[Source, StepReference]]]:
        for node in graph.steps.values() if self._found else ():
            for place in find_step_places(node):
                for one in place.template.references:
                    if isinstance(one, StepReference) and isinstance(one.index, int):
                        yield place.template.span_of(one), (place.frame.recipe.source, one)


def find_repeated(steps: Iterable[StepTasks]) -> frozenset[Span]:
    """The places of the loop variables that may have several items beside each other; of what is skipped or failed nobody knows how many."""
    return frozenset(
        variable.span
        for tasks in steps
        for variable in tasks.node.step.for_each
        if _may_repeat(variable, tasks)
    )


def _may_repeat(variable: LoopVariable, tasks: StepTasks) -> bool:
    """Whether some tasks with the same items of all earlier variables have different ones of this.

    Of a list that depends on earlier variables only what is there counts: it may have one item for each of them.
    """
    depends = bool(find_earlier(variable))
    if tasks.closed and not depends:
        return True
    ghosts = sum(count.high for group in tasks.groups.values() for _, count in group.ghosts)
    if ghosts and not depends:
        return ghosts + len(tasks.instances) > 1
    found: dict[tuple[tuple[str, str], ...], set[tuple[tuple[str, str], ...]]] = {}
    for one in tasks.instances:
        at = next((number for number, (name, _) in enumerate(one.keys) if name in variable.names), 0)
        end = max((number for number, (name, _) in enumerate(one.keys) if name in variable.names), default=at)
        found.setdefault(one.keys[:at], set()).add(one.keys[at : end + 1])
    return any(len(items) > 1 for items in found.values())


def reword_count(message: str, count: Bounds[int]) -> str:
    """A doubt of the text about a number of images, with the number that a plan knows."""
    low, high = count
    many = f"{low} to {high} images" if low != high else f"{low} image{'' if low == 1 else 's'}"
    return _GIVES.sub(f"gives {many}", message)
