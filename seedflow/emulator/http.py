"""HTTP/1.1 on one connection: h11 parses and frames, this module moves the bytes.

Nothing stands between an answer and the socket, so an answer can pause, stop or end at any byte (`Delivery`).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

READ_BYTES = 256 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_LINGER_S = 2.0
_DRIP_S = 0.1
_LINGER_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WireLimits:
    """What one connection may take: bytes of a head, seconds of silence, seconds for a head and for a body."""

    head_bytes: int = 64 * 1024
    idle_s: float = 300.0
    head_s: float = 30.0
    body_s: float = 300.0


class BadRequestError(Exception):
    """What arrived is not a request that can be answered as asked; `status` is what HTTP calls it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class ClientGoneError(Exception):
    """The other side ended the connection while something was still on its way."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request. Header names are in lower case, values of repeated headers joined by commas."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that is whole in memory; its length and media type become headers."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Ending(Enum):
    """What follows a stop: the rest of the answer, an ordinary end of the connection, or a reset."""

    GO_ON = "go-on"
    CLOSE = "close"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer leaves: whole and at once, unless it stops somewhere.

    Attributes:
        stop_at_byte: how many bytes go out before the stop, counted from the first byte of the body, or of the
            head when `in_head`; None means that there is no stop.
        in_head: see above.
        pause_s: seconds of silence at the stop.
        ending: what follows the silence.
        drip_bytes_s: how fast the body goes out, a few bytes at a time; None means at once.
        excess_bytes: what follows the body although its length said that it was over; the connection ends then.
    """

    stop_at_byte: int | None = None
    in_head: bool = False
    pause_s: float = 0.0
    ending: Ending = Ending.GO_ON
    drip_bytes_s: float | None = None
    excess_bytes: int = 0

    @property
    def sends_anything(self) -> bool:
        """Whether at least one byte of the answer leaves."""
        return not (self.in_head and self.stop_at_byte == 0) or self.ending is Ending.GO_ON


WHOLE = Delivery()


