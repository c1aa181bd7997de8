"""Runs a plan: starts what is ready, at most so many at once, and stops cleanly.

The scheduler says what is ready, the planner settles it, the performer does it, facts go back to both.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from seedflow.errors import StoreError
from seedflow.models.catalog import Catalog
from seedflow.money import ZERO_USD, to_json_usd
from seedflow.plan.model import Plan, Task, TaskFacts
from seedflow.plan.protocol import Advance
from seedflow.providers.base import Provider
from seedflow.run.book import TaskBook
from seedflow.run.collect import Collector
from seedflow.run.disk import Disk
from seedflow.run.events import Event, EventKind, Teller
from seedflow.run.expecting import build_requests
from seedflow.run.leases import LEASE_S, Leases
from seedflow.run.limits import Limiter
from seedflow.run.options import RunControl, RunOptions
from seedflow.run.publish import Published, RunNote, publish_outputs
from seedflow.run.references import ReferencePreparer
from seedflow.run.rerolls import Rerolls
from seedflow.run.serialize import build_run_record
from seedflow.run.services import Services
from seedflow.run.status import Problem, RunResult, RunStatus, TaskResult, TaskStatus, find_status
from seedflow.store.base import JudgedAttempts, PastRequest, RunRecord, Store

_CLAIMED_PER_CALL = 2
"""Tasks at work for each call in flight: enough that fetching and keeping never leave the provider idle."""


def new_run_id(now: float) -> str:
    """`20261122T224500-1a2b3c`: sorts by time, tells runs of the same second apart."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(now))}-{os.urandom(3).hex()}"


async def run_plan(
    plan: Plan,
    planner: Advance,
    *,
    store: Store,
    provider: Provider,
    catalog: Catalog,
    options: RunOptions,
    emit: Callable[[Event], None],
    control: RunControl | None = None,
) -> RunResult:
    """Run a plan to its end, whatever happens to single tasks. The store and the provider stay open.

    What goes wrong with the disk on the way is in the result's problems: nothing that was paid for may be lost from it.

    Raises:
        StoreError: the run could not begin in the store.
    """
    run_id = new_run_id(time.time())
    store.begin_run(run_id, plan.recipe, plan.realm)
    disk = Disk()
    try:
        run = _Run(
            run_id, plan, planner, store, provider, catalog, options, emit, control or RunControl(), disk
        )
        result = await run.execute()
    except BaseException:
        disk.close()
        with suppress(StoreError):  # what brought us here matters more
            store.end_run(run_id, RunStatus.FAILED.value)
        raise
    disk.close()
    try:
        folder = None if options.out is None else str(options.out.absolute())
        store.end_run(run_id, result.status.value, RunRecord(folder, build_run_record(result)))
    except StoreError as error:
        return _with_problem(result, error)
    return result


