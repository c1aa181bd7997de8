"""A client that says exactly what it is told to, and an emulator in this process."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import zlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from seedflow.emulator.options import EmulatorOptions, PictureKind
from seedflow.emulator.server import Emulator

MODEL = "bytedance/seedream-4.5"


@dataclass(frozen=True)
class Answer:
    """An answer that arrived whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def images(self) -> list[str]:
        return self.json["result"]["result"]["images"]

    @property
    def errors(self) -> list[tuple[int, str]]:
        return [(error["code"], error["message"]) for error in self.json["errors"]]


class Line:
    """One connection. Answers are read by their length; `rest` reads until the other side ends it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self, *, body: bool = True) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0")) if body else 0
        return Answer(int(first.split()[1]), headers, await self.reader.readexactly(size))

    async def rest(self) -> bytes:
        return await self.reader.read()

    def close(self) -> None:
        self.writer.close()


class Caller:
    """Talks to one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    async def line(self) -> Line:
        return Line(*await asyncio.open_connection(self.emulator.options.host, self.emulator.port))

    def head(self, method: str, path: str, headers: dict[str, str], size: int | None = None) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.emulator.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if size is not None:
            lines.append(f"Content-Length: {size}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    async def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        line = await self.line()
        try:
            await line.say(
                self.head(method, path, headers or {}, None if body is None else len(body)) + (body or b"")
            )
            return await line.hear(body=method != "HEAD")
        finally:
            line.close()

    @property
    def run_path(self) -> str:
        return f"/client/v4/accounts/{self.emulator.options.account}/ai/run"

    @property
    def logs_path(self) -> str:
        return f"/client/v4/accounts/{self.emulator.options.account}/ai-gateway/gateways/default/logs"

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.emulator.options.token}"}

    def build_call(
        self, given: object, metadata: dict[str, Any] | None = None, *, model: str = MODEL, **headers: str
    ) -> bytes:
        body = json.dumps({"model": model, "input": given}).encode()
        said = {"Content-Type": "application/json", "cf-aig-collect-log": "true", **self.authorization}
        if metadata is not None:
            said["cf-aig-metadata"] = json.dumps(metadata)
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.head("POST", self.run_path, said, len(body)) + body

    async def generate(
        self, given: object, metadata: dict[str, Any] | None = None, *, model: str = MODEL, **headers: str
    ) -> Answer:
        line = await self.line()
        try:
            await line.say(self.build_call(given, metadata, model=model, **headers))
            return await line.hear()
        finally:
            line.close()

    async def get_image(self, url: str, **headers: str) -> Answer:
        assert url.startswith(self.emulator.origin)
        return await self.ask("GET", url.removeprefix(self.emulator.origin), headers=headers)

    async def logs(self, **query: str) -> Answer:
        from urllib.parse import urlencode

        path = f"{self.logs_path}?{urlencode(query)}" if query else self.logs_path
        return await self.ask("GET", path, headers=self.authorization)


@asynccontextmanager
async def running_emulator(**options: Any):
    """An emulator in this loop with tiny pictures unless said otherwise, and a client for it."""
    inside = {name: options.pop(name) for name in ("clock", "limits", "catalog") if name in options}
    if "service" in options:
        options["limits"] = options.pop("service")
    settings = EmulatorOptions(**{"pictures": PictureKind.TINY, **options})
    async with Emulator(settings, **inside) as emulator:
        yield Caller(emulator)


@pytest.fixture
def running():
    """`async with running(sets=SetSize.MIN) as caller:` starts an emulator in this process."""
    return running_emulator


def build_png(width: int = 3, height: int = 2, shade: int = 200) -> bytes:
    """A small grey PNG, written by hand so that tests need no drawing library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade] * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def build_data_uri(data: bytes, media_type: str = "image/png") -> str:
    """The bytes as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@pytest.fixture
def png():
    """Builds small PNGs: `png(width, height, shade)`."""
    return build_png


@pytest.fixture
def data_uri():
    """Builds data URIs: `data_uri(data, media_type)`."""
    return build_data_uri
