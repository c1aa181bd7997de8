"""One trial: a run that is killed at random moments and taken up again, held against what the emulator billed and answered.

Serves the suite (`test_kill.py`) and the long runs of `python tests/deep kill`.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from project import Project

RECIPE = """\
seedflow: 1
name: book
inputs:
  scenes: {type: list, of: text, default: [lake, library, lighthouse]}
steps:
  sheet:
    generate: {prompt: A fox, sequential_image_generation: auto, max_images: 3}
  page:
    for_each: {scene: "{{ inputs.scenes }}"}
    generate:
      prompt: "{{ each.scene }} with {{ ref.hero }}"
      image_input: {hero: "{{ steps.sheet.images[0] }}"}
  close:
    for_each: {scene: "{{ inputs.scenes }}"}
    generate:
      prompt: "{{ each.scene }} from nearby"
      image_input: ["{{ steps.page.at(scene=each.scene).images[0] }}"]
      sequential_image_generation: auto
      max_images: 2
  cover:
    generate: {prompt: A cover, image_input: ["{{ steps.close.images[:4] }}"]}
  twin:
    generate: {prompt: A fox, sequential_image_generation: auto, max_images: 3}
outputs:
  close: "{{ steps.close.images }}"
  cover: "{{ steps.cover.images[0] }}"
  twin: "{{ steps.twin.images }}"
"""
SETTINGS = "provider:\n  timeouts: {log_s: 3}\n"
EMULATOR = ("--latency-ms", "60", "--sets", "random", "--seed", "11")
CALLS = 8
UNKNOWN_OUTCOME = 6

Files = dict[str, bytes]


@dataclass(slots=True)
class Undisturbed:
    """What a run that nobody disturbed gave, how long it took from its start, and how many events it had."""

    files: Files
    took_s: float
    events: int


@dataclass(slots=True)
class Outcome:
    """What a trial met: how many kills struck a living run, what was the last event before each, and the runs' ends."""

    kills: int = 0
    struck_after: list[str] = field(default_factory=list)
    never_seen: int = 0
    took_s: float = 0.0


def set_up(folder: Path, emulator: Any) -> Project:
    """An empty project that uses the emulator."""
    project = Project(folder)
    project.use(emulator.env)
    project.write("book.yaml", RECIPE)
    project.write("seedflow.yaml", SETTINGS)
    return project


def run_undisturbed(folder: Path, emulator: Any) -> Undisturbed:
    """The measure of all trials with this emulator."""
    emulator.reset()
    project = set_up(folder, emulator)
    started = time.monotonic()
    result = project.run("book.yaml", "--events", "events.jsonl")
    took_s = time.monotonic() - started
    assert result["calls"] == emulator.bill()["calls"] == CALLS
    return Undisturbed(read_files(project), took_s, count_events(folder / "events.jsonl"))


def run_killed(folder: Path, emulator: Any, undisturbed: Undisturbed, seed: int) -> Outcome:
    """One trial, wholly decided by its seed up to what the machine does in between.

    Raises:
        AssertionError: something was lost, paid twice, or is not what it would have been.
    """
    outcome, lots, started = Outcome(), random.Random(seed), time.monotonic()
    emulator.reset()
    project = set_up(folder, emulator)
    for number in range(lots.randint(1, 3)):
        events = folder / f"events-{number}.jsonl"
        process = project.start("run", "book.yaml", "--yes", "--events", events.name)
        wait_for_a_moment(process, events, lots, undisturbed)
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        if process.returncode != -signal.SIGKILL:
            # It ended by itself before its moment came; what it could not know is for `finish` to judge.
            assert process.returncode in (0, UNKNOWN_OUTCOME), (process.returncode, errors)
            break
        outcome.kills += 1
        outcome.struck_after.append(find_last_event(events))
    finish(project, emulator, outcome)
    assert_nothing_lost_and_nothing_paid_twice(project, emulator)
    assert read_files(project) == undisturbed.files
    outcome.took_s = time.monotonic() - started
    return outcome


def wait_for_a_moment(
    process: subprocess.Popen[str], events: Path, lots: random.Random, undisturbed: Undisturbed
) -> None:
    """Until a random event and a little longer, or simply a random time."""
    patience = time.monotonic() + 2 * undisturbed.took_s + 5
    if lots.random() < 0.25:
        time.sleep(lots.uniform(0, undisturbed.took_s))
        return
    wanted = lots.randint(1, undisturbed.events)
    late_s = lots.choice([0.0, 0.001, 0.003, 0.01, 0.03, 0.06])
    while process.poll() is None and time.monotonic() < patience and count_events(events) < wanted:
        time.sleep(0.001)
    time.sleep(lots.uniform(0, late_s))


