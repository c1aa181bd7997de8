"""What performing tasks needs, shared by all tasks of a run; what a task has cost so far; how it ends without images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Protocol

from seedflow.errors import SeedflowError
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.money import ZERO_USD
from seedflow.plan.model import Task
from seedflow.providers.base import CallContext, GenerateRequest, Provider, WireReference
from seedflow.run.collect import Collector
from seedflow.run.disk import Disk
from seedflow.run.events import EventKind
from seedflow.run.limits import Limiter
from seedflow.run.options import RunControl, RunOptions
from seedflow.run.references import ReferencePreparer
from seedflow.run.status import Problem, TaskStatus
from seedflow.store.base import Attempt, AttemptState, Store

Emit = Callable[[EventKind, str | None, Mapping[str, object]], None]


class Halt(Protocol):
    """Told once no further call of the run can be made (`budget`: may be made)."""

    def __call__(self, problem: Problem, *, budget: bool = False) -> None:
        """Start nothing new, because of this problem."""


@dataclass(frozen=True, slots=True)
class Services:
    """One run's store, provider, limits and channels."""

    run_id: str
    recipe: str
    store: Store
    provider: Provider
    catalog: Catalog
    options: RunOptions
    control: RunControl
    disk: Disk
    limiter: Limiter
    preparer: ReferencePreparer
    collector: Collector
    emit: Emit
    halt: Halt

    def get_model(self, model: str) -> Model:
        """A model that a plan names.

        Raises:
            KeyError: the catalog changed since it was planned.
        """
        found = self.catalog.find(model)
        if found is None:
            raise KeyError(model)
        return found

    def cost_usd(self, task: Task, images: int) -> Decimal:
        """What a number of images of a task costs at this provider."""
        if not self.provider.paid or task.price_usd is None:
            return ZERO_USD
        return task.price_usd * images

    def build_request(self, task: Task, attempt: Attempt, wire: tuple[WireReference, ...]) -> GenerateRequest:
        """What an attempt of a task asks the provider, with its references as they travel."""
        context = CallContext(self.run_id, task.address, task.take, attempt.attempt, attempt.intent_id)
        as_list = self.get_model(task.model).takes_reference_list
        return GenerateRequest(task.model, task.params, task.references_field, wire, context, as_list)

    async def measure_doubt(self, lost: Lost, most_usd: Decimal) -> Doubt:
        """What the ledger has by now of a request with a lost call; `most_usd` is what one call of it costs at most."""
        request, above = lost.attempt.request, lost.attempt.attempt - 1
        key = (request.realm, request.fingerprint, request.take)
        calls = len(await self.disk.run(self.store.list_lost, *key, above))
        refused = await self.disk.run(self.store.list_refused, *key, above)
        open_usd = most_usd * calls + sum((one.cost_usd for one in refused), ZERO_USD)
        return Doubt(calls + len(refused), open_usd, refused[0].message if refused else None)


class Stage(Enum):
    """How far the call of a task is that was begun last."""

    UNSENT = auto()
    """Nothing has left, or it is proven that nothing was billed."""
    SENT = auto()
    ANSWERED = auto()
    """The raw answer is in the ledger."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A call whose answer never came, or was of no use: why, and what the log says of it. `help` where it has one of its own."""

    attempt: Attempt
    why: str
    kind: str = "unknown-outcome"
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """How many calls of a request may have been billed, and for how much at most; `refused` is what the newest refusal said."""

    calls: int
    most_usd: Decimal
    refused: str | None


@dataclass(slots=True)
class Tally:
    """What this run has done for one task so far, over all of its attempts; what earlier runs paid is not in it.

    `calls` counts requests that were sent; `ended_usd` is what attempts cost that have ended, `open_usd` what the one
    at work has cost or may cost. `lost` is the call before the one at work of which nobody knows what became. `answer` is the
    raw answer of the one at work, once the ledger has it.
    """

    calls: int = 0
    ended_usd: Decimal = ZERO_USD
    open_usd: Decimal = ZERO_USD
    stage: Stage = Stage.UNSENT
    lost: Lost | None = None
    answer: bytes | None = None

    @property
    def cost_usd(self) -> Decimal:
        """What this run paid, unknown outcomes at the most that they may cost."""
        return self.ended_usd + self.open_usd

    def end(self, cost_usd: Decimal) -> None:
        """The attempt at work ended, and cost this run so much."""
        self.ended_usd += cost_usd
        self.open_usd = ZERO_USD


class TaskEndedError(SeedflowError):
    """Unwinds to the end of a task that gives no images; never leaves `run`.

    `stop_run` when no other call of the run can succeed either. `repeatable` when it may be paid for again with consent.
    `settled` when what was taken up turned out to have cost nothing, and has ended: the request is as open as before it. `state`: in which the
    attempt stands now, if it was sent; `cost_usd`: what it cost whoever sent it, or may have cost where that state does not say.
    `lost`: the call, where its outcome stays unknown.
    """

    def __init__(
        self,
        status: TaskStatus,
        problem: Problem | None = None,
        *,
        stop_run: bool = False,
        repeatable: bool = False,
        settled: bool = False,
        state: AttemptState | None = None,
        cost_usd: Decimal = ZERO_USD,
        lost: Lost | None = None,
    ) -> None:
        super().__init__(problem.message if problem is not None else status.value)
        self.status = status
        self.problem = problem
        self.settled = settled
        self.stop_run = stop_run
        self.repeatable = repeatable
        self.state = state
        self.cost_usd = cost_usd
        self.lost = lost
