"""One attempt from wherever it stands to its end: send, record the raw answer, judge, fetch, keep.

Every outside action stands between two durable states, so that a run that is killed anywhere leaves a row that says how
to go on; `recover` turns such a row into the next action.
"""

from __future__ import annotations

import asyncio
import random
import time
from decimal import Decimal

from seedflow.diagnostics import Severity
from seedflow.errors import Billed, ProviderError, Retry, SeedflowError
from seedflow.money import ZERO_USD, format_usd
from seedflow.plan.model import Action, Task
from seedflow.providers.base import (
    Answer,
    CallContext,
    GenerateRequest,
    NotBilled,
    Recovered,
    StillUnknown,
    WireReference,
)
from seedflow.run.collect import Collected, LostError, NotFetchedError, RejectedError
from seedflow.run.events import EventKind
from seedflow.run.options import RunControl
from seedflow.run.recover import Recovery, recover
from seedflow.run.references import Prepared
from seedflow.run.retry import find_wait_s
from seedflow.run.services import Services, TaskEndedError
from seedflow.run.status import Problem, TaskResult, TaskStatus
from seedflow.store.base import Attempt

_RATE_LIMITED = "rate-limited"
_FIRST_RECONCILE_WAIT_S = 0.2
_LONGEST_RECONCILE_WAIT_S = 8.0


