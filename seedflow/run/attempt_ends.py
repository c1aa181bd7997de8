"""How an attempt ends without images: what the ledger is told, what it cost, and what is said of it."""

from __future__ import annotations

from decimal import Decimal

from seedflow.errors import ProviderError, SeedflowError
from seedflow.money import ZERO_USD
from seedflow.plan.model import Task
from seedflow.providers.base import Answer, StillUnknown
from seedflow.run import endings
from seedflow.run.collect import RejectedError
from seedflow.run.reconcile import write_down
from seedflow.run.retry import ends_run
from seedflow.run.services import Lost, Services, Tally, TaskEndedError
from seedflow.run.status import Problem, TaskStatus
from seedflow.store.base import Attempt, AttemptState


class AttemptEnds:
    """One attempt of a task, as far as its end is concerned. Each end is an error to be raised."""

    def __init__(self, services: Services, task: Task, attempt: Attempt, tally: Tally) -> None:
        self._services = services
        self._task = task
        self._attempt = attempt
        self._tally = tally
        self._model = services.get_model(task.model)
        self._most_usd = services.cost_usd(task, task.images.high)
        self._paid_here = False

    def _price(self, answer: Answer, images: int) -> Decimal:
        return ZERO_USD if answer.free else self._services.cost_usd(self._task, images)

    def _share(self, cost_usd: Decimal) -> Decimal:
        """This run's share: what an earlier run sent was that run's money."""
        return cost_usd if self._paid_here else ZERO_USD

    async def _failed(self, kind: str, error: SeedflowError, cost_usd: Decimal) -> TaskEndedError:
        services = self._services
        await services.disk.run(
            services.store.mark_failed, self._attempt.intent_id, kind, error.message, cost_usd
        )
        self._tally.end(self._share(cost_usd))
        problem = endings.failed(self._task, kind, error, perhaps_paid=bool(cost_usd))
        # Of an earlier run's call: who consents, consents to this.
        again = bool(cost_usd) and not self._paid_here
        return TaskEndedError(
            TaskStatus.FAILED, problem, stop_run=ends_run(error), repeatable=again, cost_usd=cost_usd
        )

    async def _rejected(self, error: RejectedError, answer: Answer) -> TaskEndedError:
        """An answer of no use. If it was paid, or perhaps, asking again would be paying again, which wants consent."""
        images = self._task.images.high if error.images is None else error.images
        cost_usd = self._price(answer, images)
        if not cost_usd:
            return await self._failed(error.kind, error, cost_usd)
        if error.images is None:
            # Whoever consents here consents to what was lost before: one answer of no use is most likely followed by the next.
            again = not self._paid_here
            why = f"it was answered, but {error.message}"
            return await self._unknown(
                why, "the provider's log has no better answer", error.kind, again=again
            )
        problem = endings.rejected(self._task, error.kind, error.message)
        return await self._lost(error.message, cost_usd, problem, again=False)

    async def _refused(self, failure: ProviderError, found: StillUnknown) -> TaskEndedError:
        """It was refused, and paid as far as the log knows, or perhaps."""
        if not found.cost_usd:
            return await self._failed(failure.kind, failure, self._most_usd)
        message = f"{failure.message.rstrip('.')}; {found.message}"
        problem = endings.refused(self._task, failure, message)
        return await self._lost(message, found.cost_usd, problem, again=not self._paid_here)

    async def _lost(
        self, message: str, cost_usd: Decimal, problem: Problem, *, again: bool
    ) -> TaskEndedError:
        services = self._services
        await services.disk.run(services.store.mark_lost_paid, self._attempt.intent_id, message, cost_usd)
        self._tally.end(self._share(cost_usd))
        return TaskEndedError(
            TaskStatus.FAILED, problem, repeatable=again, state=AttemptState.LOST_PAID, cost_usd=cost_usd
        )

    async def _unknown(
        self, why: str, found: str, kind: str = "unknown-outcome", *, again: bool = True
    ) -> TaskEndedError:
        services = self._services
        await services.disk.run(services.store.mark_unknown, self._attempt.intent_id, write_down(why, found))
        self._tally.end(self._share(self._most_usd))
        lost = Lost(self._attempt, f"{why}; {found}", kind)
        problem = endings.unknown(self._task, lost, await services.measure_doubt(lost, self._most_usd))
        return TaskEndedError(
            TaskStatus.UNKNOWN, problem, repeatable=again, state=AttemptState.UNKNOWN, lost=lost
        )

    async def _leave(self, attempt: Attempt) -> TaskEndedError:
        await self._services.disk.run(self._services.store.leave, attempt.intent_id)
        problem = endings.paid_in_vain(self._task, attempt)
        return TaskEndedError(
            TaskStatus.FAILED, problem, repeatable=True, state=attempt.state, cost_usd=attempt.cost_usd
        )
