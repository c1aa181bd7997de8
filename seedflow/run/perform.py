"""One attempt of a task from its settled request to stored images: claim it, then carry it on from wherever it stands."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from seedflow.errors import BudgetError, StoreError
from seedflow.plan.model import Task
from seedflow.run import endings
from seedflow.run.attempt import AttemptRunner
from seedflow.run.events import EventKind
from seedflow.run.options import OnUnknown
from seedflow.run.references import record_reference
from seedflow.run.results import reuse, without_images
from seedflow.run.room import Room
from seedflow.run.services import Services, Stage, Tally, TaskEndedError
from seedflow.run.status import Problem, TaskResult, TaskStatus
from seedflow.run.waiting import sleep_unless_stopped
from seedflow.store.base import (
    AlreadyStored,
    Attempt,
    Claim,
    Granted,
    HeldElsewhere,
    RequestRecord,
    ToRecover,
)

FIRST_POLL_S = 0.05
LONGEST_POLL_S = 1.0


class Performer:
    """Performs the requests of one run, one attempt at a time; what the pictures are like is not its concern."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._room = Room(services.control)

    async def perform(self, task: Task, after_attempt: int = 0) -> TaskResult:
        """The first result above an attempt, stored or asked for now; halts the run when nothing more can be asked or written.

        It has an end whatever happens. A task that had to give up before anything was sent is `cancelled`.
        """
        tally = Tally()
        try:
            return await self._perform(task, tally, after_attempt)
        except StoreError as error:
            gone = None if await self._services.disk.run(self._services.store.is_there) else tally.answer
            problem = endings.not_kept(task, error, paid=self._is_paid(tally), gone=gone)
            self._services.halt(problem)
            return without_images(task, tally, TaskStatus.FAILED, problem)
        except asyncio.CancelledError:
            if not self._services.control.aborted:
                raise
            status = TaskStatus.UNKNOWN if tally.stage is Stage.SENT else TaskStatus.CANCELLED
            return without_images(task, tally, status, endings.let_go(task, tally.stage))

    async def _perform(self, task: Task, tally: Tally, after_attempt: int) -> TaskResult:
        try:
            return await self._claim_and_carry_on(task, tally, after_attempt)
        except TaskEndedError as ended:
            if ended.stop_run and ended.problem is not None:
                self._services.halt(ended.problem)
            status, problem = ended.status, ended.problem
        given_up = status is TaskStatus.CANCELLED and not self._services.control.interrupted
        if tally.lost is not None and (given_up or status is TaskStatus.FAILED):
            most_usd = self._services.cost_usd(task, task.images.high)
            doubt = await self._services.measure_doubt(tally.lost, most_usd)
            status, problem = TaskStatus.UNKNOWN, endings.unknown(task, tally.lost, doubt, problem)
        return without_images(task, tally, status, problem)

    async def _claim_and_carry_on(self, task: Task, tally: Tally, after_attempt: int) -> TaskResult:
        services = self._services
        record = build_record(task, services.provider.realm, services.recipe)
        looked_up: set[str] = set()
        repeats = 0
        again = False
        poll_s = FIRST_POLL_S
        told = False
        while True:
            freed = self._room.freed
            try:
                with self._room.asking():
                    claim = await self._claim(task, record, after_attempt, again=again)
                match claim:
                    case AlreadyStored(result=result):
                        return replace(reuse(task, result), cost_usd=tally.cost_usd, calls=tally.calls)
                    case HeldElsewhere():
                        if poll_s == LONGEST_POLL_S and not told:
                            told = True
                            services.emit(EventKind.CALL_AWAITED, task.address, {})
                        # Not on the other run's lock: that run may live long after it has this picture.
                        await sleep_unless_stopped(services.control, poll_s)
                        poll_s = min(poll_s * 2, LONGEST_POLL_S)
                        self._give_up_if_stopping()
                    case Granted(attempt=attempt):
                        looked_up.add(attempt.intent_id)
                        return await self._carry_on(task, attempt, tally, recovered=False)
                    case ToRecover(attempt=attempt):
                        looked_up.add(attempt.intent_id)
                        return await self._carry_on(task, attempt, tally, recovered=True)
            except BudgetError as error:
                if tally.lost is not None and repeats:
                    tally.lost = replace(tally.lost, help=endings.advise_on_room(error))
                self._give_up_if_stopping()
                if not await self._room.wait_freed(freed):
                    self._give_up_if_stopping()
                    services.halt(Problem("budget", error.message, error.help, task.origin.span), budget=True)
                    raise TaskEndedError(TaskStatus.CANCELLED) from None
            except TaskEndedError as ended:
                if ended.settled:
                    self._give_up_if_stopping()
                    continue
                if ended.lost is not None:
                    tally.lost = ended.lost
                found = await self._look_others_up(task, record, after_attempt, tally, looked_up)
                if found is not None:
                    return found
                again = (
                    ended.repeatable
                    and services.options.on_unknown is OnUnknown.RETRY
                    and repeats < services.options.retry.most_repeats_of_unknown
                    and not services.control.stopping
                )
                if not again:
                    raise
                repeats += 1

    async def _claim(self, task: Task, record: RequestRecord, after_attempt: int, *, again: bool) -> Claim:
        services = self._services
        return await services.disk.run(
            services.store.claim,
            services.run_id,
            record,
            services.cost_usd(task, task.images.high),
            services.options.budgets,
            again=again,
            after_attempt=after_attempt,
        )

    async def _look_others_up(
        self, task: Task, record: RequestRecord, after_attempt: int, tally: Tally, looked_up: set[str]
    ) -> TaskResult | None:
        """What came of another call of the same request that was lost and paid again with consent, if its answer can be had."""
        services = self._services
        lost = await services.disk.run(
            services.store.list_lost, record.realm, record.fingerprint, record.take, after_attempt
        )
        for intent_id in lost:
            if intent_id in looked_up or services.control.stopping:
                continue
            looked_up.add(intent_id)
            claim = await services.disk.run(services.store.take_up, services.run_id, intent_id)
            if not isinstance(claim, ToRecover):
                continue
            with suppress(TaskEndedError):
                return await self._carry_on(task, claim.attempt, tally, recovered=True)
        return None

    async def _carry_on(self, task: Task, attempt: Attempt, tally: Tally, *, recovered: bool) -> TaskResult:
        with self._room.holding():
            return await AttemptRunner(self._services, task, attempt, tally).carry_on(recovered=recovered)

    def _is_paid(self, tally: Tally) -> bool:
        """Whether the call at work was answered, by somebody who is paid; what an earlier run sent costs this one nothing."""
        sent_here = tally.calls > 0
        return (
            tally.stage is Stage.ANSWERED
            and self._services.provider.paid
            and (tally.open_usd > 0 or not sent_here)
        )

    def _give_up_if_stopping(self) -> None:
        if self._services.control.stopping:
            raise TaskEndedError(TaskStatus.CANCELLED)


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