class AttemptRunner:
    """Carries the attempts of one task. `calls` counts requests that were sent."""

    def __init__(self, services: Services, task: Task) -> None:
        self._services = services
        self._task = task
        self._model = services.get_model(task.model)
        self._most_usd = services.cost_usd(task, task.images.high)
        self._random = random.Random()  # noqa: S311 - jitter for waits, nothing secret
        self.calls = 0

    async def recover(self, attempt: Attempt) -> TaskResult:
        """Go on with what an earlier run left behind."""
        match recover(attempt.state):
            case Recovery.REDO:
                return await self.call(attempt)
            case Recovery.RECONCILE:
                why = "an earlier run ended before the answer came"
                return await self._recall_or_collect(
                    attempt, await self._reconcile(attempt, attempt.sent_at or 0.0, why)
                )
            case Recovery.FETCH:
                return await self._collect(attempt, Answer(attempt.answer or b""))
            case Recovery.ASK:
                raise TaskEndedError(
                    TaskStatus.FAILED, self._lost_problem(attempt.message or "its images are gone")
                )

    async def call(self, attempt: Attempt) -> TaskResult:
        """Send, as often as nothing was billed and the policy allows, and collect the answer."""
        services, task = self._services, self._task
        tries = 0
        while True:
            self.give_up_if_stopping()
            prepared = await self._prepare(attempt)
            async with services.limiter.slot():
                self.give_up_if_stopping()
                tries += 1
                sent_at = time.time()
                outcome = await self._send(attempt, prepared)
            if isinstance(outcome, Answer):
                services.limiter.succeeded()
                return await self._record_and_collect(attempt, outcome)
            if outcome.billed is Billed.NO:
                await self._wait_or_fail(attempt, outcome, tries)
            elif outcome.retry is Retry.CONSENT:
                found = await self._reconcile(attempt, sent_at, outcome.message)
                if found is not None:
                    return await self._record_and_collect(attempt, found)
                if tries >= services.options.retry.most_calls:
                    raise await self._failed(attempt, outcome.kind, outcome, ZERO_USD)
            else:
                raise await self._failed(attempt, outcome.kind, outcome, self._most_usd)
            if services.control.stopping:
                raise TaskEndedError(
                    TaskStatus.CANCELLED, Problem("stopped", f"{task.address} was not asked again")
                )

    def give_up_if_stopping(self) -> None:
        """Raises `TaskEndedError` once the run is stopping; nothing is in flight for this task then."""
        if self._services.control.stopping:
            problem = Problem(
                "stopped", "the run was stopped before this was asked", None, self._task.origin.span
            )
            raise TaskEndedError(TaskStatus.CANCELLED, problem)

    async def _prepare(self, attempt: Attempt) -> Prepared:
        preparer = self._services.preparer
        try:
            prepared = await preparer.prepare(self._task.references)
        except SeedflowError as error:
            raise await self._failed(attempt, "reference", error, ZERO_USD) from None
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
            raise await self._failed(attempt, "wrong-request", wrong, ZERO_USD)
        return prepared

    async def _send(self, attempt: Attempt, prepared: Prepared) -> Answer | ProviderError:
        services, task = self._services, self._task
        await services.disk.run(services.store.mark_sending, attempt.intent_id, prepared.records)
        self.calls += 1
        services.emit(
            EventKind.CALL_SENT,
            task.address,
            {
                "intent": attempt.intent_id,
                "take": task.take,
                "attempt": attempt.attempt,
                "references": list(prepared.records),
            },
        )
        try:
            return await services.provider.generate(self._request(attempt, prepared.wire))
        except ProviderError as error:
            return error
        except asyncio.CancelledError:
            await services.disk.run(
                services.store.mark_unknown, attempt.intent_id, "interrupted while calling"
            )
            raise

    async def _wait_or_fail(self, attempt: Attempt, failure: ProviderError, tries: int) -> None:
        services = self._services
        wait_s = find_wait_s(failure, tries, services.options.retry, self._random.random())
        if wait_s is None:
            raise await self._failed(attempt, failure.kind, failure, ZERO_USD)
        await services.disk.run(services.store.mark_not_billed, attempt.intent_id, failure.message)
        if failure.kind == _RATE_LIMITED:
            services.limiter.rate_limited(wait_s)
        services.emit(
            EventKind.CALL_RETRIED,
            self._task.address,
            {"kind": failure.kind, "message": failure.message, "wait_s": round(wait_s, 3), "call": tries},
        )
        await sleep_unless_stopped(services.control, wait_s)

    async def _reconcile(self, attempt: Attempt, sent_at: float, why: str) -> Answer | None:
        """The recovered answer, or None when the provider's log shows that nothing was billed."""
        services = self._services
        wait_s = _FIRST_RECONCILE_WAIT_S
        while True:
            try:
                found = await services.provider.reconcile(attempt.intent_id, sent_at)
            except asyncio.CancelledError:
                await services.disk.run(services.store.mark_unknown, attempt.intent_id, f"{why}; interrupted")
                raise
            match found:
                case Recovered(answer=answer):
                    return answer
                case NotBilled(message=message):
                    await services.disk.run(services.store.mark_not_billed, attempt.intent_id, message)
                    data = {"kind": "not-billed", "message": message, "wait_s": 0.0, "call": self.calls}
                    services.emit(EventKind.CALL_RETRIED, self._task.address, data)
                    return None
                case StillUnknown(message=message, may_appear=may_appear):
                    young = time.time() - sent_at < services.options.reconcile_for_s
                    if may_appear and young and not services.control.aborted:
                        await asyncio.sleep(wait_s)
                        wait_s = min(wait_s * 2, _LONGEST_RECONCILE_WAIT_S)
                        continue
                    raise await self._unknown(attempt, f"{why}; {message}")

    async def _recall_or_collect(self, attempt: Attempt, found: Answer | None) -> TaskResult:
        return await (self.call(attempt) if found is None else self._record_and_collect(attempt, found))

    async def _record_and_collect(self, attempt: Attempt, answer: Answer) -> TaskResult:
        services = self._services
        most_usd = ZERO_USD if answer.free else self._most_usd
        await services.disk.run(services.store.mark_answered, attempt.intent_id, answer.raw, most_usd)
        data = {"intent": attempt.intent_id, "bytes": len(answer.raw), "free": answer.free}
        services.emit(EventKind.CALL_ANSWERED, self._task.address, data)
        return await self._collect(attempt, answer)

    async def _collect(self, attempt: Attempt, answer: Answer) -> TaskResult:
        services, task = self._services, self._task
        request = self._request(attempt, services.preparer.local(task.references))
        try:
            collected = await services.collector.collect(answer.raw, self._model, task, request)
        except ProviderError as error:
            return await self._unusable(attempt, answer, error)
        except RejectedError as rejected:
            cost_usd = services.cost_usd(task, rejected.images)
            raise await self._failed(attempt, rejected.kind, rejected, cost_usd) from None
        except LostError as lost:
            await services.disk.run(services.store.mark_lost_paid, attempt.intent_id, lost.message)
            raise TaskEndedError(
                TaskStatus.FAILED, self._lost_problem(lost.message), self._most_usd
            ) from None
        except NotFetchedError as error:
            raise TaskEndedError(
                TaskStatus.FAILED, self._not_fetched_problem(error.message), self._most_usd
            ) from None
        return await self._done(attempt, answer, collected)

    async def _done(self, attempt: Attempt, answer: Answer, collected: Collected) -> TaskResult:
        services, task = self._services, self._task
        cost_usd = ZERO_USD if answer.free else services.cost_usd(task, len(collected.images))
        result = await services.disk.run(
            services.store.mark_done, attempt.intent_id, collected.images, cost_usd
        )
        return TaskResult(
            task.address,
            TaskStatus.DONE,
            Action.CALL,
            result.images,
            take=result.take,
            cost_usd=cost_usd,
            calls=self.calls,
            warnings=collected.warnings,
        )

    async def _unusable(self, attempt: Attempt, answer: Answer, error: ProviderError) -> TaskResult:
        """The recorded answer says that the call failed, or cannot be read; the log may know better."""
        if error.retry is not Retry.CONSENT:
            cost_usd = ZERO_USD if error.billed is Billed.NO else self._most_usd
            raise await self._failed(attempt, error.kind, error, cost_usd)
        found = await self._reconcile(attempt, attempt.sent_at or time.time(), error.message)
        if found is not None and found.raw == answer.raw:
            raise await self._unknown(attempt, f"{error.message}; the provider's log has the same answer")
        return await self._recall_or_collect(attempt, found)

    async def _failed(
        self, attempt: Attempt, kind: str, error: SeedflowError, cost_usd: Decimal
    ) -> TaskEndedError:
        services = self._services
        await services.disk.run(services.store.mark_failed, attempt.intent_id, kind, error.message, cost_usd)
        problem = Problem(kind, error.message, error.help, self._task.origin.span)
        stop_run = isinstance(error, ProviderError) and error.retry is Retry.STOP_RUN
        return TaskEndedError(TaskStatus.FAILED, problem, cost_usd, stop_run=stop_run)

    async def _unknown(self, attempt: Attempt, why: str) -> TaskEndedError:
        services = self._services
        await services.disk.run(services.store.mark_unknown, attempt.intent_id, why)
        problem = Problem(
            "unknown-outcome",
            f"{why}. It may have been billed (up to {format_usd(self._most_usd)}), so it is not asked again by itself",
            "look at the provider's log or bill; run again with --on-unknown retry to consent to paying again",
            self._task.origin.span,
        )
        return TaskEndedError(TaskStatus.UNKNOWN, problem, self._most_usd)

    def _request(self, attempt: Attempt, wire: tuple[WireReference, ...]) -> GenerateRequest:
        task = self._task
        context = CallContext(
            self._services.run_id, task.address, task.take, attempt.attempt, attempt.intent_id
        )
        return GenerateRequest(task.model, task.params, task.references_field, wire, context)

    def _lost_problem(self, message: str) -> Problem:
        return Problem(
            "lost-paid",
            f"it was answered and paid, but {message}",
            "run again with --on-unknown retry to consent to paying for it once more",
            self._task.origin.span,
        )

    def _not_fetched_problem(self, message: str) -> Problem:
        return Problem(
            "not-fetched",
            f"it was answered and paid, but {message}",
            "run again soon: the picture is fetched without paying again as long as its URL lives",
            self._task.origin.span,
        )


async def sleep_unless_stopped(control: RunControl, wait_s: float) -> None:
    """Sleep, but wake when the run is stopped."""
    woken = asyncio.Event()
    control.on_stop(woken.set)
    try:
        async with asyncio.timeout(wait_s):
            if not control.stopping:
                await woken.wait()
    except TimeoutError:
        pass
    finally:
        control.forget(woken.set)
