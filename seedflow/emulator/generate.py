"""One POST to a model, from its head to its answer: judge, fetch, wait, draw, bill, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from http import HTTPStatus

from seedflow.canonical import digest_value
from seedflow.emulator.bill import Bill, BillEntry
from seedflow.emulator.cache import STATUS_HEADER, GatewayCache
from seedflow.emulator.clock import Clock
from seedflow.emulator.envelope import JSON, ApiError, build_refusal, cannot_answer, too_large
from seedflow.emulator.fault_plan import FaultPlan
from seedflow.emulator.faults import Fault, FaultKind
from seedflow.emulator.gallery import Gallery
from seedflow.emulator.http import (
    WHOLE,
    BadRequestError,
    ClientGoneError,
    Delivery,
    Ending,
    Request,
    Response,
    Wire,
)
from seedflow.emulator.intake import Asked, fetch_references, read_request
from seedflow.emulator.journal import Call, Journal
from seedflow.emulator.log import GatewayLog
from seedflow.emulator.metadata import Caller, read_caller
from seedflow.emulator.options import DEFAULT_GATEWAY, EmulatorOptions, SetSize
from seedflow.emulator.painter import Commission, Painter
from seedflow.emulator.rates import Gatekeeper
from seedflow.emulator.references import ReferenceFetcher
from seedflow.emulator.spoil import Spoiled, build_completed, is_billed, spoil
from seedflow.models.catalog import Catalog
from seedflow.money import ZERO_USD

COLLECT_LOG_HEADER = "cf-aig-collect-log"
GATEWAY_HEADER = "cf-aig-gateway-id"
LOG_ID_HEADER = "cf-aig-log-id"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a call.

    Attributes:
        response, delivery: the answer, and how it leaves.
        code: the API's error code in it.
        images, cost_usd: what is billed.
        failed, cached, logged: what the gateway's log says; None in `logged` writes no entry.
        headers: what the gateway adds to the answer.
    """

    response: Response
    delivery: Delivery = WHOLE
    code: int | str | None = None
    images: int = 0
    cost_usd: Decimal = ZERO_USD
    failed: bool = False
    cached: bool = False
    logged: Response | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Generator:
    """Everything that a call needs. `clock` is monotonic, in seconds."""

    options: EmulatorOptions
    catalog: Catalog
    gallery: Gallery
    references: ReferenceFetcher
    painter: Painter
    log: GatewayLog
    cache: GatewayCache
    bill: Bill
    faults: FaultPlan
    journal: Journal
    gatekeeper: Gatekeeper
    clock: Clock

    async def run(self, wire: Wire, request: Request, refusal: ApiError | None) -> None:
        """Carry out one call. `refusal` is what the caller is told if it may not call at all.

        A client that goes away while the model works changes nothing: the work goes on and is billed.

        Raises:
            ClientGoneError: the request never arrived whole.
        """
        started_s = self.clock()
        call = self.journal.begin(request.headers)
        if refusal is None:
            refusal = self.gatekeeper.find_refused(_gateway(request), self.bill.total_usd)
        caller = read_caller(request.headers)
        fault = None if refusal is not None else self.faults.take(caller)
        if fault is not None:
            call.fault = fault.kind
            if fault.kind is FaultKind.CLOSE_BEFORE_READING:
                spoiled = spoil(fault, None)
                await wire.send(spoiled.response, spoiled.delivery)
                return
        try:
            verdict = await self._decide(wire, request, call, caller, fault, refusal)
        except ApiError as error:
            answer = build_refusal(error)
            verdict = Verdict(answer, code=error.code, failed=True, logged=answer)
        except ClientGoneError:
            self._write_down(request, call, caller, _give_up(), started_s)
            raise
        log_id = self._write_down(request, call, caller, verdict, started_s)
        await wire.send(_with_headers(verdict, log_id), verdict.delivery)

    async def _decide(
        self,
        wire: Wire,
        request: Request,
        call: Call,
        caller: Caller,
        fault: Fault | None,
        refusal: ApiError | None,
    ) -> Verdict:
        await asyncio.sleep(_stalls(fault, "before-reading"))
        body = await self._read_body(wire, request)
        await asyncio.sleep(_stalls(fault, "after-reading"))
        if refusal is not None:
            raise refusal
        if fault is not None and fault.kind is FaultKind.CLOSE_AFTER_READING:
            return _fail(spoil(fault, None))
        model, given = read_request(request, body, self.catalog, call)
        gateway = _gateway(request)
        known = self.cache.find(gateway, request.headers) if fault is None else None
        if known is not None:
            answer = Response(HTTPStatus.OK, known, JSON)
            return Verdict(answer, cached=True, logged=answer, headers={STATUS_HEADER: "HIT"})
        asked = await fetch_references(model, given, self.references, call)
        overloaded = self.gatekeeper.find_overloaded(asked.model.image_bounds(asked.input)[1])
        if overloaded is not None:
            raise overloaded
        await asyncio.sleep(self._latency_s(asked, caller))
        if fault is not None and not is_billed(fault):
            return _fail(spoil(fault, None))
        answer, images = await self._make(asked, caller, fault)
        price_usd = asked.model.price_usd(asked.input)
        cost_usd = (self.options.price_usd if price_usd is None else price_usd) * images
        if fault is None:
            self.cache.keep(gateway, request.headers, answer.body)
            headers = {STATUS_HEADER: "MISS"}
            return Verdict(answer, images=images, cost_usd=cost_usd, logged=answer, headers=headers)
        spoiled = spoil(fault, answer, caller.name)
        return Verdict(
            spoiled.response,
            spoiled.delivery,
            spoiled.code,
            images=images,
            cost_usd=cost_usd,
            logged=spoiled.logged,
        )

    async def _read_body(self, wire: Wire, request: Request) -> bytes:
        limit_bytes = self.options.body_limit_bytes
        if int(request.headers.get("content-length", 0)) > limit_bytes:
            raise too_large(limit_bytes)
        try:
            return await wire.read_body(limit_bytes)
        except BadRequestError as problem:
            if problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise too_large(limit_bytes) from None
            code = 3007 if problem.status == HTTPStatus.REQUEST_TIMEOUT else 5004
            raise ApiError(problem.status, code, problem.message) from None

    async def _make(self, asked: Asked, caller: Caller, fault: Fault | None) -> tuple[Response, int]:
        """Draw and show the images of one answer.

        Raises:
            ApiError: the card wants an answer that no emulator can give.
        """
        commission = Commission(asked.model, asked.input, asked.references, caller, asked.input_digest)
        pictures = await self.painter.paint(commission, self._set_size(asked, caller, fault))
        urls = [
            self.references.origin
            + self.gallery.show(
                picture,
                number=number,
                task=caller.task,
                dead=_strikes(fault, FaultKind.DEAD_URL, number),
                damage=_name_damage(fault, caller)
                if fault is not None and _strikes(fault, FaultKind.BROKEN_PICTURE, number)
                else None,
                expire_s=fault.seconds("seconds")
                if fault is not None and _strikes(fault, FaultKind.EARLY_EXPIRY, number)
                else None,
                bad_download=fault if _strikes(fault, FaultKind.BAD_DOWNLOAD, number) else None,
            )
            for number, picture in enumerate(pictures, 1)
        ]
        result = asked.model.build_result(urls)
        few = fault is not None and fault.kind is FaultKind.FEW_IMAGES  # which the card may not allow
        if not few and (breach := asked.model.find_breach(result)) is not None:
            raise cannot_answer(asked.model.id, breach)
        return build_completed(result), len(urls)

    def _set_size(self, asked: Asked, caller: Caller, fault: Fault | None) -> int:
        size = self._choose_set_size(asked, caller)
        if fault is None or fault.kind is not FaultKind.FEW_IMAGES:
            return size
        return min(size, fault.whole("images") or 0)

    def _choose_set_size(self, asked: Asked, caller: Caller) -> int:
        low, high = asked.model.image_bounds(asked.input)
        match self.options.sets:
            case SetSize.MIN:
                return low
            case SetSize.MAX:
                return high
            case SetSize.RANDOM:
                return low + self._draw_lot("set", asked, caller) % (high - low + 1)

    def _latency_s(self, asked: Asked, caller: Caller) -> float:
        latency = self.options.latency
        spread_s = latency.high_s - latency.low_s
        if spread_s == 0:
            return latency.low_s
        return latency.low_s + spread_s * (self._draw_lot("latency", asked, caller) % 10_001) / 10_000

    def _draw_lot(self, what: str, asked: Asked, caller: Caller) -> int:
        """A number that depends on the seed, the input, the take and the attempt, and on nothing else."""
        circumstances = [what, self.options.seed, asked.input_digest, caller.take, caller.attempt]
        return int(digest_value("emulated-lot/1", circumstances).rpartition(":")[2][:15], 16)

    def _write_down(
        self, request: Request, call: Call, caller: Caller, verdict: Verdict, started_s: float
    ) -> str | None:
        """Bill, journal and log, all before the first byte of the answer; returns the log entry's id."""
        if verdict.images:
            self.bill.add(
                BillEntry(
                    intent=caller.intent,
                    task=caller.task,
                    take=caller.take,
                    attempt=caller.attempt,
                    model=call.model or "",
                    images=verdict.images,
                    cost_usd=verdict.cost_usd,
                    input_digest=call.input_digest or "",
                )
            )
        call.billed_images = verdict.images
        call.code = verdict.code
        call.status = verdict.response.status if verdict.delivery.sends_anything else None
        collected = request.headers.get(COLLECT_LOG_HEADER, "").strip().lower() == "true"
        if verdict.logged is None or not collected:
            return None
        return self.log.add(
            gateway=_gateway(request),
            caller=caller,
            model=call.model or "",
            status=verdict.logged.status,
            success=not verdict.failed,
            cost_usd=verdict.cost_usd,
            cached=verdict.cached,
            duration_s=self.clock() - started_s,
            response=verdict.logged.body,
            response_type=verdict.logged.media_type,
        )


