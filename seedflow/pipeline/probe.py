"""Finding out what is documented nowhere about an account's endpoint, by the fewest and cheapest calls that tell.

Each question is a recipe of one step that is planned and run like any other, so that money and answers are as safe: it
stands in the ledger before it is sent, a budget bounds it, and an answer that is stored is not paid again.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from time import time
from typing import Final

import yaml

from seedflow.errors import BudgetError, UsageError
from seedflow.images.padded import build_padded_png
from seedflow.models.model import Model
from seedflow.money import ZERO_USD
from seedflow.pipeline.check import check_recipe
from seedflow.pipeline.endpoint import find_today, load_record, save_record
from seedflow.pipeline.plan import Planned, plan_recipe
from seedflow.pipeline.run import RunRequest, run_recipe
from seedflow.pipeline.session import Session
from seedflow.providers.base import Provider, Recovered, StillUnknown
from seedflow.providers.endpoint_record import EndpointRecord, WatchedUrl
from seedflow.providers.options import CloudflareOptions
from seedflow.providers.registry import open_provider
from seedflow.recipe.given import collect_inputs
from seedflow.run.events import Event, EventKind
from seedflow.run.options import RunControl
from seedflow.run.reconcile import reconcile
from seedflow.run.status import RunStatus, TaskResult, TaskStatus
from seedflow.store.local import open_store
from seedflow.store.view import open_view

SMALL_BYTES: Final = 4_000
SIZES_BYTES: Final = (1_000_000, 2_000_000, 4_000_000, 6_000_000, 8_000_000, 10_000_000)
"""What is asked for sizes; the last is what a reference may weigh at most."""

_REFUSED: Final = frozenset({"bad-request", "too-large", "refused", "not-found"})


@dataclass(frozen=True, slots=True)
class ProbePrice:
    """What a probe may take: calls, and dollars at most. None of both when everything is known that costs anything."""

    calls: int
    most_usd: Decimal


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe came to. `stopped` says why it could not settle everything; run it again to go on."""

    record: EndpointRecord
    calls: int
    cost_usd: Decimal
    stopped: str | None = None
    status: RunStatus = RunStatus.DONE


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one question was answered with: None in `accepted` when it told nothing."""

    accepted: bool | None
    why: str = ""


class Probe:
    """One probe of one model for the account of a session."""

    def __init__(self, session: Session, model: Model, *, again: bool, tell: Callable[[str], None]) -> None:
        """Look at what is known.

        Raises:
            UsageError: the provider is not paid, so that there is nothing to find out.
            StoreError: what is written of it cannot be read.
        """
        options = session.settings.cloudflare
        if options is None or not session.provider.paid:
            raise UsageError(
                "there is nothing to probe: the provider draws its pictures here",
                help="set CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN, or choose `provider: {name: cloudflare}`",
            )
        self._session = session
        self._options: CloudflareOptions = options
        self._model = model
        self._tell = tell
        self._calls = 0
        self._cost_usd = ZERO_USD
        self._left_usd = ZERO_USD
        self._status = RunStatus.DONE
        self.control = RunControl()
        today = find_today()
        record = load_record(session, model.id)
        stale = record.begun_on is not None and not record.is_fresh(record.begun_on, today)
        if record.begun_on is None:
            record = replace(record, begun_on=today.isoformat())
        elif again or stale:
            record = EndpointRecord(round=record.round + 1, begun_on=today.isoformat(), urls=record.urls)
        self.record = record

    @property
    def price(self) -> ProbePrice:
        """What it may take from here.

        Raises:
            UsageError: nobody knows what the model costs.
        """
        calls = self._count_calls()
        params = {self._model.prompt_field or "prompt": "A plain grey square"}
        price_usd = self._model.price_usd(params)
        if calls and price_usd is None:
            raise UsageError(
                f"nobody knows what a picture of {self._model.id} costs",
                help="set its price under `prices` in the settings",
            )
        most_usd = (price_usd or ZERO_USD) * self._model.image_bounds(params)[1]
        return ProbePrice(calls, most_usd * calls)

    async def run(self, most_usd: Decimal) -> ProbeResult:
        """Ask what is open, within a budget. What was found is written down after each answer.

        Raises:
            StoreError: the disk does not take what must be written.
            UsageError: the model cannot be asked here.
        """
        self._left_usd = most_usd
        stopped = None
        open_store(self._session.settings.state_folder).close()
        self._keep(self.record)
        if self._count_calls():
            stopped = await self._ask_about_data()
        provider = open_provider("cloudflare", catalog=self._session.catalog, cloudflare=self._options)
        try:
            if self.record.log_on is None and self.record.answered_intent is not None:
                await self._ask_log(provider)
            await self._watch_urls(provider)
        finally:
            await provider.aclose()
        return ProbeResult(self.record, self._calls, self._cost_usd, stopped, self._status)

    def _count_calls(self) -> int:
        """The most calls that what is open may take."""
        record = self.record
        if record.data_on is not None:
            return 0
        if self._model.references_field is None or record.data_uris is False:
            return 1
        low, high = record.data_accepted_bytes or 0, record.data_refused_bytes
        halves = len([size for size in SIZES_BYTES[:-1] if low < size < (high or math.inf)]).bit_length()
        return (record.data_uris is None) + (high is None and low < SIZES_BYTES[-1]) + halves

    async def _ask_about_data(self) -> str | None:
        """Whether pictures may come in the request, and how large; a call without any where they may not."""
        record = self.record
        if self._model.references_field is not None and record.data_uris is None:
            asked = await self._ask(SMALL_BYTES)
            if asked.accepted is None:
                return asked.why
            accepted = SMALL_BYTES if asked.accepted else None
            self._keep(replace(self.record, data_uris=asked.accepted, data_accepted_bytes=accepted))
        if self.record.data_uris and self.record.data_on is None:
            stopped = await self._search_size()
            if stopped is not None:
                return stopped
        if self.record.answered_intent is None and not self.record.data_uris:
            asked = await self._ask(None)
            if not asked.accepted:
                return asked.why
        self._keep(replace(self.record, data_on=find_today().isoformat()))
        return None

    async def _search_size(self) -> str | None:
        while (size_bytes := self._find_next_size()) is not None:
            asked = await self._ask(size_bytes)
            if asked.accepted is None:
                return asked.why
            if asked.accepted:
                self._keep(
                    replace(
                        self.record, data_accepted_bytes=max(size_bytes, self.record.data_accepted_bytes or 0)
                    )
                )
            else:
                self._keep(replace(self.record, data_refused_bytes=size_bytes))
        return None

    def _find_next_size(self) -> int | None:
        """The largest first, since most will take it; then the middle of what is open."""
        low, high = self.record.data_accepted_bytes or 0, self.record.data_refused_bytes
        if high is None:
            return SIZES_BYTES[-1] if low < SIZES_BYTES[-1] else None
        between = [size for size in SIZES_BYTES if low < size < high]
        return between[len(between) // 2] if between else None

    async def _ask(self, size_bytes: int | None) -> _Asked:
        """One call, planned and run like any other."""
        with ExitStack() as stack:
            planned = self._plan(stack, size_bytes)
            plan = planned.plan
            if plan is None or not planned.ok:
                said = "; ".join(found.message for found in planned.diagnostics)
                raise UsageError(f"{self._model.id} cannot be probed: {said}")
            if self.control.stopping:
                self._status = RunStatus.INTERRUPTED
                return _Asked(None, "somebody stopped it")
            if plan.totals.cost_usd.low > self._left_usd:
                self._status = RunStatus.STOPPED
                return _Asked(None, "what was consented to is used up")
            what = "without a reference" if size_bytes is None else f"with a data URI of {size_bytes:,} bytes"
            self._tell(f"asking {what}")
            intents: list[str] = []
            try:
                result = await run_recipe(
                    planned,
                    self._session_for_asking(Path(stack.enter_context(tempfile.TemporaryDirectory()))),
                    RunRequest(max_cost_usd=self._left_usd, max_cost_name="--max-cost"),
                    lambda event: _note_intent(event, intents),
                    self.control,
                )
            except BudgetError as error:
                self._status = RunStatus.STOPPED
                return _Asked(None, f"{error.message} ({error.help})")
            self._calls += result.calls
            self._cost_usd += result.cost_usd
            self._left_usd -= result.cost_usd
            self._status = result.status
            task = result.tasks[0]
            if task.status.has_images:
                await self._note_answer(plan.tasks[0].fingerprint or "", task)
                self._status = RunStatus.DONE
                return _Asked(True)
            kind, why = _explain(task, result.problems[0].message if result.problems else "")
            if task.status is TaskStatus.FAILED and kind in _REFUSED:
                self._keep(replace(self.record, refused_intent=intents[-1] if intents else None))
                self._status = RunStatus.DONE
                return _Asked(False, why)
            return _Asked(None, why)

    def _plan(self, stack: ExitStack, size_bytes: int | None) -> Planned:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seedflow-probe-")))
        prompt = self._model.prompt_field or "prompt"
        request: dict[str, object] = {"model": self._model.id}
        request[prompt] = f"A plain grey square. Probe {self.record.round}"
        field = self._model.references_field
        if size_bytes is not None and field is not None:
            picture = folder / "grey.png"
            picture.write_bytes(build_padded_png(size_bytes))
            request[field] = [f"./{picture.name}"]
        recipe = {"seedflow": 1, "name": "probe", "steps": {"ask": {"generate": request}}}
        path = folder / "probe.yaml"
        path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
        session = self._session_for_asking(folder)
        given, _ = collect_inputs(values={})
        return plan_recipe(check_recipe(path, session), given, session)

    def _session_for_asking(self, folder: Path) -> Session:
        settings = replace(self._session.settings, references="data", outputs_folder=folder)
        return replace(self._session, settings=settings)

    async def _note_answer(self, fingerprint: str, task: TaskResult) -> None:
        """Find the answer in the ledger, be it of now or of a probe that was cut off."""
        realm = self._session.provider.realm
        with open_view(self._session.settings.state_folder) as view:
            stored = view.find_result(realm, fingerprint, task.take)
            answer = None if stored is None else view.load_answer(stored.intent_id)
        if stored is None or answer is None:
            return
        self._keep(replace(self.record, answered_intent=stored.intent_id))
        answered_at, raw = answer
        provider = open_provider("cloudflare", catalog=self._session.catalog, cloudflare=self._options)
        try:
            urls = self._model.image_urls(provider.read_answer(raw))
        finally:
            await provider.aclose()
        known = {watched.url for watched in self.record.urls}
        for url in urls[:1]:
            if url not in known:
                self._keep(replace(self.record, urls=self.record.watch(WatchedUrl(url, answered_at))))

    async def _ask_log(self, provider: Provider) -> None:
        """Whether the log would have given the answer back, which costs nothing to ask; and what it says of cost."""
        intent, today = self.record.answered_intent, find_today().isoformat()
        if intent is None or self._options.gateway is None:
            return
        self._tell("asking the gateway's log for an answer that is here")
        found = await reconcile(provider, intent, time(), self._options.log_timeout_s)
        said = found.message if isinstance(found, StillUnknown) else None
        billed = await provider.find_cost_usd(intent)
        refused = (
            None
            if self.record.refused_intent is None
            else await provider.find_cost_usd(self.record.refused_intent)
        )
        self._keep(
            replace(
                self.record,
                log_recovers=isinstance(found, Recovered),
                log_said=said,
                log_on=today,
                log_gateway=self._options.gateway,
                billed_usd=billed,
                refused_usd=refused,
            )
        )

    async def _watch_urls(self, provider: Provider) -> None:
        """Look once at each URL that was alive when last seen: a probe that is run again finds out when it died."""
        watched = [url for url in self.record.urls if url.dead_s is None]
        asked_at = time()
        alive = await asyncio.gather(*(provider.is_alive(url.url) for url in watched))
        seen_at = time()
        for url, lives in zip(watched, alive, strict=True):
            # A look takes a while: what was found alive was so when asked, what was found dead when it was seen.
            age_s = round(max(0.0, (asked_at if lives else seen_at) - url.answered_at), 3)
            seen = replace(url, alive_s=age_s) if lives else replace(url, dead_s=age_s)
            self._keep(replace(self.record, urls=self.record.watch(seen)))

    def _keep(self, record: EndpointRecord) -> None:
        self.record = record
        save_record(self._session, self._options, self._model.id, record)


def _note_intent(event: Event, intents: list[str]) -> None:
    if event.kind is EventKind.CALL_SENT:
        intents.append(str(event.data["intent"]))


def _explain(task: TaskResult, otherwise: str) -> tuple[str, str]:
    if task.problem is None:
        return "", otherwise or f"the call was {task.status}"
    return task.problem.kind, task.problem.message
