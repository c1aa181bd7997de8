"""One trial at failure points: a run that dies at a named point or at a time, and is taken up again, held against the emulator.

Serves the suite (`test_points.py`) and the long runs of `python tests/deep kill`.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fork_server import Ended, ForkServer, Order
from kill_trial import assert_nothing_is_left_behind, find_intents, read_files, read_intent
from point_recipes import RECIPES
from project import VARIABLES, Project

EMULATOR = ("--sets", "random", "--seed", "11")
SETTINGS = "provider:\n  timeouts: {log_s: 3}\n"
UNKNOWN_OUTCOME = 6
WORDS = ("run", "book.yaml", "--yes", "--events", "events.jsonl", "--json")
AT_RANDOM = 0.3
"""How many of the kills strike at a time and not at a point."""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a recipe gives when nobody disturbs it, what that bills, and which points it reaches how often."""

    files: Mapping[str, bytes]
    pictures: frozenset[str]
    paid: Counter[tuple[Any, ...]]
    points: Mapping[str, int]
    took_s: float


@dataclass(frozen=True, slots=True)
class Kill:
    """Where a run is killed: at the `nth` time that it reaches a point, or after a time."""

    point: str | None = None
    nth: int = 1
    after_s: float | None = None

    def __str__(self) -> str:
        return f"{self.point} #{self.nth}" if self.point is not None else f"{self.after_s:.3f} s"


@dataclass(slots=True)
class Outcome:
    """What a trial met."""

    kills: list[str] = field(default_factory=list)
    never_seen: int = 0
    took_s: float = 0.0


class Bench:
    """Emulator, fork server and a folder in memory; one recipe's undisturbed runs are measured once."""

    def __init__(self, emulator: Any, server: ForkServer, folder: Path) -> None:
        self.emulator, self.server, self.folder = emulator, server, folder
        self._undisturbed: dict[str, Undisturbed] = {}

    def set_up(self, recipe: str, folder: Path) -> Project:
        """An empty project with a recipe."""
        project = Project(folder)
        project.env = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        project.use({"XDG_CONFIG_HOME": str(folder / "config"), "HOME": str(folder), **self.emulator.env})
        project.write("book.yaml", RECIPES[recipe])
        project.write("seedflow.yaml", SETTINGS)
        return project

    def run(self, project: Project, *words: str, **spoilt: Any) -> Ended:
        """`seedflow WORDS` in a child of the server."""
        return self.server.run(Order(words, str(project.folder), project.env, **spoilt))[0]

    def undisturbed(self, recipe: str) -> Undisturbed:
        """The measure of all trials with a recipe."""
        if recipe not in self._undisturbed:
            self.emulator.reset()
            project = self.set_up(recipe, self.folder / f"undisturbed-{recipe}")
            ended = self.run(project, *WORDS, count=True)
            assert ended.code == 0, (ended.err, ended.out)
            self._undisturbed[recipe] = Undisturbed(
                read_files(project),
                frozenset(list_pictures(project.folder)),
                list_paid(self.emulator.bill()),
                ended.points,
                ended.took_s,
            )
        return self._undisturbed[recipe]


def open_folder() -> Path:
    """A new folder, in memory where there is such a thing."""
    memory = Path("/dev/shm")
    return Path(
        tempfile.mkdtemp(prefix="seedflow-points-", dir=memory if os.access(memory, os.W_OK) else None)
    )


def list_pictures(folder: Path) -> list[str]:
    """The digests of the bytes that lie in the store, worked out anew; each must be what its name says."""
    found = []
    for path in (folder / ".seedflow/blobs/sha256").glob("*/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name, f"{path} is not what it was"
        found.append(path.name)
    return found


def list_paid(bill: Mapping[str, Any]) -> Counter[tuple[Any, ...]]:
    """What was paid for, and how often."""
    return Counter(
        (entry["input_digest"], entry["take"], entry["attempt"], entry["images"]) for entry in bill["entries"]
    )


def choose_kills(undisturbed: Undisturbed, lots: random.Random) -> list[Kill]:
    """One kill or two, each at a point that such a run reaches, or at a time of it."""
    kills = []
    for _ in range(1 if lots.random() < 0.7 else 2):
        if lots.random() < AT_RANDOM:
            kills.append(Kill(after_s=lots.uniform(0.0, undisturbed.took_s * 1.1)))
            continue
        point = lots.choice(sorted(undisturbed.points))
        kills.append(Kill(point, lots.randint(1, undisturbed.points[point])))
    return kills


def run_trial(bench: Bench, recipe: str, kills: list[Kill], name: str) -> Outcome:
    """Kill a run so often, take it up again, and look whether anything was lost or paid twice.

    Raises:
        AssertionError: it was. The project's folder stays.
    """
    undisturbed, outcome, started = bench.undisturbed(recipe), Outcome(), time.monotonic()
    bench.emulator.reset()
    project = bench.set_up(recipe, bench.folder / name)
    for kill in kills:
        ended = bench.run(project, *WORDS, point=kill.point, nth=kill.nth, kill_after_s=kill.after_s)
        if ended.killed:
            outcome.kills.append(str(kill))
            continue
        if ended.code == UNKNOWN_OUTCOME:
            break  # for `finish` to judge
        assert ended.code == 0, (ended.code, ended.err, ended.out)
    finish(bench, project, outcome)
    check(bench, project, undisturbed)
    outcome.took_s = time.monotonic() - started
    shutil.rmtree(project.folder)
    return outcome


def finish(bench: Bench, project: Project, outcome: Outcome) -> None:
    """Run again: it must end well. Only a call that was written down and never reached the server may need consent."""
    ended = bench.run(project, *WORDS)
    if ended.code == UNKNOWN_OUTCOME:
        unknown = find_intents(project, "unknown")
        seen = {read_intent(request) for request in bench.emulator.requests()}
        assert unknown, ended.out
        assert not unknown & seen, "the server saw a call, and its log was not believed"
        outcome.never_seen += len(unknown)
        ended = bench.run(project, *WORDS, "--on-unknown", "retry")
    assert ended.code == 0, f"ended with {ended.code}:\n{ended.err}\n{ended.out}"


def check(bench: Bench, project: Project, undisturbed: Undisturbed) -> None:
    """By the emulator's own books, and by what nobody disturbed."""
    assert list_paid(bench.emulator.bill()) == undisturbed.paid, "paid for something else, or twice"
    stored = frozenset(list_pictures(project.folder))
    assert stored == undisturbed.pictures, f"{len(undisturbed.pictures - stored)} pictures are lost"
    assert read_files(project) == undisturbed.files
    requests = len(bench.emulator.requests())
    again = bench.run(project, *WORDS)
    assert (again.code, json.loads(again.out)["calls"]) == (0, 0), again.out
    assert len(bench.emulator.requests()) == requests, "a further run made a request"
    assert_nothing_is_left_behind(project.folder)
