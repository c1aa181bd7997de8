"""Runs a plan: starts what is ready, at most so many at once, and stops cleanly.

The scheduler says what is ready, the planner settles it, the performer does it, facts go back to both.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from seedflow.errors import StoreError
from seedflow.models.catalog import Catalog
from seedflow.money import ZERO_USD
from seedflow.plan.model import Action, Plan, Task, TaskFacts, Unsettled
from seedflow.plan.protocol import Advance
from seedflow.providers.base import Provider
from seedflow.run.collect import Collector
from seedflow.run.disk import Disk
from seedflow.run.events import Event, EventKind
from seedflow.run.limits import Limiter
from seedflow.run.options import RunControl, RunOptions
from seedflow.run.perform import Performer
from seedflow.run.publish import Published, RunNote, publish_outputs
from seedflow.run.references import Leases, ReferencePreparer
from seedflow.run.scheduler import Node, Scheduler
from seedflow.run.services import Services, StopRunError
from seedflow.run.status import Problem, RunResult, RunStatus, TaskResult, TaskStatus
from seedflow.store.base import PastRequest, Store, StoredResult

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

    Raises:
        StoreError: the run could not begin or end in the store, or its outputs could not be read from it.
        OSError: the output folder cannot be written.
    """
    run_id = new_run_id(time.time())
    store.begin_run(run_id, plan.recipe, plan.realm)
    status = RunStatus.FAILED
    disk = Disk()
    try:
        run = _Run(
            run_id, plan, planner, store, provider, catalog, options, emit, control or RunControl(), disk
        )
        result = await run.execute()
        status = result.status
        return result
    finally:
        disk.close()
        store.end_run(run_id, status.value)