class Wire:
    """One connection, from the first request to the last answer."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: WireLimits
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes)
        self._head_only = False
        self._ended = False
        self.idle = True

    async def next_request(self) -> Request | None:
        """The next request's head, or None when the connection is over.

        Raises:
            BadRequestError: it is not HTTP, too large or too slow; nothing more can be read.
            ClientGoneError: the connection ended in the middle of it.
        """
        if not self._begin_cycle():
            return None
        self.idle = True
        try:
            async with asyncio.timeout(self._limits.idle_s):
                data = b"" if self._protocol.trailing_data[0] else await self._receive()
        except TimeoutError:
            return None
        self.idle = False
        if data is None:
            return None
        try:
            async with asyncio.timeout(self._limits.head_s):
                event = await self._next_event()
        except TimeoutError:
            raise BadRequestError(
                HTTPStatus.REQUEST_TIMEOUT, "the head of the request took too long"
            ) from None
        if not isinstance(event, h11.Request):
            return None
        self._head_only = event.method == b"HEAD"
        return _read_head(event)

    def _begin_cycle(self) -> bool:
        """Make ready for the next request; False when this was the connection's last."""
        if self._ended:
            return False
        if self._protocol.our_state is h11.IDLE:
            return True
        if self._protocol.our_state is not h11.DONE or self._protocol.their_state is not h11.DONE:
            return False
        self._protocol.start_next_cycle()
        return True

    async def read_body(self, limit_bytes: int) -> bytes:
        """The rest of the current request.

        Raises:
            BadRequestError: it is larger than the limit, badly framed, or too slow.
            ClientGoneError: the connection ended before it was whole.
        """
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_s):
                while self._protocol.their_state is h11.SEND_BODY:
                    event = await self._next_event()
                    if isinstance(event, h11.Data):
                        size += len(event.data)
                        if size > limit_bytes:
                            raise BadRequestError(
                                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large"
                            )
                        chunks.append(bytes(event.data))
        except TimeoutError:
            raise BadRequestError(
                HTTPStatus.REQUEST_TIMEOUT, "the body of the request took too long"
            ) from None
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def send(self, response: Response, delivery: Delivery = WHOLE) -> None:
        """Answer the current request; a client that has gone is no error. One that is still sending is answered and left."""
        if self._protocol.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        head = self._frame(
            h11.Response(
                status_code=response.status,
                reason=_reason(response.status),
                headers=_build_headers(response),
            )
        )
        body = b"" if self._head_only else response.body
        if body:
            body = self._frame(h11.Data(data=body))
        self._frame(h11.EndOfMessage())
        if delivery.drip_bytes_s is not None:
            await self._write(head)
            await self._drip(body, delivery.drip_bytes_s)
            return
        if delivery.excess_bytes:
            await self._write(head + body + b" " * delivery.excess_bytes)
            await self.close()
            return
        if delivery.stop_at_byte is None:
            await self._write(head + body)
            if self._protocol.their_state in {h11.SEND_BODY, h11.ERROR}:
                await self._linger()
            return
        stop = delivery.stop_at_byte if delivery.in_head else len(head) + delivery.stop_at_byte
        await self._deliver_in_parts(head + body, stop, delivery)

    async def _deliver_in_parts(self, data: bytes, stop: int, delivery: Delivery) -> None:
        if stop > 0:
            await self._write(data[:stop])
        if delivery.pause_s > 0:
            await self.pause(delivery.pause_s)
        match delivery.ending:
            case Ending.GO_ON:
                await self._write(data[stop:])
            case Ending.CLOSE:
                await self.close()
            case Ending.RESET:
                self.reset()

    async def _drip(self, data: bytes, bytes_per_s: float) -> None:
        size = max(1, round(bytes_per_s * _DRIP_S))
        for start in range(0, len(data), size):
            await self.pause(size / bytes_per_s)
            if self._writer.is_closing():
                return
            await self._write(data[start : start + size])

    async def pause(self, seconds: float) -> None:
        """Be silent, but no longer than the client stays."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._ended and len(self._protocol.trailing_data[0]) < self._limits.head_bytes:
                    if not await self._receive():
                        self._ended = True
                        return
                await asyncio.sleep(seconds)

    async def _linger(self) -> None:
        """End the connection although the client is still sending, in such a way that it can read the answer."""
        self._ended = True
        with contextlib.suppress(OSError, TimeoutError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with asyncio.timeout(_LINGER_S):
                left = _LINGER_BYTES
                while left > 0 and (data := await self._reader.read(READ_BYTES)):
                    left -= len(data)

    async def close(self) -> None:
        """End the connection after everything that was written has left."""
        self._ended = True
        with contextlib.suppress(OSError):
            self._writer.close()
            await self._writer.wait_closed()

    def abandon(self) -> None:
        """End the connection without waiting for it."""
        self._ended = True
        with contextlib.suppress(OSError):
            self._writer.close()

    def reset(self) -> None:
        """Tear the connection down: the client sees a reset, and what has not left is lost."""
        self._ended = True
        connection = self._writer.get_extra_info("socket")
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    async def _next_event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            try:
                event = self._protocol.next_event()
            except h11.RemoteProtocolError as problem:
                if self._ended:
                    raise ClientGoneError from None
                raise BadRequestError(problem.error_status_hint, str(problem)) from None
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]  # NEED_DATA is the one sentinel left out
            if self._protocol.they_are_waiting_for_100_continue:
                await self._write(self._frame(h11.InformationalResponse(status_code=100, headers=[])))
            if await self._receive() is None:
                self._ended = True

    async def _receive(self) -> bytes | None:
        """Feed h11 with what arrived; None when the other side has ended the connection."""
        try:
            data = await self._reader.read(READ_BYTES)
        except OSError:
            data = b""
        self._protocol.receive_data(data)
        return data or None

    async def _write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError:
            self._ended = True

    def _frame(self, event: h11.Event) -> bytes:
        return self._protocol.send(event) or b""


def _read_head(event: h11.Request) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in event.headers:
        name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    target = event.target.decode("latin-1")
    try:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100))
    except ValueError as problem:
        raise BadRequestError(HTTPStatus.BAD_REQUEST, f"the address is not readable: {problem}") from None
    return Request(event.method.decode("ascii"), target, unquote(parts.path), query, headers)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _build_headers(response: Response) -> list[tuple[str, str]]:
    headers = [
        ("content-type", response.media_type),
        ("content-length", str(len(response.body))),
        ("x-content-type-options", "nosniff"),
    ]
    headers += response.headers.items()
    return headers