def _fail(spoiled: Spoiled) -> Verdict:
    return Verdict(spoiled.response, spoiled.delivery, spoiled.code, failed=True, logged=spoiled.logged)


def _give_up() -> Verdict:
    """What a gateway writes of a call whose request broke off; nobody is there to be answered."""
    answer = build_refusal(ApiError(499, 3008, "Request was aborted"))
    return Verdict(answer, Delivery(0, in_head=True, ending=Ending.CLOSE), 3008, failed=True, logged=answer)


def _with_headers(verdict: Verdict, log_id: str | None) -> Response:
    headers = {**verdict.response.headers, **verdict.headers}
    if log_id is not None:
        headers[LOG_ID_HEADER] = log_id
    return replace(verdict.response, headers=headers) if headers else verdict.response


def _gateway(request: Request) -> str:
    return request.headers.get(GATEWAY_HEADER, DEFAULT_GATEWAY)


def _stalls(fault: Fault | None, stage: str) -> float:
    """Seconds for which a fault lets the server be silent at a stage before the answer."""
    if fault is None or fault.kind is not FaultKind.STALL or fault.text("stage") != stage:
        return 0.0
    return fault.seconds("seconds")


def _name_damage(fault: Fault, caller: Caller) -> str:
    damage = fault.text("damage")
    return f"{damage} {fault.whole('seed')} {caller.name}" if damage == "scramble" else damage


def _strikes(fault: Fault | None, kind: FaultKind, number: int) -> bool:
    """Whether a fault of this kind is about the image of this number: of its own `number`, or of all."""
    if fault is None or fault.kind is not kind:
        return False
    wanted = fault.whole("number")
    return wanted is None or wanted == number