@dataclass(slots=True)
class _Progress:
    results: dict[str, TaskResult] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    stopped_by_budget: bool = False


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
        self._provider = provider
        self._options = options
        self._emit_event = emit
        self._control = control
        self._disk = disk
        self._tasks: Mapping[str, Task] = {task.address: task for task in plan.tasks}
        self._scheduler = Scheduler([Node(task.address, task.step, task.needs) for task in plan.tasks])
        self._progress = _Progress()
        self._halted = False
        limiter = Limiter(
            options.most_in_flight,
            lambda window: self._emit(EventKind.LIMIT_CHANGED, None, {"in_flight": window}),
        )
        leases = Leases()
        self._performer = Performer(
            Services(
                run_id=run_id,
                recipe=plan.recipe,
                store=store,
                provider=provider,
                catalog=catalog,
                options=options,
                control=control,
                disk=disk,
                limiter=limiter,
                preparer=ReferencePreparer(
                    store=store,
                    provider=provider,
                    leases=leases,
                    mode=options.references,
                    limits=options.reference_limits,
                    disk=disk,
                ),
                collector=Collector(
                    store=store, provider=provider, leases=leases, disk=disk, emit=self._emit
                ),
                emit=self._emit,
            )
        )
        self._same_request: dict[tuple[str, int], asyncio.Future[None]] = {}
        self._asked: dict[str, PastRequest] = {}

    async def execute(self) -> RunResult:
        plan = self._plan
        self._emit(
            EventKind.RUN_STARTED,
            None,
            {"recipe": plan.recipe, "provider": plan.provider, "realm": plan.realm, "tasks": len(plan.tasks)},
        )
        for task in plan.tasks:
            data = {"action": task.action.value, "reason": task.reason.value, "needs": list(task.needs)}
            self._emit(EventKind.TASK_PLANNED, task.address, data)
        await self._work()
        await self._disk.run(self._store.record_past_requests, plan.realm, plan.recipe, self._asked)
        published = await self._publish()
        tasks = tuple(self._ended(task) for task in plan.tasks)
        problems = [*self._progress.problems, *published.problems]
        result = RunResult(
            run_id=self._run_id,
            status=self._status(tasks, problems),
            tasks=tasks,
            calls=sum(task.calls for task in tasks),
            cost_usd=sum((task.cost_usd for task in tasks), ZERO_USD),
            outputs=published.files,
            problems=tuple(problems),
        )
        self._emit(
            EventKind.RUN_FINISHED,
            None,
            {"status": result.status.value, "calls": result.calls, "cost_usd": float(result.cost_usd)},
        )
        return result

    async def _work(self) -> None:
        """Start what is ready, take in what ended, until nothing is left to start. A bug in one task lets the others end."""
        at_work: dict[asyncio.Task[TaskResult | None], Task] = {}
        bugs: list[BaseException] = []

        def on_stop() -> None:
            if self._control.aborted:
                for child in at_work:
                    child.cancel()

        self._control.on_stop(on_stop)
        try:
            while True:
                self._start_ready(at_work)
                if not at_work:
                    break
                done, _ = await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
                for child in [child for child in at_work if child in done]:
                    task = at_work.pop(child)
                    bug = None if child.cancelled() else child.exception()
                    if bug is not None:
                        bugs.append(bug)
                        self._halted = True
                        continue
                    result = _let_go(task) if child.cancelled() else child.result()
                    if result is not None:
                        self._finish(result)
        finally:
            self._control.forget(on_stop)
            for child in at_work:
                child.cancel()
            await asyncio.gather(*at_work, return_exceptions=True)
        if bugs:
            raise bugs[0]
        if not self._stopping and self._scheduler.unfinished:
            raise RuntimeError(f"nothing is ready, yet these wait: {self._scheduler.unfinished[:5]}")

    def _start_ready(self, at_work: dict[asyncio.Task[TaskResult | None], Task]) -> None:
        most = self._options.most_in_flight * _CLAIMED_PER_CALL
        while len(at_work) < most and not self._stopping:
            address = self._scheduler.pop_ready()
            if address is None:
                return
            settled = self._settle(address)
            if isinstance(settled, TaskResult):
                self._finish(settled)
            else:
                at_work[asyncio.create_task(self._one(settled))] = settled

    @property
    def _stopping(self) -> bool:
        return self._halted or self._control.stopping

    def _settle(self, address: str) -> Task | TaskResult:
        planned = self._tasks[address]
        if planned.result is not None:
            self._remember(planned)
            return _reuse(planned, planned.result)
        settled = self._planner.settle(address)
        if isinstance(settled, Unsettled):
            problem = Problem(settled.code, settled.message, None, settled.span or planned.origin.span)
            return TaskResult(address, TaskStatus.FAILED, planned.action, take=planned.take, problem=problem)
        self._remember(settled)
        return settled if settled.result is None else _reuse(settled, settled.result)

    def _remember(self, task: Task) -> None:
        """Keep what an address asked for, so that the next plan can say what changed."""
        if task.fingerprint is not None and task.params_digest is not None:
            self._asked[task.address] = PastRequest(task.fingerprint, task.params_digest)

    async def _one(self, task: Task) -> TaskResult | None:
        """What became of a task; None when it was not asked, for want of money."""
        self._emit(EventKind.TASK_STARTED, task.address, {"action": task.action.value, "model": task.model})
        try:
            return await self._perform_once(task)
        except StopRunError as stop:
            self._halt(stop.problem, budget=stop.budget)
            if stop.budget:
                return None
            return TaskResult(
                task.address, TaskStatus.FAILED, task.action, take=task.take, calls=1, problem=stop.problem
            )
        except StoreError as error:
            problem = Problem(error.kind, error.message, error.help, task.origin.span)
            self._halt(problem, budget=False)
            return TaskResult(task.address, TaskStatus.FAILED, task.action, take=task.take, problem=problem)

    async def _perform_once(self, task: Task) -> TaskResult:
        """Two tasks with the same request share one payment: the second waits for the first."""
        key = (task.fingerprint or task.address, task.take)
        while (other := self._same_request.get(key)) is not None:
            await asyncio.shield(other)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._same_request[key] = mine
        try:
            return await self._performer.perform(task)
        finally:
            del self._same_request[key]
            mine.set_result(None)

    def _halt(self, problem: Problem, *, budget: bool) -> None:
        if not self._halted:
            self._progress.problems.append(problem)
        self._progress.stopped_by_budget = self._progress.stopped_by_budget or budget
        self._halted = True

    def _finish(self, result: TaskResult) -> None:
        if result.status is TaskStatus.CANCELLED:
            return
        self._record(result)
        self._planner.advance(TaskFacts(result.address, result.step_images()))
        for blocked in self._scheduler.finish(result.address, gave_images=result.status.has_images):
            task = self._tasks[blocked.address]
            problem = Problem(
                "blocked",
                f"{blocked.address} uses {blocked.cause}, which gave no images",
                None,
                task.origin.span,
            )
            self._record(
                TaskResult(
                    blocked.address,
                    TaskStatus.BLOCKED,
                    Action.BLOCKED,
                    take=task.take,
                    problem=problem,
                    cause=blocked.cause,
                )
            )
            self._planner.advance(TaskFacts(blocked.address, None))

    def _record(self, result: TaskResult) -> None:
        self._progress.results[result.address] = result
        data: dict[str, object] = {
            "status": result.status.value,
            "images": len(result.images),
            "cost_usd": float(result.cost_usd),
        }
        if result.problem is not None:
            data["problem"] = {"kind": result.problem.kind, "message": result.problem.message}
        self._emit(EventKind.TASK_FINISHED, result.address, data)

    def _ended(self, task: Task) -> TaskResult:
        found = self._progress.results.get(task.address)
        if found is not None:
            return found
        return TaskResult(task.address, TaskStatus.CANCELLED, task.action, take=task.take)

    async def _publish(self) -> Published:
        outputs, missing = self._planner.outputs()
        for unsettled in missing:
            self._progress.problems.append(Problem(unsettled.code, unsettled.message, None, unsettled.span))
        out = self._options.out
        if out is None:
            return Published({}, ())
        note = RunNote(self._run_id, self._plan.recipe, self._plan.provider, self._plan.realm)
        return await self._disk.run(publish_outputs, outputs, out, self._store, note)

    def _status(self, tasks: tuple[TaskResult, ...], problems: list[Problem]) -> RunStatus:
        found = {task.status for task in tasks}
        if self._control.stopping and (TaskStatus.CANCELLED in found or self._control.aborted):
            return RunStatus.INTERRUPTED
        if TaskStatus.UNKNOWN in found:
            return RunStatus.UNKNOWN
        if self._progress.stopped_by_budget:
            return RunStatus.STOPPED
        if problems or found & {TaskStatus.FAILED, TaskStatus.BLOCKED, TaskStatus.CANCELLED}:
            return RunStatus.FAILED
        return RunStatus.DONE

    def _emit(self, kind: EventKind, address: str | None, data: Mapping[str, object]) -> None:
        self._emit_event(Event(kind, time.time(), self._run_id, address, data))


def _let_go(task: Task) -> TaskResult:
    problem = Problem(
        "interrupted", f"{task.address} was let go of while it was at work", "run again to recover it"
    )
    return TaskResult(task.address, TaskStatus.UNKNOWN, task.action, take=task.take, problem=problem)


def _reuse(task: Task, result: StoredResult) -> TaskResult:
    return TaskResult(task.address, TaskStatus.REUSED, Action.REUSE, result.images, take=task.take)