class _Run:
    def __init__(
        self,
        run_id: str,
        plan: Plan,
        planner: Advance,
        store: Store,
        provider: Provider,
        catalog: Catalog,
        options: RunOptions,
        emit: Callable[[Event], None],
        control: RunControl,
        disk: Disk,
    ) -> None:
        self._run_id = run_id
        self._plan = plan
        self._planner = planner
        self._store = store
        self._options = options
        self._emit = Teller(run_id, emit, self._lose_watcher).tell
        self._control = control
        self._disk = disk
        self._book = TaskBook(plan.tasks, planner, self._tell_grown)
        self._at_work: dict[asyncio.Task[TaskResult], Task] = {}
        self._results: dict[str, TaskResult] = {}
        self._asked: dict[str, PastRequest] = {}
        self._judged: list[JudgedAttempts] = []
        self._problems: list[Problem] = []
        self._bugs: list[BaseException] = []
        self._out_of_money = False
        self._limiter = Limiter(
            options.most_in_flight,
            lambda window, hold_s: self._emit(
                EventKind.LIMIT_CHANGED, None, {"in_flight": window, "hold_s": round(hold_s, 3)}
            ),
            options.pace,
        )
        leases = Leases(
            lease_s=min((known.find_lease_s(LEASE_S) for known in options.facts.values()), default=LEASE_S)
        )
        services = Services(
            run_id=run_id,
            recipe=plan.recipe,
            store=store,
            provider=provider,
            catalog=catalog,
            options=options,
            control=control,
            disk=disk,
            limiter=self._limiter,
            preparer=ReferencePreparer(
                store=store,
                provider=provider,
                leases=leases,
                mode=options.references,
                limits=options.reference_limits,
                disk=disk,
                uploader=options.uploader,
                facts=options.facts,
            ),
            collector=Collector(store=store, provider=provider, leases=leases, disk=disk, emit=self._emit),
            emit=self._emit,
            halt=self._halt,
        )
        self._rerolls = Rerolls(options.takes, disk)
        self._requests = build_requests(services)

    async def execute(self) -> RunResult:
        plan = self._plan
        self._emit(
            EventKind.RUN_STARTED,
            None,
            {"recipe": plan.recipe, "provider": plan.provider, "realm": plan.realm, "tasks": len(plan.tasks)},
        )
        for task in plan.tasks:
            self._tell_planned(task)
        self._control.on_stop(self._on_stop)
        try:
            await self._work()
        finally:
            self._control.forget(self._on_stop)
            await self._let_go()
        await self._remember_asked()
        if self._bugs:
            raise self._bugs[0]
        published = await self._publish()
        tasks = tuple(self._ended(task) for task in self._book.list_tasks())
        problems = (*self._problems, *published.problems)
        result = RunResult(
            run_id=self._run_id,
            status=find_status(
                tasks,
                problems,
                interrupted=self._control.interrupted,
                aborted=self._control.aborted,
                out_of_money=self._out_of_money,
            ),
            tasks=tasks,
            calls=sum(task.calls for task in tasks),
            cost_usd=sum((task.cost_usd for task in tasks), ZERO_USD),
            outputs=published.files,
            problems=problems,
        )
        self._emit(
            EventKind.RUN_FINISHED,
            None,
            {
                "status": result.status.value,
                "calls": result.calls,
                "cost_usd": to_json_usd(result.cost_usd),
            },
        )
        return result

    # Starting and ending tasks

    async def _work(self) -> None:
        """Start what is ready, take in what ended, until nothing is left to start. A bug lets what is in flight end."""
        while True:
            self._guard(self._start_ready)
            if not self._at_work:
                break
            done, _ = await asyncio.wait(self._at_work, return_when=asyncio.FIRST_COMPLETED)
            for child in [child for child in self._at_work if child in done]:
                self._take_in(child)
        unfinished = self._book.scheduler.unfinished
        if unfinished and not self._control.stopping:
            raise RuntimeError(f"nothing is ready, yet these wait: {unfinished[:5]}")

    def _start_ready(self) -> None:
        most = self._options.most_in_flight * _CLAIMED_PER_CALL
        while len(self._at_work) < most and not self._control.stopping:
            address = self._book.scheduler.pop_ready()
            if address is None:
                return
            settled = self._book.settle(address)
            if isinstance(settled, TaskResult):
                if settled.status.has_images or settled.attempt > 1:
                    self._remember(self._book.get(address), settled.attempt)
                self._finish(settled)
            elif isinstance(settled, Task):
                self._start(settled)

    def _take_in(self, child: asyncio.Task[TaskResult]) -> None:
        task = self._at_work.pop(child)
        if child.cancelled():  # before it had begun
            self._finish(TaskResult(task.address, TaskStatus.CANCELLED, task.action, take=task.take))
            return
        bug = child.exception()
        if bug is not None:
            self._note_bug(bug)
            return
        result = child.result()
        if result.calls or result.status.has_images or result.attempt > 1:
            self._remember(task, result.attempt)
        self._guard(lambda: self._finish(result))

    def _guard(self, work: Callable[[], None]) -> None:
        """Work of planner and scheduler: when it meets a bug, what is in flight is finished before the bug surfaces."""
        try:
            work()
        except Exception as bug:  # noqa: BLE001 - raised again once nothing is in flight
            self._note_bug(bug)

    def _note_bug(self, bug: BaseException) -> None:
        self._bugs.append(bug)
        self._control.halt()

    def _on_stop(self) -> None:
        if self._control.stopping:
            self._limiter.let_through()
        if self._control.aborted:
            for child in self._at_work:
                child.cancel()

    async def _let_go(self) -> None:
        """Whoever runs us was cancelled: so is what is at work, and its state written down before we leave."""
        for child in self._at_work:
            child.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)

    def _halt(self, problem: Problem, *, budget: bool = False) -> None:
        if not self._control.halted or problem.unsaved is not None:
            self._problems.append(problem)
        self._out_of_money = self._out_of_money or budget
        self._control.halt()

    def _start(self, task: Task) -> None:
        self._emit(EventKind.TASK_STARTED, task.address, {"action": task.action.value, "model": task.model})
        self._at_work[asyncio.create_task(self._perform(task))] = task

    async def _perform(self, task: Task) -> TaskResult:
        if not task.to_be_noted:
            return await self._requests.perform(task)
        return await self._rerolls.perform(task, self._requests.perform)

    def _finish(self, result: TaskResult) -> None:
        self._record(result)
        if result.status is TaskStatus.CANCELLED:
            return
        self._planner.advance(TaskFacts(result.address, result.outcome(), result.step_images()))
        self._book.scheduler.finish(result.address)

    def _record(self, result: TaskResult) -> None:
        self._results[result.address] = result
        data: dict[str, object] = {
            "status": result.status.value,
            "take": result.take,
            "attempt": result.attempt,
            "images": len(result.images),
            "cost_usd": to_json_usd(result.cost_usd),
        }
        if result.earlier.attempts:
            data["not_as_expected"] = {
                "attempts": result.earlier.attempts,
                "calls": result.earlier.calls,
                "cost_usd": to_json_usd(result.earlier.cost_usd),
            }
        if result.cause is not None:
            data["cause"] = result.cause
        if result.problem is not None:
            problem = result.problem
            data["problem"] = {"kind": problem.kind, "message": problem.message, "paid": problem.paid}
        if result.warnings:
            data["warnings"] = list(result.warnings)
        self._emit(EventKind.TASK_FINISHED, result.address, data)

    def _tell_planned(self, task: Task) -> None:
        data: dict[str, object] = {
            "action": task.action.value,
            "reason": task.reason.value,
            "needs": list(task.needs),
            "take": task.take,
            "attempts": task.attempts,
        }
        if task.tasks is not None:
            data["tasks"] = list(task.tasks)
        if task.cause is not None:
            data["cause"] = task.cause
        self._emit(EventKind.TASK_PLANNED, task.address, data)

    def _tell_grown(self, address: str, tasks: tuple[Task, ...]) -> None:
        """A task turned out to stand for these, which take its place."""
        self._emit(EventKind.TASK_GROWN, address, {"tasks": [task.address for task in tasks]})
        for task in tasks:
            self._tell_planned(task)

    # Ending the run

    def _remember(self, task: Task, attempt: int) -> None:
        """Keep what an address asked for and the last attempt it judged: the next plan says what changed, and judges no fewer."""
        if task.fingerprint is None or task.params_digest is None:
            return
        self._asked[task.address] = PastRequest(task.fingerprint, task.params_digest)
        if task.expectation is not None and attempt > 1:
            self._judged.append(JudgedAttempts(task.address, task.fingerprint, task.take, attempt))

    async def _remember_asked(self) -> None:
        plan = self._plan
        try:
            await self._disk.run(
                self._store.record_past_requests, plan.realm, plan.recipe, self._asked, self._judged
            )
        except StoreError as error:
            self._halt(Problem(error.kind, error.message, error.help))

    def _ended(self, task: Task) -> TaskResult:
        found = self._results.get(task.address)
        if found is None:
            found = TaskResult(task.address, TaskStatus.CANCELLED, task.action, take=task.take)
        return replace(found, reason=found.reason or task.reason, tasks=task.tasks, span=task.origin.span)

    async def _publish(self) -> Published:
        outputs, missing = self._planner.outputs()
        for unsettled in missing:
            self._problems.append(
                Problem(unsettled.code, unsettled.message, unsettled.help, unsettled.span, unpublished=True)
            )
        out = self._options.out
        if out is None:
            return Published({}, ())
        note = RunNote(self._run_id, self._plan.recipe, self._plan.provider, self._plan.realm)
        return await self._disk.run(publish_outputs, outputs, out, self._store, note)

    def _lose_watcher(self, error: Exception) -> None:
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            self._problems.append(
                Problem("events-lost", f"what happened could not be shown any more: {reason}")
            )
        else:
            self._note_bug(error)


def _with_problem(result: RunResult, error: StoreError) -> RunResult:
    problems = result.problems
    if all(problem.kind != error.kind for problem in problems):
        problems = (*problems, Problem(error.kind, error.message, error.help))
    status = RunStatus.FAILED if result.status is RunStatus.DONE else result.status
    return replace(result, problems=problems, status=status)