def finish(project: Project, emulator: Any, outcome: Outcome) -> None:
    """Run again: it must end well. Only a call that was written down and never reached the server may need consent."""
    ended = project.seedflow("run", "book.yaml", "--yes", "--json")
    if ended.code == UNKNOWN_OUTCOME:
        unknown = find_intents(project, "unknown")
        seen = {read_intent(request) for request in emulator.requests()}
        assert unknown, ended.out
        assert not unknown & seen, "the server saw a call, and its log was not believed"
        outcome.never_seen += len(unknown)
        ended = project.seedflow("run", "book.yaml", "--yes", "--json", "--on-unknown", "retry")
    assert ended.code == 0, f"ended with {ended.code}:\n{ended.err}\n{ended.out}"


def assert_nothing_lost_and_nothing_paid_twice(project: Project, emulator: Any) -> None:
    """By the emulator's own books: its bill, its log, and the pictures that it serves."""
    bill = emulator.bill()
    assert bill["calls"] == CALLS
    for key in (("task", "take"), ("input_digest", "take")):
        paid = Counter(tuple(entry[name] for name in key) for entry in bill["entries"])
        assert [found for found, count in paid.items() if count != 1] == []
    stored = {path.name for path in (project.folder / ".seedflow/blobs/sha256").glob("*/*")}
    answered = find_answered_pictures(emulator)
    assert len(answered) == bill["images"]
    assert answered <= stored, f"{len(answered - stored)} pictures that were paid for are not in the store"
    requests = len(emulator.requests())
    assert project.run("book.yaml")["calls"] == 0
    assert len(emulator.requests()) == requests, "a further run made a request"
    assert_nothing_is_left_behind(project.folder)


def assert_nothing_is_left_behind(folder: Path) -> None:
    """No half file, no dead run, no claim; a call that was cut off on its way there is known to have cost nothing."""
    state = folder / ".seedflow"
    assert list((state / "runs").iterdir()) == []
    assert list((state / "blobs/incoming").iterdir()) == []
    assert [path.name for path in (state / "locks").iterdir()] == ["ledger.lock"]
    assert list((folder / "outputs").rglob(".*")) == []
    rows = ask_ledger(folder, "SELECT state, claimed, failure, cost_micros FROM attempts")
    assert {claimed for _, claimed, *_ in rows} == {0}
    others = {row for row in rows if row[0] not in ("done", "unknown")}
    assert others <= {("failed", 0, "not-billed", 0)}, others


def find_answered_pictures(emulator: Any) -> set[str]:
    """The sha256 of every picture of every answer that the emulator's log has as a success."""
    account, token = emulator.env["CLOUDFLARE_ACCOUNT_ID"], emulator.env["CLOUDFLARE_API_TOKEN"]
    logs = f"{emulator.base_url}/accounts/{account}/ai-gateway/gateways/default/logs"
    listed = json.loads(fetch(f"{logs}?per_page=50", token))
    found: set[str] = set()
    for entry in listed["result"]:
        if entry["success"]:
            answer = json.loads(fetch(f"{logs}/{entry['id']}/response", token))
            urls = answer["result"]["result"]["images"]
            found |= {hashlib.sha256(fetch(url)).hexdigest() for url in urls}
    return found


def fetch(url: str, token: str | None = None) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (url, answer.status, body[:200])
        return body
    finally:
        connection.close()


def read_files(project: Project) -> Files:
    """What was published, without the manifest: it names the run."""
    outputs = project.folder / "outputs"
    return {
        str(path.relative_to(outputs)): path.read_bytes()
        for path in outputs.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def find_intents(project: Project, state: str) -> set[str]:
    rows = ask_ledger(project.folder, "SELECT intent_id FROM attempts WHERE state = ?", state)
    return {intent for (intent,) in rows}


def ask_ledger(folder: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{folder}/.seedflow/ledger.db?mode=ro", uri=True)
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()


def read_intent(request: dict[str, Any]) -> str:
    return str(json.loads(request["headers"]["cf-aig-metadata"])["intent"])


def count_events(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def find_last_event(path: Path) -> str:
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        lines = []
    return str(json.loads(lines[-1])["event"]) if lines else "nothing"


def wait_for(holds: Callable[[], bool], within_s: float = 20) -> None:
    """Until it holds.

    Raises:
        AssertionError: it does not come to that.
    """
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)
