"""A plan played to its end with made-up images, to see how the files of tasks would be called that are not known yet.

Nothing is asked and nothing is kept. Whatever may be skipped for what an image looks like is decided by how the made-up one does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from seedflow.graph.model import StepGraph
from seedflow.graph.places import Part, find_recipe_places, find_step_places
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.plan.foreseen import images_of
from seedflow.plan.model import Action, Bounds, Grown, Outcome, StepImage, Task, TaskFacts, Unsettled, Waiting
from seedflow.plan.protocol import Advance
from seedflow.plan.resolve import Resolver

MOST_REHEARSED: Final = 10_000
"""So many tasks are played; of what comes behind them nothing is found before it is published."""

_FEW_TASKS: Final = 1_000
_MOST_IMAGES: Final = 100
_SOME_IMAGES: Final = 3

_SIZE_BYTES: Final = 1_000_000


class Look(NamedTuple):
    """What made-up pictures look like."""

    width_px: int
    height_px: int
    format: ImageFormat


USUAL: Final = Look(2048, 2048, ImageFormat.JPEG)
OTHERS: Final = (Look(1024, 768, ImageFormat.JPEG), Look(2304, 4096, ImageFormat.PNG))
"""Where pictures decide, the plan is played with such, too: small and wide, large and high."""

_OF_A_PICTURE: Final = re.compile(r"\b(?:width|height|format|digest)\b")
_DECIDING: Final = frozenset(
    (
        Part.FOR_EACH,
        Part.WHEN,
        Part.ITERATE_OVER,
        Part.TAKES,
        Part.EXPECT,
        Part.WITH,
        Part.VALUE,
        Part.OUTPUT,
    )
)

Count = Callable[[Bounds[int]], int]
"""How many images a task gives that may give so many."""


def count_least(may_give: Bounds[int]) -> int:
    """As few as there may be."""
    return max(may_give.low, 1)


def count_some(may_give: Bounds[int]) -> int:
    """One or two."""
    return max(may_give.low, min(may_give.high, 2), 1)


def choose_most(most_tasks: int) -> Count:
    """As many as there may be, or some of them where the tasks are many."""
    most = _MOST_IMAGES if most_tasks <= _FEW_TASKS else _SOME_IMAGES
    return lambda may_give: max(may_give.low, min(may_give.high, most), 1)


def rests_on_pictures(graph: StepGraph) -> bool:
    """Whether what pictures look like may decide which tasks there are, or which of their images are published."""
    places = [place for node in graph.steps.values() for place in find_step_places(node)]
    for frame in (graph.frame, *graph.frames.values()):
        places.extend(find_recipe_places(frame))
    return any(
        _OF_A_PICTURE.search(place.template.scalar.value)
        for place in places
        if place.part in _DECIDING or (place.part is Part.PARAMETER and place.name != "prompt")
    )


class Rehearsal:
    """Plays a plan that was just made; `resolver` is that of its planner."""

    def __init__(self, planner: Advance, resolver: Resolver, count: Count, look: Look = USUAL) -> None:
        self._planner = planner
        self._resolver = resolver
        self._count = count
        self._look = look
        self._left = MOST_REHEARSED
        self.whole = True
        """Whether each task that was played gave images."""

    def play(self, tasks: Iterable[Task]) -> None:
        """All tasks one after the other; they stand in an order in which they could run."""
        for task in tasks:
            self._left -= 1
            if self._left < 0:
                self.whole = False
                return
            self.whole = self.whole and task.action is not Action.BLOCKED
            if task.tasks is not None:
                self._grow(task)
            else:
                self._end(task)

    def _grow(self, task: Task) -> None:
        match self._planner.settle(task.address):
            case Grown(tasks=tasks):
                self.play(tasks)
            case Unsettled():
                self.whole = False
                self._planner.advance(TaskFacts(task.address, Outcome.FAILED))
            case Task() as closed:
                self.whole = False
                self._planner.advance(_facts_of(closed, ()))
            case Waiting():
                self.whole = False

    def _end(self, task: Task) -> None:
        unit = self._resolver.find_unit(task.address)
        if unit is None or unit.ghost or task.address in unit.instance.tasks.images:
            return
        if unit.instance.may_skip and task.action in (Action.CALL, Action.REUSE):
            settled = self._planner.settle(task.address)
            if isinstance(settled, Waiting):
                self.whole = False
                return
            task = settled if isinstance(settled, Task) else task
            self.whole = self.whole and task.action in (Action.CALL, Action.REUSE)
        may_give = unit.instance.tasks.bounds.get(task.address, Bounds(1, 1))
        self._planner.advance(_facts_of(task, _make_up(task, self._count(may_give), self._look)))


def _facts_of(task: Task, made_up: tuple[StepImage, ...]) -> TaskFacts:
    match task.action:
        case Action.SKIP:
            return TaskFacts(task.address, Outcome.SKIPPED)
        case Action.BLOCKED:
            return TaskFacts(task.address, Outcome.FAILED)
        case _ if task.result is not None:
            return TaskFacts(task.address, Outcome.GIVEN, images_of(task.address, task.result))
        case _:
            return TaskFacts(task.address, Outcome.GIVEN, made_up)


def _make_up(task: Task, count: int, look: Look) -> tuple[StepImage, ...]:
    return tuple(
        StepImage(task.address, task.take, number, _draw(f"{task.address} {task.take} {number}", look))
        for number in range(1, count + 1)
    )


def _draw(text: str, look: Look) -> ImageFacts:
    """Facts like those of any picture; no two are the same."""
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    return ImageFacts(digest, _SIZE_BYTES, look.width_px, look.height_px, look.format)
