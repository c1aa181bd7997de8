"""One attempt from wherever it stands to its end: send, record the raw answer, judge, fetch, keep.

Every outside action stands between two durable states, so that a run that is killed anywhere leaves a row that says how
to go on; `recover` turns such a row into the next action.
"""

from __future__ import annotations

import asyncio
import random
import time
from decimal import Decimal
from functools import partial
from math import inf
from typing import TypeAlias

from seedflow.diagnostics import Severity
from seedflow.errors import Billed, ProviderError, Retry, SeedflowError
from seedflow.money import ZERO_USD
from seedflow.plan.model import Task
from seedflow.providers.base import Answer, NotBilled, Recovered, StillUnknown
from seedflow.run import endings, results
from seedflow.run.attempt_ends import AttemptEnds
from seedflow.run.collect import LostError, NotFetchedError, RejectedError
from seedflow.run.events import EventKind
from seedflow.run.reconcile import SECOND_LOOK_S, find_patience_s, reconcile, tell_why, write_down
from seedflow.run.recover import Recovery, recover
from seedflow.run.references import PREPARED_FOR_S, Prepared
from seedflow.run.retry import SLOWING_KINDS, ends_run, find_backoff_s, find_wait_s
from seedflow.run.services import Services, Stage, Tally, TaskEndedError
from seedflow.run.status import TaskResult, TaskStatus
from seedflow.run.waiting import sleep_unless_stopped
from seedflow.store.base import Attempt, AttemptState

_Outcome: TypeAlias = TaskResult | Answer | ProviderError | None
"""Where an attempt stands: ended, answered, called in vain, or to be called."""


