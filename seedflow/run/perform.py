"""One task from its settled request to stored images: claim it, then carry the attempt on from wherever it stands."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from seedflow.errors import BudgetError
from seedflow.plan.model import Action, Task
from seedflow.run.attempt import AttemptRunner
from seedflow.run.options import OnUnknown
from seedflow.run.references import record_reference
from seedflow.run.services import Services, StopRunError, TaskEndedError
from seedflow.run.status import Problem, TaskResult, TaskStatus
from seedflow.store.base import (
    AlreadyStored,
    Attempt,
    Claim,
    Granted,
    HeldElsewhere,
    RequestRecord,
    ToRecover,
)

_POLL_S = 0.25


class Performer:
    """Performs tasks of one run."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._held: set[str] = set()
        self._money_came_free = asyncio.Condition()

    async def perform(self, task: Task) -> TaskResult:
        """Run one task to its end.

        Raises:
            StopRunError: nothing more may be paid for, or nothing more can be asked.
            StoreError: the disk does not take what must be written.
        """
        runner = AttemptRunner(self._services, task)
        try:
            return await self._claim_and_carry_on(task, runner)
        except TaskEndedError as ended:
            if ended.stop_run:
                raise StopRunError(ended.problem, budget=False) from None
            return TaskResult(
                task.address,
                ended.status,
                task.action,
                take=task.take,
                cost_usd=ended.cost_usd,
                calls=runner.calls,
                problem=ended.problem,
            )

    async def _claim_and_carry_on(self, task: Task, runner: AttemptRunner) -> TaskResult:
        options = self._services.options
        record = build_record(task, self._services.provider.realm, self._services.recipe)
        repeats = 0
        again = False
        while True:
            claim = await self._claim(task, record, again=again)
            again = False
            match claim:
                case AlreadyStored(result=result):
                    return TaskResult(
                        task.address, TaskStatus.REUSED, Action.REUSE, result.images, take=result.take
                    )
                case HeldElsewhere():
                    await asyncio.sleep(_POLL_S)
                    runner.give_up_if_stopping()
                case Granted(attempt=attempt) | ToRecover(attempt=attempt):
                    try:
                        return await self._carry_on(attempt, runner, recovered=isinstance(claim, ToRecover))
                    except TaskEndedError as ended:
                        again = (
                            options.on_unknown is OnUnknown.RETRY
                            and repeats < options.retry.most_repeats_of_unknown
                            and (ended.status is TaskStatus.UNKNOWN or ended.problem.kind == "lost-paid")
                            and not self._services.control.stopping
                        )
                        if not again:
                            raise
                        repeats += 1

    async def _carry_on(self, attempt: Attempt, runner: AttemptRunner, *, recovered: bool) -> TaskResult:
        self._held.add(attempt.intent_id)
        try:
            return await (runner.recover(attempt) if recovered else runner.call(attempt))
        finally:
            self._held.discard(attempt.intent_id)
            async with self._money_came_free:
                self._money_came_free.notify_all()

    async def _claim(self, task: Task, record: RequestRecord, *, again: bool) -> Claim:
        services = self._services
        reserve_usd: Decimal = services.cost_usd(task, task.images.high)
        while True:
            try:
                return await services.disk.run(
                    services.store.claim,
                    services.run_id,
                    record,
                    reserve_usd,
                    services.options.budgets,
                    again=again,
                )
            except BudgetError as error:
                async with self._money_came_free:
                    if not self._held:
                        problem = Problem("budget", error.message, error.help, task.origin.span)
                        raise StopRunError(problem, budget=True) from None
                    # What is in flight may cost less than was reserved for it, and make room.
                    await self._money_came_free.wait()


def build_record(task: Task, realm: str, recipe: str) -> RequestRecord:
    """A settled task's request as the ledger keeps it.

    Raises:
        ValueError: the task is not settled.
    """
    if task.fingerprint is None or task.params_digest is None:
        raise ValueError(f"{task.address} is not settled")
    return RequestRecord(
        realm=realm,
        fingerprint=task.fingerprint,
        take=task.take,
        recipe=recipe,
        address=task.address,
        step=task.step,
        model=task.model,
        params=task.params,
        params_digest=task.params_digest,
        references_field=task.references_field,
        references=[record_reference(reference) for reference in task.references],
    )
