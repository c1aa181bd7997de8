"""Connections: who may be connected to, what is trusted, and which failures prove that nothing was sent.

The client's exceptions cannot be believed by their class: the aiohttp transport of httpx turns a server that hung up
after it had read the whole request into `httpx.ConnectTimeout` (httpx-aiohttp 0.2.0, `AIOHTTP_EXC_MAP`).
`never_connected` looks at what aiohttp itself reported instead.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Final

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from httpx_aiohttp import AiohttpTransport

from seedflow.errors import UsageError
from seedflow.failpoints import Step
from seedflow.providers.addresses import Reach, RefusedAddressError, check_address
from seedflow.providers.base import BeforeSending
from seedflow.providers.secrets import Quoter

WIRE_ERRORS: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    OSError,
)
"""Everything that a request or the reading of an answer may raise; the transport lets some of aiohttp's own through."""

_before_sending: ContextVar[BeforeSending | None] = ContextVar("before_sending", default=None)

_CONNECT_ERRORS: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


def never_connected(error: BaseException) -> bool:
    """Whether it failed at the name, the connection or TLS, so that not a byte of the request has left."""
    return isinstance(error, _CONNECT_ERRORS) or isinstance(error.__cause__, _CONNECT_ERRORS)


def is_timeout(error: BaseException) -> bool:
    """Whether silence ended it."""
    return isinstance(error, asyncio.TimeoutError) or isinstance(error.__cause__, asyncio.TimeoutError)


def describe_wire_error(error: BaseException, quoter: Quoter) -> str:
    """What happened, in plain words: the client's own texts speak of its classes and of raw messages."""
    found = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    match found:
        case aiohttp.ClientConnectorDNSError():
            return f"the name {quoter.quote(found.host)} is not known"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return f"{quoter.quote(found.host)} could not prove who it is ({quoter.quote(str(found.__cause__ or found))})"
        case aiohttp.ClientConnectorError():
            return f"{quoter.quote(found.host)}:{found.port} does not take connections ({_reason(found.os_error)})"
        case aiohttp.ConnectionTimeoutError():
            return "the connection could not be made in time"
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return "the answer was cut"
        case aiohttp.ClientResponseError():
            return "the answer is not valid HTTP"
        case OSError():
            return _reason(found)
        case _:
            return quoter.quote(str(found) or type(found).__name__)


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else (error.strerror or str(error))


def find_refused_address(error: BaseException) -> RefusedAddressError | None:
    """The refusal behind a failed connection, if that is why it failed."""
    found: BaseException | None = error
    for _ in range(5):
        if found is None or isinstance(found, RefusedAddressError):
            return found
        inner = getattr(found, "os_error", None)
        found = inner if isinstance(inner, OSError) and inner is not found else found.__cause__
    return None


@contextmanager
def announcing(before_sending: BeforeSending | None) -> Iterator[None]:
    """Let every request of this block await this once its connection stands, before it sends a byte."""
    token = _before_sending.set(before_sending)
    try:
        yield
    finally:
        _before_sending.reset(token)


@lru_cache(maxsize=4)
def load_trust(ca_file: Path | None) -> ssl.SSLContext:
    """The certificates that servers are judged by: a file of the user's, else the ones that come with the client.

    Raises:
        UsageError: the file cannot be read, or has no certificate in it.
    """
    if ca_file is not None:
        try:
            return ssl.create_default_context(cafile=str(ca_file))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the certificates in {ca_file} cannot be read: {error.args[-1] if error.args else error}",
                help="set SSL_CERT_FILE to a file of certificates in PEM form, or unset it",
            ) from None
    return httpx.create_ssl_context(verify=True, trust_env=False)


def open_session(
    reach: Reach, *, trust: ssl.SSLContext | None, reuse: bool, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """A session that connects within a reach only; no cookies, no proxies, no bound on how many at once.

    Must be called inside a running event loop.

    Args:
        reach: judged twice: every address of a name before connecting, and each address as its socket is made.
        trust: for https, or None where there is only http.
        reuse: whether an idle connection may carry another request. Never for requests that cost money: a connection
            that the server closes at that moment would leave it unknown whether they arrived.
        resolver: who looks names up; the system by default.
    """

    def make_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        family, kind, protocol, _, address = info
        check_address(str(address[0]), reach)
        return socket.socket(family=family, type=kind, proto=protocol)

    connector = _AnnouncingConnector(
        limit=0,
        force_close=not reuse,
        ssl=trust if trust is not None else True,
        resolver=_CheckingResolver(reach, resolver or aiohttp.ThreadedResolver()),
        socket_factory=make_socket,
    )
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
    )


def open_api_client(reach: Reach, trust: ssl.SSLContext | None) -> httpx.AsyncClient:
    """The client for the API. Connects at its first request; each request has a connection of its own."""
    transport = AiohttpTransport(
        verify=trust if trust is not None else False,
        trust_env=False,
        client=lambda: open_session(reach, trust=trust, reuse=False),
    )
    return httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)


class _AnnouncingConnector(aiohttp.TCPConnector):
    """Holds a request up between its connection and its first byte, for whoever is to be told."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - its signature
    ) -> Connection:
        with Step.CONNECT:
            connection = await super().connect(req, traces, timeout)
        before_sending = _before_sending.get()
        if before_sending is not None:
            try:
                await before_sending()
            except BaseException:
                connection.close()
                raise
        return connection


class _CheckingResolver(AbstractResolver):
    """Resolves once, and refuses a name unless every one of its addresses is within reach."""

    def __init__(self, reach: Reach, resolver: AbstractResolver) -> None:
        self._reach = reach
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._resolver.resolve(host, port, family)
        except UnicodeError:  # what a resolver's own encoding of a name raises, before anybody is asked
            raise OSError(socket.EAI_NONAME, "it is not a name") from None
        for result in found:
            check_address(result["host"], self._reach)
        return found

    async def close(self) -> None:
        await self._resolver.close()
