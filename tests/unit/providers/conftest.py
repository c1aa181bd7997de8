"""Raw servers on loopback that misbehave in exactly one way each."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.providers.base import CallContext, GenerateRequest, WireFile, WireReference
from seedflow.providers.cloudflare import CloudflareProvider
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.secrets import Secret

CERTIFICATES = Path(__file__).parent / "certificates"
TOKEN = "token-that-nobody-may-see/+="

Handler = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One connection: what the client sent, and ways to answer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes = b""
    body: bytes = b""

    async def read_head(self) -> bytes:
        self.head = await self.reader.readuntil(b"\r\n\r\n")
        return self.head

    async def read_request(self) -> bytes:
        """The whole request, by its Content-Length."""
        await self.read_head()
        length = int(self.header("content-length") or "0")
        self.body = await self.reader.readexactly(length)
        return self.body

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return None

    @property
    def request_line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: int, body: bytes, *headers: str, length: int | None = -1) -> None:
        """A whole answer; `length` None leaves Content-Length out, a number lies about it."""
        lines = [f"HTTP/1.1 {status} Whatever", *headers]
        if length is not None:
            lines.append(f"Content-Length: {len(body) if length < 0 else length}")
        await self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def close(self) -> None:
        self.writer.close()


@dataclass
class Server:
    """Where it listens, and every exchange in order."""

    port: int
    scheme: str = "http"
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/client/v4"


@contextlib.asynccontextmanager
async def serve(handler: Handler, *, trust: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Run `handler` for each connection; whatever is still open is cut at the end."""
    server = Server(0, "https" if trust else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(reader, writer)
        server.exchanges.append(exchange)
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(exchange)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    listening = await asyncio.start_server(run, "127.0.0.1", 0, ssl=trust)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Serve = Callable[..., contextlib.AbstractAsyncContextManager[Server]]


@pytest.fixture(name="serve")
def provide_serve() -> Serve:
    """`async with serve(handler) as server`."""
    return serve


@pytest.fixture(name="closed_port")
def provide_closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(name="server_trust")
def provide_server_trust() -> ssl.SSLContext:
    """A server's side of TLS with a certificate for 127.0.0.1 that nobody trusts by default."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "loopback.pem", CERTIFICATES / "loopback.key")
    return context


@pytest.fixture(name="ca_file")
def provide_ca_file() -> Path:
    """The certificate of `server_trust`, to be trusted."""
    return CERTIFICATES / "loopback.pem"


def build_request(
    references: tuple[WireReference, ...] = (),
    *,
    params: dict[str, object] | None = None,
    address: str = "page",
) -> GenerateRequest:
    context = CallContext("run-1", address, take=2, attempt=3, intent_id="intent-1")
    return GenerateRequest(
        "bytedance/seedream-4.5",
        {"prompt": "a fox"} if params is None else params,
        "image_input",
        references,
        context,
    )


@pytest.fixture(name="build_request")
def provide_build_request() -> Callable[..., GenerateRequest]:
    """Builds a request of Seedream 4.5."""
    return build_request


@pytest.fixture(name="write_file")
def provide_write_file(tmp_path: Path) -> Callable[[str, bytes], WireFile]:
    """Writes a file and tells its facts, whatever its bytes are."""

    def write(name: str, data: bytes) -> WireFile:
        path = tmp_path / name
        path.write_bytes(data)
        return WireFile(path, ImageFacts("sha256:0", len(data), 1, 1, ImageFormat.JPEG))

    return write


@pytest.fixture(name="open_provider")
def provide_open_provider() -> Callable[..., contextlib.AbstractAsyncContextManager[CloudflareProvider]]:
    """`async with open_provider(base_url, **options) as provider`."""

    @contextlib.asynccontextmanager
    async def open_provider(base_url: str, **options: object) -> AsyncIterator[CloudflareProvider]:
        settled = {"gateway": "default", **options}
        provider = CloudflareProvider(
            CloudflareOptions("account-1", Secret(TOKEN), base_url=parse_base_url(base_url), **settled)  # type: ignore[arg-type] - free for tests
        )
        try:
            yield provider
        finally:
            await provider.aclose()

    return open_provider


@pytest.fixture(name="token")
def provide_token() -> str:
    """The token that `open_provider` uses."""
    return TOKEN
