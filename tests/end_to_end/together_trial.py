"""One trial: runs, collections, checks and exports on one state at the same time, some of them killed, held against the bill.

Every participant is forked from this warmed-up process, so that a trial takes about a second. Serves `python tests/deep
together`, by which the suite calls it too: a process that forks must have no threads.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kill_trial import ask_ledger, fetch, find_answered_pictures, find_intents, read_intent
from project import VARIABLES

SHARED = """\
  fox:
    generate: {prompt: A fox, sequential_image_generation: auto, max_images: 2}
  page:
    for_each: {scene: [lake, mill]}
    generate:
      prompt: "{{ each.scene }} with {{ ref.hero }}"
      image_input: {hero: "{{ steps.fox.images[0] }}"}
"""
OWN = {
    "one": "  cover: {generate: {prompt: A cover, image_input: [\"{{ steps.page.at(scene='lake').images[0] }}\"]}}\n",
    "two": "  twin: {generate: {prompt: A fox, sequential_image_generation: auto, max_images: 2}}\n"
    "  map: {generate: {prompt: A map}}\n",
    "three": "  night: {generate: {prompt: Night, image_input: [\"{{ steps.page.at(scene='mill').images[0] }}\"]}}\n"
    "  map: {generate: {prompt: A map}}\n",
}
CALLS = 6
"""Of all recipes together: fox, page twice, cover, map, night."""
SETTINGS = "provider:\n  timeouts: {log_s: 2}\n"
EMULATOR = ("--latency-ms", "10", "--sets", "random", "--seed", "11")
UNKNOWN_OUTCOME = 6
PATIENCE_S = 60.0
MODULES = "modules.txt"

RUN, RUNS = "run", tuple(OWN)
OTHERS = (
    ("gc", "--yes"),
    ("gc", "--yes", "--paid-older-than", "0d"),
    ("verify",),
    ("verify", "--repair"),
    ("export", "--all"),
)
MAY_END_WITH = {"run": (0, UNKNOWN_OUTCOME), "gc": (0,), "verify": (0,), "export": (0, 2, 3)}


@dataclass(slots=True)
class Participant:
    """A command in a process of its own. `kill_after_s`: when it is killed, if at all."""

    words: tuple[str, ...]
    start_after_s: float
    kill_after_s: float | None
    pid: int = 0
    status: int | None = None


@dataclass(slots=True)
class Outcome:
    """What a trial met."""

    participants: int = 0
    kills: int = 0
    never_seen: int = 0
    took_s: float = 0.0
    words: Counter[str] = field(default_factory=Counter)


class Trials:
    """A folder for projects and an emulator, shared by all trials of a process."""

    def __init__(self, folder: Path, emulator: Any) -> None:
        self.folder = folder
        self.emulator = emulator
        for name in VARIABLES:
            os.environ.pop(name, None)
        os.environ.update(emulator.env)
        os.environ.update({"XDG_CONFIG_HOME": str(folder / "config"), "HOME": str(folder), "NO_COLOR": "1"})
        importlib.import_module("seedflow.cli.main")
        self.undisturbed = self._run_undisturbed()

    def run(self, seed: int) -> Outcome:
        """One trial, wholly decided by its seed up to what the machine does in between.

        Raises:
            AssertionError: something was lost, paid twice, collected while in use, or left behind.
        """
        started, lots = time.monotonic(), random.Random(seed)
        project = self._set_up(f"trial-{seed}")
        self.emulator.reset()
        outcome = Outcome()
        participants = draw(lots)
        perform(project, participants)
        for one in participants:
            outcome.participants += 1
            outcome.words[" ".join(one.words[:1])] += 1
            assert one.status is not None
            if os.WIFSIGNALED(one.status):
                assert os.WTERMSIG(one.status) == signal.SIGKILL
                outcome.kills += 1
                continue
            code = os.waitstatus_to_exitcode(one.status)
            assert code in MAY_END_WITH[one.words[0]], f"{one.words} ended with {code}\n{read_logs(project)}"
        outcome.never_seen = self._finish(project)
        self._judge(project)
        shutil.rmtree(project)
        outcome.took_s = time.monotonic() - started
        return outcome

    def _set_up(self, name: str) -> Path:
        project = self.folder / name
        project.mkdir()
        (project / "seedflow.yaml").write_text(SETTINGS)
        for recipe, own in OWN.items():
            last = {"one": "cover", "two": "map", "three": "night"}[recipe]
            outputs = (
                f"outputs:\n  pages: '{{{{ steps.page.images }}}}'\n  last: '{{{{ steps.{last}.images }}}}'\n"
            )
            (project / f"{recipe}.yaml").write_text(
                f"seedflow: 1\nname: {recipe}\nsteps:\n{SHARED}{own}{outputs}"
            )
        return project

    def _run_undisturbed(self) -> dict[str, bytes]:
        self.emulator.reset()
        project = self._set_up("undisturbed")
        for recipe in RUNS:
            code = call(project, (RUN, f"{recipe}.yaml", "--yes"))
            assert code == 0, read_logs(project)
            load_what_is_needed(project)
        for words in OTHERS:
            words = (words[0], "export.zip", *words[1:]) if words[0] == "export" else words
            assert call(project, words) == 0, read_logs(project)
            load_what_is_needed(project)
        assert self.emulator.bill()["calls"] == CALLS
        return read_outputs(project)

    def _finish(self, project: Path) -> int:
        """Run every recipe again: only a call that never reached the server may need consent."""
        never_seen = 0
        for recipe in RUNS:
            code = call(project, (RUN, f"{recipe}.yaml", "--yes"))
            if code == UNKNOWN_OUTCOME:
                unknown = self._find_unknown(project)
                seen = {read_intent(request) for request in self.emulator.requests()}
                assert unknown, read_logs(project)
                assert not unknown & seen, "the server saw a call, and its log was not believed"
                never_seen += len(unknown)
                code = call(project, (RUN, f"{recipe}.yaml", "--yes", "--on-unknown", "retry"))
            assert code == 0, f"{recipe} ended with {code}\n{read_logs(project)}"
        return never_seen

    def _find_unknown(self, project: Path) -> set[str]:
        class Here:
            folder = project

        return find_intents(Here, "unknown")

    def _judge(self, project: Path) -> None:
        bill = self.emulator.bill()
        paid = Counter((entry["input_digest"], entry["take"]) for entry in bill["entries"])
        twice = [name for name, count in paid.items() if count != 1]
        assert twice == [], f"paid twice: {twice}\n{read_logs(project)}"
        assert bill["calls"] == CALLS, (bill["calls"], read_logs(project))
        stored = {path.name for path in (project / ".seedflow/blobs/sha256").glob("*/*")}
        answered = find_answered_pictures(self.emulator)
        assert answered <= stored, f"{len(answered - stored)} pictures that were paid for are gone"
        requests = len(self.emulator.requests())
        for words in (
            *((RUN, f"{recipe}.yaml") for recipe in RUNS),
            ("gc", "--yes", "--paid-older-than", "0d"),
        ):
            assert call(project, words) == 0, read_logs(project)
        assert len(self.emulator.requests()) == requests, "a further run made a request"
        assert {path.name for path in (project / ".seedflow/blobs/sha256").glob("*/*")} == stored
        assert call(project, ("verify",)) == 0, read_logs(project)
        assert "Everything is whole." in (project / "last.log").read_text(), read_logs(project)
        assert read_outputs(project) == self.undisturbed
        counted = ask_ledger(project, "SELECT micros FROM spending WHERE scope = 'project'")
        never_sent = ask_ledger(
            project, "SELECT coalesce(sum(counted_micros), 0) FROM attempts WHERE state = 'unknown'"
        )
        assert counted[0][0] - never_sent[0][0] == round(bill["cost_usd"] * 1_000_000)
        rows = ask_ledger(project, "SELECT DISTINCT claimed, state FROM attempts")
        assert {claimed for claimed, _ in rows} == {0}
        assert {state for _, state in rows} <= {"done", "unknown"}


def load_what_is_needed(project: Path) -> None:
    """Load whatever a command loaded in its child, so that the next child has it from the start."""
    for name in (project / MODULES).read_text().split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def draw(lots: random.Random) -> list[Participant]:
    """Two to eight participants, a run among them."""
    found = []
    for number in range(lots.randint(2, 8)):
        start_after_s = lots.choice([0.0, lots.uniform(0, 0.4)])
        if number == 0 or lots.random() < 0.6:
            words: tuple[str, ...] = (RUN, f"{lots.choice(RUNS)}.yaml", "--yes")
        else:
            words = lots.choice(OTHERS)
        if words[0] == "export":
            words = ("export", f"export-{number}.zip", *words[1:])
        killed = lots.random() < (0.3 if words[0] == RUN else 0.15)
        found.append(Participant(words, start_after_s, lots.uniform(0.02, 0.5) if killed else None))
    return found


def perform(project: Path, participants: Sequence[Participant]) -> None:
    """Let them all loose, and wait for their ends."""
    started = time.monotonic()
    waiting = sorted(participants, key=lambda one: one.start_after_s)
    alive: list[Participant] = []
    kill_at: dict[int, float] = {}
    while waiting or alive:
        now = time.monotonic() - started
        assert now < PATIENCE_S, f"still at work: {[one.words for one in alive]}\n{read_logs(project)}"
        while waiting and waiting[0].start_after_s <= now:
            one = waiting.pop(0)
            one.pid = fork(project, one.words, f"{len(alive)}-{one.words[0]}-{id(one)}.log")
            if one.kill_after_s is not None:
                kill_at[one.pid] = now + one.kill_after_s
            alive.append(one)
        for one in list(alive):
            if kill_at.get(one.pid, PATIENCE_S) <= now:
                kill_at.pop(one.pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGKILL)
            pid, status = os.waitpid(one.pid, os.WNOHANG)
            if pid:
                one.status = status
                alive.remove(one)
        time.sleep(0.002)


def call(project: Path, words: Sequence[str]) -> int:
    """A command to its end; its exit code."""
    pid = fork(project, words, "last.log")
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def fork(project: Path, words: Sequence[str], log: str) -> int:
    """`seedflow WORDS` in a child of this process."""
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        os.chdir(project)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        from seedflow.cli import main

        main.prepare_streams()
        print(words, flush=True)
        code = main.run(list(words))
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            Path(MODULES).write_text("\n".join(sys.modules))
            sys.stderr.flush()
        os._exit(code)


def read_logs(project: Path) -> str:
    """What everybody said."""
    return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(project.glob("*.log")))


def read_outputs(project: Path) -> dict[str, bytes]:
    """What was published, without the manifests: they name runs."""
    outputs = project / "outputs"
    return {
        str(path.relative_to(outputs)): path.read_bytes()
        for path in outputs.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


__all__ = ["EMULATOR", "Outcome", "Trials", "fetch"]
