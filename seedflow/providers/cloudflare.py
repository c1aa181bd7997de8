"""Cloudflare's AI endpoint: one POST, one answer, and a log to look lost answers up in.

Contract: `POST {base}/accounts/{account}/ai/run` with `{"model": …, "input": {…}}`; synchronous. What every failure means
for money is decided here and in `failures`; whether anything is asked again is decided by `run`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx

from seedflow.errors import UNREADABLE_ERRORS, ProviderError
from seedflow.failpoints import Step
from seedflow.providers.addresses import Reach
from seedflow.providers.base import Answer, BeforeSending, CallContext, GenerateRequest, Reconciliation
from seedflow.providers.body import RequestBody, build_body
from seedflow.providers.download import Downloader
from seedflow.providers.envelope import parse_json, read_errors, read_result
from seedflow.providers.failures import (
    Refusal,
    build_failure,
    build_not_sent,
    build_unknown,
)
from seedflow.providers.gateway_log import GatewayLog
from seedflow.providers.metadata import build_metadata
from seedflow.providers.options import CloudflareOptions
from seedflow.providers.retry_after import parse_http_date, parse_retry_after
from seedflow.providers.secrets import Quoter
from seedflow.providers.transport import (
    WIRE_ERRORS,
    announcing,
    describe_wire_error,
    is_timeout,
    load_trust,
    never_connected,
    open_api_client,
)
from seedflow.version import __version__

ANSWER_MAX_BYTES: Final = 1024 * 1024
USER_AGENT: Final = f"seedflow/{__version__}"


class CloudflareProvider:
    """The adapter. Opens no socket before it is asked; belongs to one event loop."""

    name = "cloudflare"
    paid = True

    def __init__(self, options: CloudflareOptions) -> None:
        self.realm = options.base_url.realm
        self._options = options
        self._quoter = Quoter(options.api_token)
        reach = Reach.ANYWHERE if options.base_url.encrypted else Reach.LOOPBACK
        self._client = open_api_client(
            reach, load_trust(options.ca_file) if options.base_url.encrypted else None
        )
        self._downloader = Downloader(loopback_http=options.base_url.loopback, ca_file=options.ca_file)
        self._log = GatewayLog(self._client, options, self._quoter)

    def __repr__(self) -> str:
        return f"CloudflareProvider(realm={self.realm!r})"

    async def generate(self, request: GenerateRequest, before_sending: BeforeSending | None = None) -> Answer:
        """Send one request and read its raw answer; see `Provider.generate`."""
        body = build_body(request)
        await body.check_files()
        with announcing(before_sending):
            answer = await self._exchange(body, request.context)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def read_answer(self, raw: bytes) -> object:
        """The innermost result object of a raw answer; see `Provider.read_answer`."""
        return read_result(raw, self._quoter)

    async def fetch(self, url: str, request: GenerateRequest, number: int, into: Path) -> None:  # noqa: ARG002 - the port
        """One try to write the image behind a URL of an answer; see `Provider.fetch`."""
        with Step.DOWNLOAD:
            await self._downloader.fetch(url, into)

    async def is_alive(self, url: str) -> bool:
        """Whether a URL of an earlier answer can still be fetched; see `Provider.is_alive`."""
        return await self._downloader.is_alive(url)

    async def find_url_problem(self, url: str) -> str | None:
        """Why a URL cannot be fetched; see `Provider.find_url_problem`.

        An emulator stands in for the world too: what it serves for a foreign address is not to be found out there.
        """
        if self._options.base_url.loopback and url[:8].lower() == "https://":
            return None
        return await self._downloader.find_problem(url)

    async def reconcile(self, intent_id: str, sent_at: float) -> Reconciliation:
        """What the gateway's log says of a call whose answer was lost; see `Provider.reconcile`."""
        with Step.RECONCILE:
            return await self._log.reconcile(intent_id, sent_at)

    async def find_cost_usd(self, intent_id: str) -> float | None:
        """What the gateway's log says that a call cost; see `Provider.find_cost_usd`."""
        return await self._log.find_cost_usd(intent_id)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        await self._downloader.aclose()

    async def _exchange(self, body: RequestBody, context: CallContext) -> Answer | ProviderError:
        """Send and read. Failures are returned: raised from here, they would carry the client's request and its token."""
        deadline = asyncio.timeout(self._options.total_timeout_s)
        try:
            async with deadline:
                response = await self._client.send(self._build_request(body, context), stream=True)
                try:
                    with Step.ANSWER:
                        return await self._read(response)
                finally:
                    await response.aclose()
        except WIRE_ERRORS as error:
            if deadline.expired() and not body.started:
                return build_not_sent(
                    f"Cloudflare: nothing could be sent within {self._options.total_timeout_s:g} s"
                )
            if deadline.expired():
                return build_unknown(
                    f"Cloudflare: no complete answer within {self._options.total_timeout_s:g} s"
                )
            return self._explain(error, body)
        except UNREADABLE_ERRORS as error:
            if not body.started:
                raise
            return build_unknown(
                f"Cloudflare: the request was sent, but its answer cannot be read ({type(error).__name__})"
            )

    @cached_property
    def _url(self) -> httpx.URL:
        """Where every call goes, read once: that takes as long as all the rest of a request."""
        account = quote(self._options.account_id, safe="")
        return httpx.URL(f"{self._options.base_url.url}/accounts/{account}/ai/run")

    def _build_request(self, body: RequestBody, context: CallContext) -> httpx.Request:
        options = self._options
        headers = {
            "Authorization": f"Bearer {options.api_token.reveal()}",
            "Content-Type": "application/json",
            "Content-Length": str(body.length),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": USER_AGENT,
            "cf-aig-max-attempts": "1",
            "cf-aig-collect-log": "true",
            "cf-aig-metadata": build_metadata(context, self._log.note_sending(context.intent_id)),
        }
        if options.gateway is not None:
            headers["cf-aig-gateway-id"] = options.gateway
        timeout = {
            "connect": options.connect_timeout_s,
            "pool": options.connect_timeout_s,  # the transport's bound on name, connection and TLS together
            "read": options.read_timeout_s,
            "write": None,
        }
        return httpx.Request("POST", self._url, headers=headers, stream=body, extensions={"timeout": timeout})

    async def _read(self, response: httpx.Response) -> Answer | ProviderError:
        status, headers = response.status_code, response.headers
        encoding = headers.get("content-encoding", "identity").strip().lower()
        readable = encoding in {"", "identity"}
        if status == 200:
            if not readable:
                return build_unknown(
                    f"Cloudflare: the answer is compressed ({self._quoter.quote(encoding, 40)}) although that was declined",
                    status=status,
                )
            raw = await read_capped(response, ANSWER_MAX_BYTES)
            if raw is None:
                return build_unknown(
                    f"Cloudflare: the answer is longer than {ANSWER_MAX_BYTES} bytes", status=status
                )
            return Answer(raw, free=headers.get("cf-aig-cache-status", "").strip().upper() == "HIT")
        return build_failure(await self._read_refusal(response, readable=readable), self._quoter)

    async def _read_refusal(self, response: httpx.Response, *, readable: bool) -> Refusal:
        """What came with a status that is not 200. Its body only explains; without it the status decides."""
        raw: bytes | None = b""
        if readable:
            try:
                raw = await read_capped(response, ANSWER_MAX_BYTES)
            except WIRE_ERRORS:
                raw = b""
        try:
            parsed = parse_json(raw or b"")
        except ValueError:
            parsed = None
        now = parse_http_date(response.headers.get("date")) or datetime.now(UTC)
        return Refusal(
            response.status_code,
            read_errors(parsed),
            (raw or b"")[:4096].decode(errors="replace"),
            parse_retry_after(response.headers.get("retry-after"), now),
        )

    def _explain(self, error: BaseException, body: RequestBody) -> ProviderError:
        said = describe_wire_error(error, self._quoter)
        if never_connected(error) and not body.started:
            return build_not_sent(
                f"Cloudflare could not be reached: {said}",
                help="check the network, and SEEDFLOW_CLOUDFLARE_BASE_URL if it is set",
            )
        if is_timeout(error):
            return build_unknown(
                f"Cloudflare: no answer for {self._options.read_timeout_s:g} s after the request was sent"
            )
        return build_unknown(f"Cloudflare: the request was sent, but {said}")


async def read_capped(response: httpx.Response, limit: int) -> bytes | None:
    """The body as it came over the wire, never decompressed; None when it is longer than `limit` bytes."""
    pieces: list[bytes] = []
    size = 0
    async for piece in response.aiter_raw():
        size += len(piece)
        if size > limit:
            return None
        pieces.append(piece)
    return b"".join(pieces)
