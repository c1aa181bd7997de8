"""Runs the command line many times from one process that has imported everything: each in a forked child, as if started anew.

Before anything else it is told how to spoil a child: what `failpoints.watch` is given, or after how long it is killed. So a trial
costs what the run costs, and not what Python costs to start. Speaks JSON lines: an order in, what became of it out.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 100.0
STUCK = 124


@dataclass(frozen=True, slots=True)
class Order:
    """`seedflow WORDS` in a folder.

    `merge` has what it says on standard error stand among the lines of standard output. `point` is `STEP:SIDE`; there, when it is reached for the `nth` time, the child is killed, or is given the error `errno` (from
    then on `times` times). `kill_after_s` kills it at a time. `count` has it count the points that it reaches.
    """

    words: Sequence[str]
    folder: str
    env: Mapping[str, str]
    merge: bool = False
    point: str | None = None
    nth: int = 1
    errno: int | None = None
    times: int = 1
    kill_after_s: float | None = None
    count: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """What a child left behind: `code` is its exit code, or minus the signal that ended it."""

    code: int
    out: str
    err: str
    took_s: float
    points: Mapping[str, int] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def killed(self) -> bool:
        """Whether it was killed before it ended by itself."""
        return self.code == -signal.SIGKILL


class ForkServer:
    """The caller's end. `run` several orders at once; answers come in their order."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )

    def run(self, *orders: Order) -> list[Ended]:
        """All of them at the same time, each to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([asdict(order) for order in orders]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the fork server has died"
        ended = [Ended(**found) for found in json.loads(answer)]
        for one in ended:
            assert "Traceback" not in one.err, one.err
            assert one.code != STUCK, f"stuck:\n{one.err}\n{one.out}"
        return ended

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


_MUTEX = threading.Lock()
_SHARED: list[ForkServer] = []


def run_if_free(order: Order) -> Ended | None:
    """By the server that all tests of a process share; None while it is at work for another thread of a test."""
    if not _MUTEX.acquire(blocking=False):
        return None
    try:
        if not _SHARED:
            _SHARED.append(ForkServer())
            atexit.register(_SHARED[0].close)
        (ended,) = _SHARED[0].run(order)
    finally:
        _MUTEX.release()
    return ended


# The server's end


def serve() -> None:
    """Answer orders until there are no more."""
    warm_up()
    for line in sys.stdin:
        children = [start(Order(**order)) for order in json.loads(line)]
        for child in children:
            child.wait()
        sys.stdout.write(json.dumps([asdict(child.ended()) for child in children]) + "\n")
        sys.stdout.flush()


def warm_up() -> None:
    """Import and work out all that a run needs and that does not depend on it; leaves no thread and no loop behind."""
    import seedflow.cli.plan
    import seedflow.cli.run
    import seedflow.providers.cloudflare
    import seedflow.providers.sketch  # noqa: F401 - for its children
    from seedflow.cli.main import run

    here, shown = Path.cwd(), sys.stdout
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = nowhere
        os.chdir(Path(__file__).parent / "data")
        os.environ["SEEDFLOW_HOME"] = "/nonexistent/state"
        assert run(["plan", "warm_up.yaml", "--provider", "sketch"]) == 0
    sys.stdout = shown
    os.chdir(here)
    del os.environ["SEEDFLOW_HOME"]
    assert threading.active_count() == 1


class Child:
    """A forked child and the files that it writes into."""

    def __init__(self, pid: int, order: Order, out: int, err: int, points: int) -> None:
        self._pid, self._order = pid, order
        self._out, self._err, self._points = out, err, points
        self._began = time.monotonic()
        self._took_s, self._code = 0.0, 0

    def wait(self) -> None:
        """Until it ends, by itself or because its time has come."""
        pidfd = os.pidfd_open(self._pid)
        limit_s = WITHIN_S if self._order.kill_after_s is None else self._order.kill_after_s
        if not select.select([pidfd], [], [], max(0.0, self._began + limit_s - time.monotonic()))[0]:
            os.kill(self._pid, signal.SIGKILL)
        os.close(pidfd)
        self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        self._took_s = time.monotonic() - self._began
        if self._code == -signal.SIGKILL and self._order.kill_after_s is None and self._took_s >= WITHIN_S:
            self._code = STUCK

    def ended(self) -> Ended:
        """What it left."""
        out, err, points = map(read_back, (self._out, self._err, self._points))
        counted = dict(line.split() for line in points.splitlines())
        return Ended(
            self._code, out, err, self._took_s, {name: int(count) for name, count in counted.items()}
        )


def read_back(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, encoding="utf-8", errors="replace") as file:
        return file.read()


def start(order: Order) -> Child:
    """Fork. The child never returns from here."""
    out, err, points = (os.memfd_create(name) for name in ("out", "err", "points"))
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return Child(pid, order, out, err, points)
    code = 70
    try:
        code = live(order, out, err, points)
    except BaseException:
        os.write(err, traceback.format_exc().encode())
    finally:
        os._exit(code)


def live(order: Order, out: int, err: int, points: int) -> int:
    """What a new process would do with these words."""
    from seedflow import failpoints
    from seedflow.cli.main import main

    buffering = 1 if order.merge else -1
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out if order.merge else err, 2)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w", buffering), os.fdopen(2, "w", 1)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.env)
    spoiler = Spoiler(order)
    failpoints.watch(spoiler)
    try:
        main(list(order.words))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    finally:
        failpoints.watch(None)
        sys.stderr.flush()
        if order.count:
            os.write(points, "".join(f"{name} {n}\n" for name, n in spoiler.counted.items()).encode())
    return 0


class Spoiler:
    """What a child's points are watched by."""

    def __init__(self, order: Order) -> None:
        self.counted: Counter[str] = Counter()
        self._order = order
        self._mutex = threading.Lock()

    def __call__(self, step: str, side: str) -> None:
        """Count this point, and do there what the order says."""
        name = f"{step}:{side}"
        with self._mutex:
            self.counted[name] += 1
            count = self.counted[name]
        order = self._order
        if name != order.point or not order.nth <= count < order.nth + order.times:
            return
        if order.errno is None:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)  # a signal to ourselves may reach another thread first
        raise OSError(order.errno, os.strerror(order.errno))


if __name__ == "__main__":
    serve()
