"""Looking up a lost answer in the gateway's log, by the intent id that went out as metadata.

API (Cloudflare, "AI Gateway › Logs"): `GET …/ai-gateway/gateways/{gateway}/logs` takes `filters`, a JSON list of
`{key, operator, value: [...]}`, with `metadata.value` among the keys; `GET …/logs/{id}/response` gives the stored answer,
its form undocumented. Nothing here trusts the server's filtering: an entry counts only if its own metadata carry the id.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import quote

import httpx

from seedflow.errors import UNREADABLE_ERRORS, Billed, ProviderError, Retry
from seedflow.money import ZERO_USD, format_usd, from_micros, to_micros
from seedflow.providers.base import Answer, NotBilled, Reconciliation, Recovered, StillUnknown
from seedflow.providers.envelope import parse_json, read_errors, read_result
from seedflow.providers.metadata import read_metadata, read_sent_ms
from seedflow.providers.options import CloudflareOptions
from seedflow.providers.secrets import Quoter
from seedflow.providers.transport import WIRE_ERRORS, describe_wire_error

_LIST_MAX_BYTES: Final = 4 * 1024 * 1024
_RESPONSE_MAX_BYTES: Final = 1024 * 1024
_PER_PAGE: Final = 50
_DETAILS_AT_MOST: Final = 5
_REMEMBERED_AT_MOST: Final = 10_000
_DEADLINE_S: Final = 30.0
_LONGEST_ID: Final = 200
_MOST_COST_USD: Final = 10_000.0
"""More than this for one call is nothing that anybody was billed: the log then counts as one that does not say."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What the log says of one call. `cost_usd` and `metadata` are None where the log does not say."""

    id: str
    succeeded: bool
    status: int | None
    cost_usd: float | None
    cached: bool
    created_at: str
    metadata: Mapping[str, str] | None

    def is_of(self, intent_id: str) -> bool:
        """Whether it is about a call of this intent."""
        return self.metadata is not None and intent_id in self.metadata.values()

    def was_sent_within(self, sent_ms: range) -> bool:
        """Whether it is surely about a call that was sent at one of these moments, in Unix milliseconds."""
        found = None if self.metadata is None else read_sent_ms(self.metadata)
        return found is not None and found in sent_ms


class _LogUnavailableError(Exception):
    """The log cannot be asked, or its answer cannot be read; `soon` when asking again may help."""

    def __init__(self, message: str, *, soon: bool) -> None:
        super().__init__(message)
        self.message = message
        self.soon = soon


