"""How tasks and runs end: closed sets, and the values that a run gives back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from seedflow.diagnostics import Span
from seedflow.errors import ExitCode
from seedflow.plan.model import Action, Bounds, Outcome, Reason, StepImage, Totals
from seedflow.store.base import StoredImage


class TaskStatus(StrEnum):
    """How a task ended."""

    DONE = "done"
    REUSED = "reused"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"

    @property
    def has_images(self) -> bool:
        """Whether tasks that use it may go on."""
        return self in (TaskStatus.DONE, TaskStatus.REUSED)


class RunStatus(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


EXIT_CODES: Mapping[RunStatus, ExitCode] = {
    RunStatus.DONE: ExitCode.DONE,
    RunStatus.FAILED: ExitCode.FAILED_TASKS,
    RunStatus.WAITING: ExitCode.WAITING,
    RunStatus.UNKNOWN: ExitCode.UNKNOWN_OUTCOME,
    RunStatus.STOPPED: ExitCode.STOPPED,
    RunStatus.INTERRUPTED: ExitCode.INTERRUPTED,
}


class Remedy(StrEnum):
    """What has to happen before a task that gave no images can give some."""

    RUN = "run"
    """Another run asks for it, or looks it up."""
    CHANGE = "change"
    """The same would fail again: something has to be changed first, most often the recipe."""
    CONSENT = "consent"
    """It was paid for: asking once more is paying once more, which somebody has to want."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a task has no images: `kind` is short kebab-case; `span` is its place in the recipe; `remedy` what helps.

    `unsaved` is a raw answer that was paid for and could be kept nowhere; it has to be shown to somebody. `paid`: its last call was
    answered and paid for certain; `doubtful`: it was refused, and only a log can tell whether it was billed; `unbilled`: it was
    refused, and cost nothing, whatever was paid for attempts before it. `unpublished`: it is about an output, and not about a task.
    """

    kind: str
    message: str
    help: str | None = None
    span: Span | None = None
    unsaved: bytes | None = None
    remedy: Remedy = Remedy.RUN
    paid: bool = False
    doubtful: bool = False
    unbilled: bool = False
    unpublished: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """What attempts that were not as expected took from a run, all together; some may have been made for another task."""

    attempts: int = 0
    calls: int = 0
    cost_usd: Decimal = Decimal(0)


NO_ATTEMPTS = Earlier()


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What became of one task.

    `cost_usd` is what this run paid for it, unknown outcomes at the most that they may cost; `cause` the task that a
    blocked one waits for, or with which one was skipped; `warnings` what is odd about its images; `attempt` which of the take
    gave them, or was the last that was not as expected. `reason` is that of the plan as it was in the end. `tasks` is there
    when it stood for tasks that never came to be known, so many at least and at most. `span` is the place of its step in the
    recipe. `earlier` is what of its calls and cost attempts took that were not as expected, the last one included if it was one.
    """

    address: str
    status: TaskStatus
    action: Action
    images: tuple[StoredImage, ...] = ()
    take: int = 1
    cost_usd: Decimal = Decimal(0)
    calls: int = 0
    problem: Problem | None = None
    cause: str | None = None
    warnings: tuple[str, ...] = ()
    attempt: int = 1
    reason: Reason | None = None
    tasks: Bounds[int] | None = None
    span: Span | None = None
    earlier: Earlier = NO_ATTEMPTS

    @property
    def open_usd(self) -> Decimal:
        """What it cost besides attempts that were answered and not as expected."""
        return self.cost_usd - self.earlier.cost_usd

    def outcome(self) -> Outcome:
        """What it came to be for those that use it."""
        if self.status is TaskStatus.SKIPPED:
            return Outcome.SKIPPED
        return Outcome.GIVEN if self.status.has_images else Outcome.FAILED

    def step_images(self) -> tuple[StepImage, ...]:
        """Its images as facts for the planner."""
        if not self.status.has_images:
            return ()
        return tuple(StepImage(self.address, self.take, image.number, image.facts) for image in self.images)


def find_status(
    tasks: Iterable[TaskResult],
    problems: Sequence[Problem],
    *,
    interrupted: bool,
    aborted: bool,
    out_of_money: bool,
) -> RunStatus:
    """How a run ended, by how its tasks ended; where several things hold, the one that its caller must know first.

    Args:
        tasks: all of the plan.
        problems: of the whole run.
        interrupted: somebody asked it to stop.
        aborted: and asked again, so that what was in flight was let go of.
        out_of_money: a budget had no room.
    """
    found = {task.status for task in tasks}
    let_go = aborted and TaskStatus.UNKNOWN in found
    if interrupted and (TaskStatus.CANCELLED in found or let_go):
        return RunStatus.INTERRUPTED
    if TaskStatus.UNKNOWN in found:
        return RunStatus.UNKNOWN
    if out_of_money:
        return RunStatus.STOPPED
    if problems or found & {TaskStatus.FAILED, TaskStatus.BLOCKED, TaskStatus.CANCELLED}:
        return RunStatus.FAILED
    return RunStatus.DONE


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file of an output."""

    output: str
    path: Path
    digest: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of a run.

    `problems` are those of the whole run, such as a budget that is used up; `left` what another run will ask
    for: what this one did not come to, and what failed at no cost; None when there is nothing of the kind, or as long as nobody
    has made a plan again.
    """

    run_id: str
    status: RunStatus
    tasks: tuple[TaskResult, ...]
    calls: int
    cost_usd: Decimal
    outputs: Mapping[str, tuple[PublishedFile, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    left: Totals | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What a process that ran it should end with."""
        return EXIT_CODES[self.status]
