"""What performing tasks needs, shared by all tasks of a run, and how a task ends without images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from seedflow.errors import SeedflowError
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.money import ZERO_USD
from seedflow.plan.model import Task
from seedflow.providers.base import Provider
from seedflow.run.collect import Collector
from seedflow.run.disk import Disk
from seedflow.run.events import EventKind
from seedflow.run.limits import Limiter
from seedflow.run.options import RunControl, RunOptions
from seedflow.run.references import ReferencePreparer
from seedflow.run.status import Problem, TaskStatus
from seedflow.store.base import Store

Emit = Callable[[EventKind, str | None, Mapping[str, object]], None]


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


class TaskEndedError(SeedflowError):
    """Unwinds to the end of a task that gives no images; never leaves `run`.

    `stop_run` when no other call of the run can succeed either.
    """

    def __init__(
        self, status: TaskStatus, problem: Problem, cost_usd: Decimal = ZERO_USD, *, stop_run: bool = False
    ) -> None:
        super().__init__(problem.message, help=problem.help)
        self.status = status
        self.problem = problem
        self.cost_usd = cost_usd
        self.stop_run = stop_run


class StopRunError(SeedflowError):
    """No further call of this run can be made (`budget`: may be made); the task's own problem says why."""

    def __init__(self, problem: Problem, *, budget: bool) -> None:
        super().__init__(problem.message, help=problem.help)
        self.problem = problem
        self.budget = budget
