"""A run without disk, network or clock: recipes as text, a store in memory, a provider that does as it is told and counts."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from planning import CATALOG, open_planner
from virtual_clock import run_virtually

from seedflow.canonical import digest_value
from seedflow.diagnostics import Diagnostic
from seedflow.emulator.tiny import encode_flat_jpeg, shrink
from seedflow.errors import Billed, DownloadError, ProviderError, Retry
from seedflow.plan.model import Plan
from seedflow.providers.base import (
    Answer,
    BeforeSending,
    CallContext,
    GenerateRequest,
    NotBilled,
    Reconciliation,
    Recovered,
    StillUnknown,
    WireFile,
    WireReference,
)
from seedflow.providers.options import Pace
from seedflow.run.events import Event, EventKind
from seedflow.run.executor import run_plan
from seedflow.run.left import find_left
from seedflow.run.options import RunControl, RunOptions
from seedflow.run.status import RunResult, RunStatus
from seedflow.store.memory import MemoryState, MemoryStore

MODEL = CATALOG.models[CATALOG.default_id]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a call meets.

    `error` is raised or, when `inside`, said by a 200; `billed`: the images are made and paid all the same; `logged`: the
    provider's log has it; `fetches`: what the first tries to fetch its images meet; `after`: what else happens.
    """

    error: ProviderError | Exception | None = None
    inside: bool = False
    billed: bool = False
    logged: bool = True
    garbled: bool = False
    fetches: tuple[DownloadError | bytes, ...] = ()
    after: Callable[[], None] | None = None
    hangs: bool = False
    logs_garbage: bool = False
    blamed: bool = False
    cost_usd: Decimal | None = None


def refuse(kind: str = "rate-limited", after_s: float | None = None, *, inside: bool = False) -> Fault:
    """Not accepted, ask again later."""
    return Fault(_error(kind, Retry.BACKOFF, Billed.NO, after_s), inside=inside)


def reject(kind: str = "bad-request", *, billed: Billed = Billed.NO, inside: bool = False) -> Fault:
    """Never to be asked again."""
    perhaps = billed is not Billed.NO
    return Fault(_error(kind, Retry.NEVER, billed), inside=inside, billed=perhaps, logged=not perhaps)


def blame(
    kind: str = "moderation",
    retry: Retry = Retry.NEVER,
    *,
    cost_usd: Decimal | None = None,
    answered: bool = False,
    inside: bool = False,
) -> Fault:
    """Refused, perhaps billed, and the log has it: at no cost, at this cost without an answer, or answered."""
    error = _error(kind, retry, Billed.MAYBE)
    return Fault(error, inside=inside, billed=answered, blamed=True, cost_usd=cost_usd)


def stop(kind: str = "no-credit", *, inside: bool = False) -> Fault:
    """No call can succeed."""
    return Fault(_error(kind, Retry.STOP_RUN, Billed.NO), inside=inside)


def drop(*, billed: bool = True, logged: bool = True) -> Fault:
    """The answer is lost on its way."""
    return Fault(_error("outcome-unknown", Retry.CONSENT, Billed.MAYBE), billed=billed, logged=logged)


def garble(*, billed: bool = False, logged: bool = True) -> Fault:
    """A web page instead of an answer."""
    return Fault(garbled=True, billed=billed, logged=logged)


def fetching(*what: DownloadError | bytes) -> Fault:
    """A good answer, and fetching its images meets this first, one by one."""
    return Fault(billed=True, fetches=what)


def dead() -> DownloadError:
    return DownloadError("HTTP 403", kind="dead-url", retryable=False)


def slow() -> DownloadError:
    return DownloadError("HTTP 503", kind="server", retryable=True)


def _error(kind: str, retry: Retry, billed: Billed, after_s: float | None = None) -> ProviderError:
    return ProviderError(f"said {kind}", kind=kind, retry=retry, billed=billed, retry_after_s=after_s)


