"""Every failure point is reached by something: a point that nothing reaches says nothing about what happens there."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fork_server import Ended, ForkServer
from point_recipes import RECIPES
from point_trial import EMULATOR, WORDS, Bench, open_folder
from project import Project

from seedflow.failpoints import Side, Step

pytestmark = pytest.mark.timeout(400)

ELSEWHERE = {
    Step.UPGRADE_COPY: "tests/unit/store holds ledgers of earlier versions, and kills their upgrade",
    Step.UPGRADE_SYNC: "the same",
    Step.UPGRADE_RENAME: "the same",
    Step.UPGRADE_TABLES: "the same",
    Step.UPGRADE_TIDY: "the same",
}
"""Steps that no command of the scenarios comes to, and what does."""

ONE = "seedflow: 1\nname: one\nsteps: {a: {generate: {prompt: One}}}\noutputs: {a: '{{ steps.a.images }}'}\n"


class Scenarios:
    """Runs commands and adds up the points that they reach."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.reached: Counter[str] = Counter()
        self._made = 0

    def new(self, recipe: str = ONE) -> Project:
        self._made += 1
        self.bench.emulator.reset()
        project = self.bench.set_up("chain", self.bench.folder / f"scenario-{self._made}")
        project.write("book.yaml", recipe)
        return project

    def do(self, project: Project, *words: str, **spoilt: Any) -> Ended:
        ended = self.bench.run(project, *(words or WORDS), count=True, **spoilt)
        self.reached.update(ended.points)
        return ended


@pytest.fixture
def scenarios(start_emulator: Callable[..., Any]) -> Iterator[Scenarios]:
    server, folder = ForkServer(), open_folder()
    yield Scenarios(Bench(start_emulator(*EMULATOR), server, folder))
    server.close()
    shutil.rmtree(folder)


def run_recipes(to: Scenarios) -> None:
    for recipe in RECIPES:
        to.do(to.new(RECIPES[recipe]))


def run_beside(to: Scenarios) -> None:
    project = to.new()
    to.do(project)
    to.do(project, "run", "book.yaml", "--yes", "--reroll", "a")
    to.do(project, "graph", "book.yaml", "--format", "mermaid", "-o", "graph.mmd")
    to.do(project, "init", "fresh")


def run_in_a_new_home(to: Scenarios) -> None:
    project = to.new()
    project.use({"SEEDFLOW_HOME": str(project.folder / "far/away/state")})
    to.do(project)
    (project.folder / "far/away/state").chmod(0o755)
    to.do(project)


def run_killed(to: Scenarios) -> None:
    project = to.new()
    for point in ("small-rename:before", "ledger-done:before", "output-rename:before"):
        assert to.do(project, point=point).killed, point
        to.do(project)
        project = to.new()


def run_with_faults(to: Scenarios) -> None:
    project = to.new()
    to.do(project, point="ledger-answered:before", errno=errno.ENOSPC)
    for faults in (
        [{"kind": "broken-picture", "damage": "noise"}],
        [{"kind": "close-after-reading", "logged": True}],
        [{"kind": "close-after-reading", "logged": False}],
        [{"kind": "dead-url"}],
    ):
        project = to.new()
        to.bench.emulator.set_faults(*faults)
        to.do(project)
        to.do(project, "ledger", "reconcile")
        to.do(project)


def look_after(to: Scenarios) -> None:
    project = to.new()
    to.do(project)
    make_orphan(project)
    collected = to.do(project, "gc", "--yes", "--paid-older-than", "90d")
    assert collected.code == 0, collected.err
    blobs = project.folder / ".seedflow/blobs/sha256"
    orphan = blobs / "ab" / ("ab" * 32)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"nobody's")
    picture = next(path for path in blobs.glob("*/*") if path != orphan)
    picture.write_bytes(b"damaged")
    picture.chmod(0o644)
    to.do(project, "verify", "--repair")
    another = to.new()
    to.do(another)
    for blob in (another.folder / ".seedflow/blobs/sha256").glob("*/*"):
        blob.unlink()  # what is published comes back
    to.do(another, "verify", "--repair")
    ledger = project.folder / ".seedflow/ledger.db"
    data = bytearray(ledger.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    ledger.write_bytes(data)
    to.do(project, "verify", "--repair")


def repair_killed(to: Scenarios) -> None:
    """A damaged ledger beside a write-ahead log that a kill left, and a repair that is killed before it moves that log."""
    project = to.new()
    to.do(project)
    assert to.do(project, "run", "book.yaml", "--yes", "--reroll", "a", point="ledger-answered:after").killed
    state = project.folder / ".seedflow"
    assert (state / "ledger.db-wal").stat().st_size
    connection = sqlite3.connect(f"file:{state}/ledger.db?mode=ro&immutable=1", uri=True)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'run_results'").fetchone()
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with (state / "ledger.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    assert to.do(project, "verify", "--repair", point="salvage-ready:after").killed
    assert (state / "ledger.db.rebuilt").exists()
    to.do(project, "verify", "--repair")
    assert to.do(project, "verify").code == 0
    assert to.do(project).code == 0


def make_orphan(project: Project) -> Path:
    rejected = project.folder / ".seedflow/blobs/rejected" / ("cd" * 32)
    rejected.write_bytes(b"no picture")
    os.utime(rejected, (0, 0))
    return rejected


def test_every_point_is_reached(scenarios: Scenarios) -> None:
    for play in (
        run_recipes,
        run_beside,
        run_in_a_new_home,
        run_killed,
        run_with_faults,
        look_after,
        repair_killed,
    ):
        play(scenarios)
    reached = {name for name, count in scenarios.reached.items() if count}
    missing = [
        f"{step}:{side}"
        for step in Step
        for side in Side
        if step not in ELSEWHERE and f"{step}:{side}" not in reached
    ]
    assert missing == [], " ".join(missing)