class GatewayLog:
    """The log of one gateway, read only."""

    def __init__(self, client: httpx.AsyncClient, options: CloudflareOptions, quoter: Quoter) -> None:
        self._client = client
        self._options = options
        self._quoter = quoter
        account = quote(options.account_id, safe="")
        gateway = quote(options.gateway or "", safe="")
        self._url = f"{options.base_url.url}/accounts/{account}/ai-gateway/gateways/{gateway}/logs"
        self._sent_ms: dict[str, int] = {}

    def note_sending(self, intent_id: str) -> int:
        """Remember when an intent is sent, now; returns Unix milliseconds for its metadata.

        No two sendings of an intent have the same, whatever the clock does in between.
        """
        sent_ms = math.ceil(time.time() * 1000)
        sent_ms = max(sent_ms, self._sent_ms.pop(intent_id, sent_ms - 1) + 1)
        self._sent_ms[intent_id] = sent_ms
        if len(self._sent_ms) > _REMEMBERED_AT_MOST:
            del self._sent_ms[next(iter(self._sent_ms))]
        return sent_ms

    async def reconcile(self, intent_id: str, sent_at: float) -> Reconciliation:
        """What became of a call. `sent_at` in Unix seconds.

        One intent may have several entries: it may have been sent again after an answer that cost nothing, and a
        gateway can be set to try again by itself. A success among them is an answer that was paid for, so it is
        recovered, whichever sending it belongs to (the newest of several). Only if the sending in question has entries
        and each of them failed at cost 0 was nothing billed; entries of earlier sendings prove nothing about it.
        """
        if self._options.gateway is None:
            return StillUnknown(
                "no gateway is set, so there is no log to find the answer in; set CLOUDFLARE_GATEWAY_ID",
                may_appear=False,
            )
        young = 0.0 <= time.time() - sent_at < self._options.log_timeout_s
        sending_ms = self._find_sending(intent_id, sent_at)
        try:
            entries = await self._find_entries(intent_id)
            answered = [entry for entry in entries if entry.succeeded]
            if answered:
                newest = max(answered, key=lambda entry: entry.created_at)
                return await self._recover(newest, may_clear=newest.was_sent_within(sending_ms))
        except _LogUnavailableError as error:
            return StillUnknown(error.message, may_appear=young and error.soon)
        except UNREADABLE_ERRORS as error:
            return StillUnknown(_tell_unreadable(error), may_appear=young)
        failed = [entry for entry in entries if entry.was_sent_within(sending_ms)]
        if not failed:
            return StillUnknown("the gateway's log has no entry of this call", may_appear=young)
        if all(entry.cost_usd == 0 for entry in failed):
            status = next((f" (HTTP {entry.status})" for entry in failed if entry.status is not None), "")
            return NotBilled(f"the gateway's log shows that the call failed at no cost{status}")
        costs = [entry.cost_usd for entry in failed if entry.cost_usd is not None]
        known = sum(costs) if len(costs) == len(failed) else 0.0
        if 0 < known <= _MOST_COST_USD:
            exact = sum((Decimal(str(cost)) for cost in costs), ZERO_USD)
            cost_usd = from_micros(to_micros(exact))  # nothing is counted in less than a millionth
            return StillUnknown(
                f"the gateway's log shows that the call failed and cost {format_usd(cost_usd)}",
                young,
                cost_usd,
            )
        return StillUnknown(
            "the gateway's log shows that the call failed, but not that it cost nothing", may_appear=young
        )

    async def find_cost_usd(self, intent_id: str) -> float | None:
        """The sum over the entries of a call, or None where the log does not say."""
        if self._options.gateway is None:
            return None
        try:
            costs = [entry.cost_usd for entry in await self._find_entries(intent_id)]
        except (_LogUnavailableError, *UNREADABLE_ERRORS):
            return None
        known = [cost_usd for cost_usd in costs if cost_usd is not None]
        total = sum(known) if known and len(known) == len(costs) else math.nan
        return total if 0 <= total <= _MOST_COST_USD else None

    def _find_sending(self, intent_id: str, sent_at: float) -> range:
        """The moments that an entry of the last sending may carry, in Unix milliseconds.

        A sending of this process is known exactly. One of an earlier process began at `sent_at`; what claims to have been
        sent later than now was sent by a clock that was wrong, and nobody can say when.
        """
        known_ms = self._sent_ms.get(intent_id)
        if known_ms is not None:
            return range(known_ms, known_ms + 1)
        return range(math.floor(sent_at * 1000), math.ceil(time.time() * 1000) + 1)

    async def _find_entries(self, intent_id: str) -> list[LogEntry]:
        filters = [{"key": "metadata.value", "operator": "eq", "value": [intent_id]}]
        body = await self._get(
            "",
            {
                "filters": json.dumps(filters, separators=(",", ":")),
                "order_by": "created_at",
                "order_by_direction": "desc",
                "per_page": str(_PER_PAGE),
            },
            _LIST_MAX_BYTES,
        )
        listed = _read_listing(self._parse(body))
        found = [entry for entry in listed if entry.is_of(intent_id)]
        for entry in [entry for entry in listed if entry.metadata is None][:_DETAILS_AT_MOST]:
            detail = self._parse(await self._get(f"/{quote(entry.id, safe='')}", {}, _LIST_MAX_BYTES))
            full = read_entry(detail.get("result", detail))
            if full is not None and full.is_of(intent_id):
                found.append(full)
        return found

    async def _recover(self, entry: LogEntry, *, may_clear: bool) -> Reconciliation:
        """The stored answer of an entry; one that says that nothing was accepted clears its own sending alone."""
        raw = await self._get(f"/{quote(entry.id, safe='')}/response", {}, _RESPONSE_MAX_BYTES)
        try:
            read_result(raw, self._quoter)
        except ProviderError as error:
            if error.retry is Retry.CONSENT:
                raise _LogUnavailableError(
                    f"the gateway's log has the call as answered, but not its answer: {error.message}",
                    soon=True,
                ) from None
            if error.billed is Billed.NO and may_clear:
                return NotBilled(error.message)
            if error.billed is Billed.NO:
                raise _LogUnavailableError(
                    "the gateway's log has an earlier sending of the call only", soon=True
                ) from None
        return Recovered(Answer(raw, free=entry.cached))

    async def _get(self, path: str, query: Mapping[str, str], limit: int) -> bytes:
        """One GET of the log.

        Raises:
            _LogUnavailableError: refused, unreachable, too long, or not what was asked for.
        """
        options = self._options
        request = httpx.Request(
            "GET",
            f"{self._url}{path}",
            params=query or None,
            headers={
                "Authorization": f"Bearer {options.api_token.reveal()}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
            extensions={
                "timeout": {
                    "connect": options.connect_timeout_s,
                    "pool": options.connect_timeout_s,
                    "read": _DEADLINE_S,
                }
            },
        )
        try:
            async with asyncio.timeout(_DEADLINE_S):
                response = await self._client.send(request, stream=True)
                try:
                    return await self._read(response, limit)
                finally:
                    await response.aclose()
        except WIRE_ERRORS as error:
            said = describe_wire_error(error, self._quoter)
        except UNREADABLE_ERRORS as error:
            raise _LogUnavailableError(_tell_unreadable(error), soon=True) from None
        raise _LogUnavailableError(f"the gateway's log could not be asked: {said}", soon=True)

    async def _read(self, response: httpx.Response, limit: int) -> bytes:
        status = response.status_code
        if status in {401, 403}:
            raise _LogUnavailableError(
                f"the gateway's log may not be read (HTTP {status}); give CLOUDFLARE_API_TOKEN the permission AI Gateway Read",
                soon=False,
            )
        if status == 404:
            raise _LogUnavailableError(
                "the gateway's log is not there (HTTP 404); check CLOUDFLARE_GATEWAY_ID and that the gateway keeps logs",
                soon=True,
            )
        if status != 200:
            raise _LogUnavailableError(f"the gateway's log could not be read (HTTP {status})", soon=True)
        if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise _LogUnavailableError(
                "the gateway's log came compressed although that was declined", soon=False
            )
        pieces = bytearray()
        async for piece in response.aiter_raw():
            pieces += piece
            if len(pieces) > limit:
                raise _LogUnavailableError(f"the gateway's log gave more than {limit} bytes", soon=False)
        return bytes(pieces)

    def _parse(self, raw: bytes) -> Mapping[str, object]:
        try:
            body = parse_json(raw)
        except ValueError:
            body = None
        if isinstance(body, list):
            return {"result": body}
        if not isinstance(body, Mapping):
            raise _LogUnavailableError(
                "the gateway's log gave something that is not its list of calls", soon=True
            )
        if body.get("success") is False:
            said = "; ".join(error.message for error in read_errors(body))
            raise _LogUnavailableError(f"the gateway's log refused: {self._quoter.quote(said)}", soon=True)
        return body


def _read_listing(body: Mapping[str, object]) -> list[LogEntry]:
    result = body.get("result", body.get("logs"))
    if isinstance(result, Mapping):
        result = result.get("logs", result.get("data"))
    if not isinstance(result, list):
        return []
    return [entry for item in result if (entry := read_entry(item)) is not None]


def read_entry(item: object) -> LogEntry | None:
    """One entry, tolerant of the forms that its fields are known to take; None without an id.

    An entry counts as a success only if it says so and its status, where given, agrees.
    """
    if not isinstance(item, Mapping):
        return None
    entry_id = item.get("id")
    if not isinstance(entry_id, str | int) or isinstance(entry_id, bool) or entry_id == "":
        return None
    if len(str(entry_id)) > _LONGEST_ID:
        return None
    status = _read_number(item.get("status_code"))
    return LogEntry(
        id=str(entry_id),
        succeeded=_read_flag(item.get("success")) and (status is None or 200 <= status < 300),
        status=int(status) if status is not None and math.isfinite(status) else None,
        cost_usd=_read_number(item.get("cost")),
        cached=_read_flag(item.get("cached")),
        created_at=str(item.get("created_at", "")),
        metadata=read_metadata(item.get("metadata")),
    )


def _read_flag(value: object) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.lower() == "true")


def _read_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _tell_unreadable(error: Exception) -> str:
    return f"the gateway's log gave something that cannot be read ({type(error).__name__})"