@dataclass(frozen=True, slots=True)
class Bill:
    """One paid call."""

    address: str
    fingerprint: str
    take: int
    attempt: int
    intent: str
    run: str
    digests: tuple[str, ...]

    @property
    def images(self) -> int:
        return len(self.digests)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the log has of one sending of an intent; without an answer it failed, at no cost where that is None."""

    since_s: float
    sending: int
    answer: Answer | None
    cost_usd: Decimal | None = None


class FakeProvider:
    """Pictures are a function of the request, its take and attempt. Faults are taken by address, else from `""`."""

    name = "fake"
    realm = "emulated"
    paid = True

    def __init__(self, *, log: bool = True, latency_s: float = 1.0, sets: str = "max") -> None:
        self.log = log
        self.latency_s = latency_s
        self.sets = sets
        self.count: Callable[[CallContext], int] | None = None
        self.log_delay_s = 0.0
        self.connect_s = 0.0
        self.unreachable = False
        self.pace: Pace | None = None
        self.began: list[float] = []
        self.faults: dict[str, deque[Fault]] = {}
        self.bill: list[Bill] = []
        self.calls: list[GenerateRequest] = []
        self.most_in_flight = 0
        self.on_call: Callable[[CallContext], None] | None = None
        self.on_reconcile: Callable[[str], None] | None = None
        self.looked_at: list[str] = []
        self.url_problems: dict[str, str] = {}
        self.fetched: list[str] = []
        self.fetches: tuple[DownloadError | bytes, ...] = ()
        self.alive = True
        self.shape_px: tuple[int, int] | None = None
        self.said: dict[str, ProviderError] = {}
        self._in_flight = 0
        self._entries: dict[str, list[_Entry]] = {}
        self.pictures_by_url: dict[str, bytes] = {}
        self._meets: dict[str, deque[DownloadError | bytes]] = {}

    def meet(self, address: str, *faults: Fault) -> None:
        """The next calls of a task meet these."""
        self.faults.setdefault(address, deque()).extend(faults)

    @property
    def paid_images(self) -> int:
        return sum(entry.images for entry in self.bill)

    def pictures(self) -> set[str]:
        """The digest of every picture that was paid for."""
        return {digest(data) for data in self.pictures_by_url.values()}

    async def generate(self, request: GenerateRequest, before_sending: BeforeSending | None = None) -> Answer:
        context = request.context
        await asyncio.sleep(self.connect_s)
        if self.unreachable:
            raise _error("not-sent", Retry.BACKOFF, Billed.NO)
        if before_sending is not None:
            await before_sending()
        self.calls.append(request)
        self._hold_to_pace()
        if self.on_call is not None:
            self.on_call(context)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(self.latency_s)
            fault = self._take(context.address)
            if fault.hangs:
                await asyncio.sleep(1e9)
        finally:
            self._in_flight -= 1
        if fault.after is not None:
            fault.after()
        if fault.error is None and not fault.garbled:
            return self._write_down(request, fault, self._make(request, fault))
        made = self._make(request, fault) if fault.billed else None
        said = Answer(json.dumps({"failed": fault.error.kind}).encode()) if fault.inside else None
        # An answer that says that nothing was billed clears its own sending and no other, as every adapter has to see to.
        perhaps = fault.inside and fault.error.billed is not Billed.NO and not fault.blamed
        logged = said if perhaps else None
        self._write_down(request, fault, Answer(b"<html>") if fault.logs_garbage else made or logged)
        if fault.garbled:
            return Answer(b"<html>")
        if said is not None:
            self.said[fault.error.kind] = fault.error
            return said
        raise fault.error

    def read_answer(self, raw: bytes) -> object:
        try:
            found = json.loads(raw)
        except ValueError:
            raise _error("outcome-unknown", Retry.CONSENT, Billed.MAYBE) from None
        if "failed" in found:
            raise self.said[found["failed"]]
        return MODEL.build_result(found["urls"])

    def answer(self, request: GenerateRequest, *, billed: bool = True, logged: bool = True) -> Answer:
        """The answer to a call of a run that is dead by now, as the log has it."""
        fault = Fault(billed=billed, logged=logged, fetches=self.fetches)
        made = self._make(request, fault) if billed else None
        if logged:
            self._entries.setdefault(request.context.intent_id, []).append(_Entry(-1e3, 1, made))
        return made or Answer(b"")

    async def fetch(self, url: str, request: GenerateRequest, number: int, into: Path) -> None:
        self.fetched.append(url)
        await asyncio.sleep(0.01)
        meets = self._meets.get(url)
        found = meets.popleft() if meets else None
        if isinstance(found, DownloadError):
            raise found
        into.write_bytes(self.pictures_by_url[url] if found is None else found)  # noqa: ASYNC240 - a small file

    async def find_url_problem(self, url: str) -> str | None:
        self.looked_at.append(url)
        return self.url_problems.get(url)

    async def is_alive(self, url: str) -> bool:
        return self.alive

    async def reconcile(self, intent_id: str, sent_at: float) -> Reconciliation:
        if self.on_reconcile is not None:
            self.on_reconcile(intent_id)
        now = asyncio.get_running_loop().time()
        if not self.log:
            return StillUnknown("there is no log", may_appear=False)
        shown = [
            found for found in self._entries.get(intent_id, []) if found.since_s + self.log_delay_s <= now
        ]
        answers = [found.answer for found in shown if found.answer is not None]
        if answers:
            return Recovered(answers[-1])
        costs = [found.cost_usd for found in shown if found.cost_usd is not None]
        if costs:
            return StillUnknown("the log shows a cost", may_appear=True, cost_usd=sum(costs))
        if any(found.sending >= self._sendings(intent_id) for found in shown):
            return NotBilled("the log shows no cost")
        return StillUnknown("the log has no entry of this sending", may_appear=True)

    async def aclose(self) -> None:
        return None

    def _hold_to_pace(self) -> None:
        """Refuse what comes too early, as a gateway does: what it refuses counts, too."""
        now = asyncio.get_running_loop().time()
        self.began.append(now)
        if self.pace is not None:
            within = [moment for moment in self.began if moment > now - self.pace.within_s]
            if len(within) > self.pace.calls:
                raise _error("rate-limited", Retry.BACKOFF, Billed.NO, self.pace.within_s)

    def _sendings(self, intent_id: str) -> int:
        return sum(1 for call in self.calls if call.context.intent_id == intent_id)

    def _take(self, address: str) -> Fault:
        for name in (address, ""):
            if self.faults.get(name):
                return self.faults[name].popleft()
        return Fault()

    def _make(self, request: GenerateRequest, fault: Fault) -> Answer:
        context = request.context
        low, high = MODEL.image_bounds(request.params)
        count = high if self.sets == "max" else low
        if self.count is not None:
            count = self.count(context)
        inputs = digest_value(
            "fake/1", [dict(request.params), [self._identify(sent) for sent in request.references]]
        )
        urls = []
        for number in range(1, count + 1):
            name = digest_value("fake/1", [inputs, context.take, context.attempt, number])
            url = f"https://pictures.example/{name}"
            width_px, height_px = self.shape_px or shrink(*(MODEL.size_px(request.params, None) or (1, 1)))
            self.pictures_by_url[url] = encode_flat_jpeg(width_px, height_px, (90, 90, 90), name.encode())
            if fault.fetches:
                self._meets[url] = deque(fault.fetches)
            urls.append(url)
        digests = tuple(digest(self.pictures_by_url[url]) for url in urls)
        self.bill.append(
            Bill(
                context.address,
                inputs,
                context.take,
                context.attempt,
                context.intent_id,
                context.run_id,
                digests,
            )
        )
        return Answer(json.dumps({"urls": urls}).encode())

    def _identify(self, sent: WireReference) -> str:
        """References count by their bytes, however they travel."""
        return sent.facts.digest if isinstance(sent, WireFile) else digest(self.pictures_by_url[sent.url])

    def _write_down(self, request: GenerateRequest, fault: Fault, answer: Answer | None) -> Answer:
        if fault.logged:
            now, intent_id = asyncio.get_running_loop().time(), request.context.intent_id
            entry = _Entry(now, self._sendings(intent_id), answer, fault.cost_usd)
            self._entries.setdefault(intent_id, []).append(entry)
        return answer or Answer(b"")


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class World:
    """One project: what its runs share."""

    folder: Path
    text: str
    provider: FakeProvider = field(default_factory=FakeProvider)
    events: list[Event] = field(default_factory=list)
    control: RunControl = field(default_factory=RunControl)
    took_s: float = 0.0
    timers: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    wrap: Callable[[Any, MemoryStore], Any] = field(default=lambda planner, _: planner)

    def __post_init__(self) -> None:
        self.state = MemoryState(self.folder / "blobs")

    def open_store(self) -> MemoryStore:
        return MemoryStore(self.state)

    def plan(self) -> Plan:
        planner = open_planner(self.text, view=self.open_store(), folder=self.folder)
        plan, found = planner.start()
        assert plan is not None, found
        return plan

    def find_problems(self) -> list[Diagnostic]:
        """What the plan says."""
        return open_planner(self.text, view=self.open_store(), folder=self.folder).start()[1]

    def run(
        self, *, store: Any = None, emit: Any = None, cancel_at_s: float | None = None, **options: Any
    ) -> RunResult:
        """Plan and run to the end; `events` and `took_s` are of this run."""
        self.events = []
        self.control = RunControl()
        store = store or self.open_store()
        planner = self.wrap(open_planner(self.text, view=store, folder=self.folder), store)
        plan, found = planner.start()
        assert plan is not None, found
        planner.use_store(store)
        timers, self.timers = self.timers, []
        run = _with_timers(
            timers,
            cancel_at_s,
            run_plan(
                plan,
                planner,
                store=store,
                provider=self.provider,
                catalog=CATALOG,
                options=RunOptions(**({"out": None} | options)),
                emit=emit or self.events.append,
                control=self.control,
            ),
        )
        try:
            result, self.took_s = run_virtually(run)
        finally:
            store.close()
        if result.status is RunStatus.DONE:
            return result
        view = self.open_store()
        again, _ = self.wrap(open_planner(self.text, view=view, folder=self.folder), view).start()
        return replace(result, left=None if again is None else find_left(result.tasks, again.tasks))

    def at(self, moment_s: float, work: Callable[[], None]) -> None:
        """Let something happen during the next run, by its own clock."""
        self.timers.append((moment_s, work))

    def kinds(self, address: str | None = None) -> list[str]:
        """The events of a task in order, or of the run."""
        return [event.kind.value for event in self.events if event.address == address]

    def data(self, kind: EventKind) -> list[dict[str, object]]:
        return [dict(event.data) for event in self.events if event.kind is kind]

    def attempts(self) -> list[tuple[str, str, int]]:
        """Every row of the ledger: address, state, number of the attempt."""
        return [
            (row.attempt.request.address, row.attempt.state.value, row.attempt.attempt)
            for rows in self.state.rows.values()
            for row in rows
        ]

    def assert_nothing_paid_twice(self) -> None:
        """One payment for each request and take."""
        paid = Counter((entry.fingerprint, entry.take) for entry in self.provider.bill)
        assert [key for key, count in paid.items() if count > 1] == []

    def assert_nothing_paid_twice_within_attempts(self) -> None:
        """One payment for each request, take and attempt."""
        paid = Counter((entry.fingerprint, entry.take, entry.attempt) for entry in self.provider.bill)
        assert [key for key, count in paid.items() if count > 1] == []

    def stored(self) -> set[str]:
        """The digests of all pictures in the store."""
        return {f"sha256:{path.name}" for path in (self.folder / "blobs" / "sha256").glob("*/*")}


async def _with_timers(
    timers: list[tuple[float, Callable[[], None]]],
    cancel_at_s: float | None,
    run: Coroutine[Any, Any, RunResult],
) -> RunResult:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for moment_s, work in timers:
        loop.call_at(moment_s, work)
    if cancel_at_s is not None and task is not None:
        loop.call_at(cancel_at_s, task.cancel)
    return await run


def statuses(result: RunResult) -> dict[str, str]:
    return {task.address: task.status.value for task in result.tasks}
