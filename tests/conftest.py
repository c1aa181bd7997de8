"""Fixtures for every suite: an emulator in a process of its own, reached over a real socket, counting its own bill."""

from __future__ import annotations

import gc
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

from bucket import BucketService

import seedflow

# How long an example takes depends on what else the machine does; what must be quick is measured where it is the point.
settings.register_profile("seedflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seedflow")

ROOT = Path(seedflow.__file__).parents[1]
END_WITHIN_S = 10

MEMORY = Path("/dev/shm")
_LEAST_MEMORY_BYTES = 4 << 30
# Stores sync whatever they write, and every test's folder is deleted: in memory neither costs anything. `TMPDIR` says otherwise.
if (
    "TMPDIR" not in os.environ
    and os.access(MEMORY, os.W_OK)
    and shutil.disk_usage(MEMORY).free >= _LEAST_MEMORY_BYTES
):
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Thousands of tests are nothing that the cyclic collector should look through again and again, then or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


class EmulatorProcess:
    """A running emulator. `base_url` ends in `/client/v4`; `env` makes seedflow use it as its provider."""

    def __init__(self, *arguments: str, project: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": self._folder.name}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _free, with the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "seedflow", "emulate", "--json", *arguments],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            text=True,
            cwd=project,
        )
        first_line = self._process.stdout.readline()
        if not first_line:
            self._process.wait(END_WITHIN_S)
            problem = self._read_errors()
            self._free()
            raise AssertionError(f"the emulator did not start: {problem}")
        ready = json.loads(first_line)
        self.base_url: str = ready["base_url"]
        self.origin: str = ready["origin"]
        self.env: dict[str, str] = ready["env"]
        self.pid = self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def bill(self) -> dict[str, Any]:
        """`calls`, `images`, `cost_usd`, `entries`, counted by the emulator itself."""
        return self._ask("GET", "bill")

    def requests(self) -> list[dict[str, Any]]:
        """Every POST to the model in order: `input` as received, `headers`, `references` as fetched, what became of it."""
        return self._ask("GET", "requests")

    def downloads(self) -> list[dict[str, Any]]:
        """Every request for an image, in order."""
        return self._ask("GET", "downloads")

    def set_faults(self, *faults: dict[str, Any], seed: int | None = None) -> None:
        """Let these go wrong for the next calls, in this order, and nothing that was set before; lots are drawn by `seed`."""
        self._ask("DELETE", "faults")
        self._ask("POST", "faults", {"faults": list(faults), "seed": seed})

    def faults(self) -> list[dict[str, Any]]:
        """What is still to go wrong."""
        return self._ask("GET", "faults")

    def let_pass(self, seconds: float) -> None:
        """Move its clock on."""
        self._ask("POST", "clock", {"move_on_s": seconds})

    def expire(self) -> int:
        """Let every image URL die now; returns how many did."""
        return self._ask("POST", "expire")["expired"]

    def reset(self) -> None:
        """Bill, requests, images, log and faults start from nothing."""
        self._ask("POST", "reset")

    def close(self) -> None:
        """End it as Ctrl-C would; anything but a clean end is an error."""
        if self._errors.closed:
            return
        if self.running:
            self._process.send_signal(signal.SIGINT)
        try:
            exit_code = self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            exit_code = self._process.wait()
        problem = self._read_errors()
        left = [path.name for path in Path(self._folder.name).iterdir()]
        self._free()
        assert left == [], f"the emulator left {left} behind"
        assert (exit_code, problem) == (0, ""), f"the emulator ended with {exit_code}: {problem}"

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait(END_WITHIN_S)
        self._free()

    def _ask(self, method: str, page: str, value: object = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=30)
        try:
            connection.request(method, f"/_emulator/{page}", None if value is None else json.dumps(value))
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, f"{method} {page}: {answer.status} {body.decode()}"
            return json.loads(body)
        finally:
            connection.close()

    def _read_errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def _free(self) -> None:
        self._errors.close()
        self._folder.cleanup()
        self._process.stdout.close()


@pytest.fixture
def start_emulator() -> Iterator[Callable[..., EmulatorProcess]]:
    """Starts emulators with options of a test's own, such as `start_emulator("--sets", "random", "--seed", "7")`.

    `project` is the folder in which it is started, whose models it has.
    """
    started: list[EmulatorProcess] = []

    def start(*arguments: str, project: Path | None = None) -> EmulatorProcess:
        pictures = () if "--pictures" in arguments else ("--pictures", "tiny")
        started.append(EmulatorProcess(*pictures, *arguments, project=project))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture(scope="session")
def _shared_emulator() -> Iterator[list[EmulatorProcess]]:
    """Room for the one process that the tests of a worker take turns with."""
    room: list[EmulatorProcess] = []
    yield room
    for process in room:
        process.close()


@pytest.fixture
def emulator(_shared_emulator: list[EmulatorProcess]) -> EmulatorProcess:
    """An emulator with default options, tiny pictures and an empty bill. A test may even end it."""
    room = _shared_emulator
    if not room or not room[0].running:
        room[:] = [EmulatorProcess("--pictures", "tiny")]
    room[0].reset()
    return room[0]


@pytest.fixture(scope="session")
def bucket_service() -> Iterator[BucketService]:
    """An S3 server with the private bucket `refs`. Objects stay from test to test, as in a real bucket."""
    service = BucketService()
    yield service
    service.close()