class AttemptRunner(AttemptEnds):
    """Carries one attempt of a task to its end. `tally` counts what it costs this run."""

    def __init__(self, services: Services, task: Task, attempt: Attempt, tally: Tally) -> None:
        super().__init__(services, task, attempt, tally)
        self._random = random.Random()  # noqa: S311 - jitter for waits, nothing secret
        self._jitter = self._random.random()
        self._tries = 0
        self._sent_at = attempt.sent_at or time.time()
        self._answered_here = False
        self._looked_up = False
        self._answer = attempt.answer
        tally.stage = Stage.UNSENT

    async def carry_on(self, *, recovered: bool) -> TaskResult:
        """From a new attempt, or from what an earlier run left behind (`recovered`), to images.

        Raises:
            TaskEndedError: it gives no images. `settled`: what was left behind cost nothing and has ended. It is not made again by
                itself, since another call of the same request may be open whose answer can still be had.
            StoreError: the disk does not take what must be written.
        """
        outcome: _Outcome = await self._take_up() if recovered else None
        while not isinstance(outcome, TaskResult):
            match outcome:
                case None:
                    outcome = await self._call()
                case Answer():
                    outcome = await self._collect(outcome)
                case ProviderError():
                    outcome = await self._judge(outcome)
        return outcome

    async def _take_up(self) -> Answer | None:
        attempt = self._attempt
        match recover(attempt.state):
            case Recovery.REDO:
                return None
            case Recovery.RECONCILE:
                self._tally.stage = Stage.SENT
                return await self._reconcile(tell_why(attempt))
            case Recovery.FETCH:
                self._tally.stage = Stage.ANSWERED
                self._tally.answer = attempt.answer
                return Answer(attempt.answer or b"", free=not attempt.cost_usd)
            case Recovery.LOOK_AGAIN:
                self._tally.stage = Stage.SENT
                return await self._look_again((attempt.message or "nobody knows why").rstrip("."))
            case Recovery.ASK:
                raise await self._leave(attempt)

    async def _look_again(self, why: str) -> Answer:
        """What the log knows by now of a call that an earlier run made, and that was refused and may have been billed."""
        match await self._find_better():
            case Answer() as answer:
                return answer
            case NotBilled(message=message):
                await self._mark_not_billed("not-billed", f"{why}; {message}", 0.0)
            case StillUnknown(message=message, cost_usd=Decimal() as cost_usd):
                problem = endings.lost(self._task, f"{why}; {message}")
                raise await self._lost(f"{why}; {message}", cost_usd, problem, again=True)
            case StillUnknown():
                pass
        raise await self._leave(self._attempt)

    # Calling

    async def _call(self) -> Answer | ProviderError:
        limiter = self._services.limiter
        await self._give_up_if_stopping()
        prepared = await self._prepare()
        async with limiter.slot() as cuts:
            await self._give_up_if_stopping()
            if self._services.preparer.age_s(prepared) > PREPARED_FOR_S:
                prepared = await self._prepare()
                await self._give_up_if_stopping()
            outcome = await self._send(prepared)
            if isinstance(outcome, Answer):
                limiter.succeeded()
            elif (wait_s := self._find_wait_s(outcome)) is None and ends_run(outcome):
                # While the place is still taken: else whoever waits for it would be sent before the run is halted.
                self._services.halt(endings.failed(self._task, outcome.kind, outcome))
            elif outcome.kind in SLOWING_KINDS:
                limiter.slow_down(wait_s or 0.0, cuts)
        if isinstance(outcome, Answer):
            await self._record(outcome)
            self._answered_here = True
        return outcome

    async def _give_up_if_stopping(self) -> None:
        """Nothing of this attempt is in flight: it stays reserved, for whoever comes next."""
        services = self._services
        if services.control.stopping:
            await services.disk.run(services.store.leave, self._attempt.intent_id)
            raise TaskEndedError(TaskStatus.CANCELLED)

    async def _prepare(self) -> Prepared:
        preparer = self._services.preparer
        try:
            prepared = await preparer.prepare(self._task.references, self._task.model)
        except SeedflowError as error:
            raise await self._failed("reference", error, ZERO_USD) from None
        errors = [
            problem
            for problem in self._model.judge(preparer.judged_input(self._task, prepared))
            if problem.severity is Severity.ERROR
        ]
        if errors:
            path = ".".join(map(str, errors[0].path))
            wrong = SeedflowError(
                f"the request is not what the card of {self._model.id} allows: {path}: {errors[0].message}"
            )
            raise await self._failed("wrong-request", wrong, ZERO_USD)
        return prepared

    async def _send(self, prepared: Prepared) -> Answer | ProviderError:
        services = self._services
        self._tries += 1
        self._jitter = self._random.random()
        self._answered_here = self._looked_up = False
        self._answer = None
        self._sent_at = time.time()
        try:
            return await services.provider.generate(
                services.build_request(self._task, self._attempt, prepared.wire),
                partial(self._commit_sending, prepared),
            )
        except ProviderError as error:
            endings.advise_on_data(error, prepared.records)
            return error
        except asyncio.CancelledError:
            if self._tally.stage is Stage.SENT:
                await services.disk.run(
                    services.store.mark_unknown, self._attempt.intent_id, "interrupted while calling"
                )
            raise

    async def _commit_sending(self, prepared: Prepared) -> None:
        """Called by the provider when the connection stands: the last moment at which nothing has left.

        Raises:
            TaskEndedError: the run has been stopped while it was made.
        """
        await self._give_up_if_stopping()
        services, task, intent_id = self._services, self._task, self._attempt.intent_id
        try:
            await services.disk.run(services.store.mark_sending, intent_id, prepared.records, self._sent_at)
        except asyncio.CancelledError as cancelled:
            if cancelled.__cause__ is None:
                await services.disk.run(
                    services.store.mark_not_billed, intent_id, "let go of before it was sent"
                )
            raise
        if services.control.stopping:  # since it was written down
            await services.disk.run(services.store.mark_not_billed, intent_id, "not sent: the run ended")
            await self._give_up_if_stopping()
        self._paid_here = True
        self._tally.calls += 1
        self._tally.stage = Stage.SENT
        self._tally.open_usd = self._most_usd
        services.emit(
            EventKind.CALL_SENT,
            task.address,
            {
                "intent": intent_id,
                "take": task.take,
                "attempt": self._attempt.attempt,
                "references": list(prepared.records),
            },
        )

    # Calls in vain

    async def _judge(self, failure: ProviderError) -> Answer | None:
        """What follows a failure: an answer that the log had after all, or None once it may be called again."""
        services = self._services
        unsent = self._tally.stage is Stage.UNSENT
        if failure.retry is Retry.CONSENT and not unsent:
            found = await self._reconcile(failure.message)
            if found is not None:
                return found
            wait_s = find_backoff_s(self._tries, services.options.retry, self._jitter)
            if wait_s is None:
                raise await self._failed(failure.kind, failure, ZERO_USD)
        else:
            if failure.billed is not Billed.NO and not unsent:
                better = await self._find_better()
                if isinstance(better, Answer):
                    return better
                if isinstance(better, StillUnknown):
                    raise await self._refused(failure, better)
                failure = endings.clear(failure, better.message)
            wait_s = self._find_wait_s(failure)
            if wait_s is None:
                raise await self._failed(failure.kind, failure, ZERO_USD)
            await self._mark_not_billed(failure.kind, failure.message, wait_s)
        await sleep_unless_stopped(services.control, wait_s)
        return None

    def _find_wait_s(self, failure: ProviderError) -> float | None:
        policy = self._services.options.retry
        if failure.retry is Retry.CONSENT:  # it never came to sending, whatever the provider makes of it
            return find_backoff_s(self._tries, policy, self._jitter)
        # A call that was accepted and answered with a refusal says nothing about how long none was accepted.
        standstill_s = inf if self._answered_here else self._services.limiter.standstill_s
        return find_wait_s(failure, self._tries, policy, self._jitter, standstill_s)

    async def _mark_not_billed(self, kind: str, message: str, wait_s: float) -> None:
        """What this run sent may be sent again. What was only looked up ends here, as the call of the run that sent it."""
        services = self._services
        only_looked_up = self._tally.stage is not Stage.UNSENT and not self._paid_here
        if only_looked_up:
            await services.disk.run(services.store.mark_cleared, self._attempt.intent_id, message)
        elif self._tally.stage is not Stage.UNSENT:
            await services.disk.run(services.store.mark_not_billed, self._attempt.intent_id, message)
        self._tally.stage = Stage.UNSENT
        self._tally.open_usd = ZERO_USD
        data = {"kind": kind, "message": message, "wait_s": round(wait_s, 3), "call": self._tries}
        services.emit(EventKind.CALL_RETRIED, self._task.address, data)
        if only_looked_up:
            raise TaskEndedError(TaskStatus.CANCELLED, settled=True)

    async def _reconcile(self, why: str) -> Answer | None:
        """The recovered answer, recorded, or None when the provider's log shows that nothing was billed."""
        services, intent_id = self._services, self._attempt.intent_id
        services.emit(EventKind.CALL_LOST, self._task.address, {"intent": intent_id, "message": why})
        try:
            facts = services.options.facts.get(self._task.model)
            for_s = find_patience_s(facts, services.options.reconcile_for_s)
            found = await reconcile(services.provider, intent_id, self._sent_at, for_s)
        except asyncio.CancelledError:
            await services.disk.run(services.store.mark_unknown, intent_id, write_down(why, "interrupted"))
            raise
        match found:
            case Recovered(answer=answer):
                await self._record(answer)
                return answer
            case NotBilled(message=message):
                wait_s = find_backoff_s(self._tries, services.options.retry, self._jitter)
                await self._mark_not_billed("not-billed", message, wait_s or 0.0)
                return None
            case StillUnknown(message=message):
                raise await self._unknown(why, message)

    # Answers

    async def _record(self, answer: Answer) -> None:
        services = self._services
        most_usd = ZERO_USD if answer.free else self._most_usd
        await services.disk.run(services.store.mark_answered, self._attempt.intent_id, answer.raw, most_usd)
        self._answer = self._tally.answer = answer.raw
        self._tally.stage = Stage.ANSWERED
        self._tally.open_usd = self._share(most_usd)
        data = {"intent": self._attempt.intent_id, "bytes": len(answer.raw), "free": answer.free}
        services.emit(EventKind.CALL_ANSWERED, self._task.address, data)

    async def _collect(self, answer: Answer) -> TaskResult | Answer | ProviderError | None:
        services, task, intent_id = self._services, self._task, self._attempt.intent_id
        request = services.build_request(task, self._attempt, services.preparer.local(task.references))
        try:
            collected = await services.collector.collect(
                answer.raw, self._model, task, request, lease=self._answered_here
            )
        except ProviderError as failure:
            return await self._doubt(answer, failure)
        except (RejectedError, LostError, NotFetchedError) as useless:
            return await self._mend(answer, useless)
        cost_usd = self._price(answer, collected.came)
        result = await services.disk.run(services.store.mark_done, intent_id, collected.images, cost_usd)
        self._tally.end(self._share(cost_usd))
        beyond = endings.beyond(collected, cost_usd)
        return results.done(task, result, self._tally, (*beyond, *collected.warnings))

    async def _doubt(self, answer: Answer, failure: ProviderError) -> Answer | ProviderError | None:
        """The recorded answer says that the call failed, or cannot be read; the log may know better."""
        if failure.retry is not Retry.CONSENT:
            return failure
        found = await self._judge(failure)
        if found is not None and found.raw == answer.raw:
            raise await self._unknown(failure.message, "the provider's log has the same answer")
        return found

    async def _mend(
        self, answer: Answer, useless: RejectedError | LostError | NotFetchedError
    ) -> Answer | None:
        """What the provider's log has in place of an answer that is of no use: it may have been damaged on its way here.

        None once the call may be made again, since the log shows that it cost nothing.
        """
        services, intent_id = self._services, self._attempt.intent_id
        found = await self._find_better(services.options.reconcile_for_s)
        if isinstance(found, Answer):
            return found
        wait_s = find_backoff_s(self._tries, services.options.retry, self._jitter)
        if isinstance(found, NotBilled) and isinstance(useless, RejectedError) and wait_s is not None:
            await self._mark_not_billed(useless.kind, f"{useless.message}; {found.message}", wait_s)
            await sleep_unless_stopped(services.control, wait_s)
            return None
        if isinstance(useless, NotFetchedError):
            await self._count_all(answer, useless.images)
            await services.disk.run(services.store.leave, intent_id)
            self._tally.end(self._tally.open_usd)
            problem = endings.not_fetched(self._task, useless.message)
            raise TaskEndedError(TaskStatus.FAILED, problem, state=AttemptState.ANSWERED)
        if isinstance(useless, RejectedError):
            raise await self._rejected(useless, answer)
        cost_usd = self._price(answer, useless.images)
        problem = endings.lost(self._task, useless.message)
        raise await self._lost(useless.message, cost_usd, problem, again=True)

    async def _count_all(self, answer: Answer, images: int) -> None:
        """More images came than were asked for: all count from now on, although they are not here yet."""
        cost_usd = self._price(answer, images)
        if cost_usd > self._most_usd:
            await self._services.disk.run(
                self._services.store.mark_answered, self._attempt.intent_id, answer.raw, cost_usd
            )
            self._tally.open_usd = self._share(cost_usd)

    async def _find_better(self, for_s: float = SECOND_LOOK_S) -> Answer | NotBilled | StillUnknown:
        """What the log has in place of an answer of no use or a refusal, recorded; it is asked once for each call."""
        nothing = StillUnknown("", may_appear=False)
        if self._looked_up:
            return nothing
        self._looked_up = True
        services, intent_id = self._services, self._attempt.intent_id
        for_s = min(for_s, services.options.reconcile_for_s)
        patience_s = find_patience_s(services.options.facts.get(self._task.model), for_s)
        found = await reconcile(services.provider, intent_id, self._sent_at, patience_s, refused=True)
        if not isinstance(found, Recovered):
            return found
        if found.answer.raw == self._answer:
            return nothing
        await self._record(found.answer)
        return found.answer
