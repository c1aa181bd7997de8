"""One task to its end: attempt after attempt until its pictures are what `expect` wants, or none is left."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal

from seedflow.errors import StoreError
from seedflow.money import ZERO_USD
from seedflow.plan.expect import Expectation, choose_result, judge_images
from seedflow.plan.model import Task
from seedflow.run import endings
from seedflow.run.events import EventKind
from seedflow.run.perform import Performer, build_record
from seedflow.run.results import reuse
from seedflow.run.services import Services
from seedflow.run.shared import Ask, SharedRequests
from seedflow.run.status import NO_ATTEMPTS, Earlier, Problem, TaskResult, TaskStatus
from seedflow.store.base import StoredResult


def build_requests(services: Services) -> ExpectedResults:
    """What performs the tasks of a run: judged, shared by those with the same request, each attempt paid once."""
    return ExpectedResults(services, SharedRequests(Performer(services).perform).ask)


def reuse_chosen(task: Task, result: StoredResult) -> TaskResult:
    """The end of a task whose stored result was chosen when it was planned; what is accepted although it is wrong is said."""
    complaint = None
    if task.expectation is not None:
        complaint = judge_images(task.expectation, [image.facts for image in result.images])
    return replace(reuse(task, result), warnings=() if complaint is None else (complaint,))


class ExpectedResults:
    """Judges what is asked for and asks again. Every attempt is paid for by itself; what was rejected stays in the store."""

    def __init__(self, services: Services, ask: Ask) -> None:
        self._services = services
        self._ask = ask

    async def perform(self, task: Task) -> TaskResult:
        """Run a task to its end, whatever the end is. Its cost is that of all attempts that were made for it."""
        if task.expectation is None:
            return await self._ask(task, 0)
        spent = _Spent()
        try:
            return await self._perform(task, task.expectation, spent)
        except StoreError as error:
            problem = Problem(error.kind, error.message, error.help, task.origin.span, error.unsaved)
            self._services.halt(problem)
            return spent.end(task, TaskStatus.FAILED, problem)
        except asyncio.CancelledError:
            if not self._services.control.aborted:
                raise
            return spent.end(task, TaskStatus.CANCELLED)

    async def _perform(self, task: Task, expectation: Expectation, spent: _Spent) -> TaskResult:
        complaint = ""
        after_attempt = task.attempts_made
        made: TaskResult | None = None
        while True:
            if after_attempt:
                results = await self._list_results(task)
                choice = choose_result(expectation, results, after_attempt)
                if choice.result is not None:
                    return spent.use(task, choice.result, choice.complaint, made)
                last = max(after_attempt, choice.after_attempt)
                if last >= expectation.attempts:
                    count = sum(result.attempt <= last for result in results)
                    problem = endings.unexpected(task, choice.complaint or complaint, max(count, 1))
                    return spent.end(task, TaskStatus.FAILED, problem, attempt=last)
                if self._services.control.stopping:
                    return spent.end(task, TaskStatus.CANCELLED)
            made = await self._ask(task, after_attempt)
            spent.add(made)
            found = judge_images(expectation, [image.facts for image in made.images])
            if not made.status.has_images or found is None:
                return spent.on(made)
            complaint, after_attempt = found, made.attempt
            spent.reject(made.attempt - task.attempts_made)
            if not expectation.accepts_all:
                self._tell_rejected(task, made, found, expectation.attempts)

    def _tell_rejected(self, task: Task, made: TaskResult, complaint: str, attempts: int) -> None:
        data: dict[str, object] = {
            "take": task.take,
            "attempt": made.attempt,
            "attempts": attempts,
            "complaint": complaint,
        }
        self._services.emit(EventKind.ATTEMPT_REJECTED, task.address, data)

    async def _list_results(self, task: Task) -> tuple[StoredResult, ...]:
        services = self._services
        record = build_record(task, services.provider.realm, services.recipe)
        return await services.disk.run(
            services.store.list_results, record.realm, record.fingerprint, record.take
        )


@dataclass(slots=True)
class _Spent:
    """What a task's attempts cost this run together."""

    cost_usd: Decimal = ZERO_USD
    calls: int = 0
    earlier: Earlier = NO_ATTEMPTS

    def add(self, made: TaskResult) -> None:
        self.cost_usd += made.cost_usd
        self.calls += made.calls

    def reject(self, attempts: int) -> None:
        """So many attempts were not as expected, be they made for this task or for another one with the same request."""
        self.earlier = Earlier(attempts, self.calls, self.cost_usd)

    def on(self, made: TaskResult) -> TaskResult:
        return replace(made, cost_usd=self.cost_usd, calls=self.calls, earlier=self.earlier)

    def use(
        self, task: Task, result: StoredResult, complaint: str | None, made: TaskResult | None
    ) -> TaskResult:
        warnings = () if complaint is None else (complaint,)
        if made is None or made.attempt != result.attempt:
            made = reuse(task, result)
        return self.on(replace(made, warnings=(*made.warnings, *warnings)))

    def end(
        self, task: Task, status: TaskStatus, problem: Problem | None = None, attempt: int = 1
    ) -> TaskResult:
        result = TaskResult(
            task.address, status, task.action, take=task.take, problem=problem, attempt=attempt
        )
        return self.on(result)
