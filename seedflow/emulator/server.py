"""The server: connections on loopback, from the first to a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seedflow.emulator.bill import Bill
from seedflow.emulator.cache import GatewayCache
from seedflow.emulator.clock import Clock
from seedflow.emulator.envelope import ApiError, build_refusal
from seedflow.emulator.fault_file import load_faults
from seedflow.emulator.fault_plan import FaultPlan
from seedflow.emulator.gallery import Gallery
from seedflow.emulator.generate import Generator
from seedflow.emulator.http import READ_BYTES, BadRequestError, ClientGoneError, Wire, WireLimits
from seedflow.emulator.journal import Journal
from seedflow.emulator.log import GatewayLog
from seedflow.emulator.options import DEFAULT_GATEWAY, EmulatorOptions
from seedflow.emulator.painter import Painter
from seedflow.emulator.rates import Gatekeeper
from seedflow.emulator.references import ReferenceFetcher
from seedflow.emulator.routes import API, Routes
from seedflow.errors import UsageError
from seedflow.models.catalog import Catalog, load_catalog

GRACE_S = 2.0
_BACKLOG = 1024


class Emulator:
    """One emulator in this event loop; use it with `async with`, or `start` and `aclose`.

    What it holds (`bill`, `journal`, `faults`, `gallery`, `log`) may be looked at and changed while it runs.
    """

    def __init__(
        self,
        options: EmulatorOptions | None = None,
        *,
        catalog: Catalog | None = None,
        limits: WireLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options or EmulatorOptions()
        self._catalog = catalog or load_catalog()
        self._limits = limits or WireLimits()
        self.clock = Clock(clock)
        self._server: asyncio.Server | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._tasks: dict[asyncio.Task[None], Wire] = {}
        self._broken: asyncio.Future[None] | None = None
        self._generator: Generator | None = None
        self.port = self.options.port
        faults = self.options.faults
        self.faults = FaultPlan(self.options.seed, None if faults is None else load_faults(faults))
        self.journal = Journal()
        self.gallery = Gallery(self.clock, self.options.expire_s)
        self.log = GatewayLog(self.clock, self.options.log_delay_s)
        self.bill = Bill()

    @property
    def origin(self) -> str:
        """`http://HOST:PORT`, without a path."""
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"http://{host}:{self.port}"

    @property
    def base_url(self) -> str:
        """What `SEEDFLOW_CLOUDFLARE_BASE_URL` should be."""
        return self.origin + API

    @property
    def env(self) -> dict[str, str]:
        """The environment in which seedflow uses this emulator as its provider."""
        return {
            "CLOUDFLARE_ACCOUNT_ID": self.options.account,
            "CLOUDFLARE_API_TOKEN": self.options.token,
            "CLOUDFLARE_GATEWAY_ID": DEFAULT_GATEWAY,
            "SEEDFLOW_CLOUDFLARE_BASE_URL": self.base_url,
        }

    async def start(self) -> int:
        """Listen; returns the port.

        Raises:
            UsageError: the port is taken, or the bill's file cannot be used.
        """
        listener = _listen(self.options.host, self.options.port)
        try:
            self.bill = Bill(self.options.bill_file)
        except UsageError:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        self._broken = asyncio.get_running_loop().create_future()
        self._folder = tempfile.TemporaryDirectory(prefix="seedflow-emulator-", ignore_cleanup_errors=True)
        self._generator = self._build_generator(Path(self._folder.name))
        routes = Routes(self._generator)
        self._server = await asyncio.start_server(
            functools.partial(self._accept, routes), sock=listener, limit=READ_BYTES, backlog=_BACKLOG
        )
        return self.port

    def _build_generator(self, folder: Path) -> Generator:
        return Generator(
            options=self.options,
            catalog=self._catalog,
            gallery=self.gallery,
            references=ReferenceFetcher(self.origin, self.gallery, self.options, folder),
            painter=Painter(self.options, folder),
            log=self.log,
            cache=GatewayCache(self.clock),
            bill=self.bill,
            faults=self.faults,
            journal=self.journal,
            gatekeeper=Gatekeeper(self.options.limits, self.clock),
            clock=self.clock,
        )

    async def wait_broken(self) -> None:
        """Wait until the emulator itself fails.

        Raises:
            Exception: whatever it failed with; it is a bug.
        """
        if self._broken is not None:
            await asyncio.shield(self._broken)

    async def aclose(self, grace_s: float = GRACE_S) -> None:
        """Listen no more, let calls that are under way end within `grace_s`, then cut what is left.

        Raises:
            Exception: whatever a connection failed with; it is a bug.
        """
        if self._server is None:
            return
        self._server.close()
        self._server = None
        try:
            await self._end_connections(grace_s)
        finally:
            if self._folder is not None:
                self._folder.cleanup()
            self.bill.close()
        broken, self._broken = self._broken, None
        if broken is not None and broken.done():
            broken.result()

    async def _end_connections(self, grace_s: float) -> None:
        for task, wire in list(self._tasks.items()):
            if wire.idle:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._generator is not None:
            await self._generator.references.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _accept(self, routes: Routes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer, self._limits)
        task = asyncio.get_running_loop().create_task(_serve_connection(wire, routes))
        self._tasks[task] = wire
        task.add_done_callback(self._end_connection)

    def _end_connection(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        problem = None if task.cancelled() else task.exception()
        if problem is not None and self._broken is not None and not self._broken.done():
            self._broken.set_exception(problem)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as problem:
        listener.close()
        raise UsageError(
            f"cannot listen on {host} port {port}: {(problem.strerror or str(problem)).lower()}",
            help="choose another port, or 0 for any free one",
        ) from None
    return listener


async def _serve_connection(wire: Wire, routes: Routes) -> None:
    try:
        with contextlib.suppress(ClientGoneError):
            await _answer_all(wire, routes)
    finally:
        wire.abandon()


async def _answer_all(wire: Wire, routes: Routes) -> None:
    while True:
        try:
            request = await wire.next_request()
        except BadRequestError as problem:
            await wire.send(build_refusal(ApiError(problem.status, 5004, problem.message)))
            return
        if request is None:
            return
        await routes.answer(wire, request)


def serve(
    options: EmulatorOptions, announce: Callable[[Emulator], None], catalog: Catalog | None = None
) -> None:
    """Run an emulator until SIGINT or SIGTERM, then end cleanly; a second signal ends it at once.

    Args:
        options: what it should be like.
        announce: called once it listens.
        catalog: the models that it has; those that ship with seedflow when left out.

    Raises:
        UsageError: it cannot listen, or the options cannot be carried out.
    """
    asyncio.run(_serve(options, announce, catalog))


async def _serve(
    options: EmulatorOptions, announce: Callable[[Emulator], None], catalog: Catalog | None
) -> None:
    emulator = Emulator(options, catalog=catalog)
    stopped, hurried = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        (hurried if stopped.is_set() else stopped).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    await emulator.start()
    try:
        announce(emulator)
        await _wait_for_first(stopped.wait(), emulator.wait_broken())
    finally:
        await _wait_for_first(emulator.aclose(), hurried.wait())


async def _wait_for_first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of them, stop the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()
