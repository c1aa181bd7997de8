"""One trial of consent: calls are lost, refused and killed while somebody consents to paying again, now and then; held against the bill.

The emulator's log shows a call an hour late, and the hour passes when the trial says so: what was lost is unknown for some runs, and found
by a later one. Whoever did not consent in a turn must not be billed in it for anything that was billed before. Serves the suite
(`test_consent.py`) and the long runs of `python tests/deep consent`.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from fork_server import Ended, Order
from kill_trial import ask_ledger
from point_recipes import RECIPES
from point_trial import Bench
from project import Project

EMULATOR = ("--sets", "random", "--seed", "11", "--log-delay-s", "3600", "--expire-s", "1000000000")
SETTINGS = "provider:\n  timeouts: {log_s: 0.2}\n"
MOST_REPEATS = 2
"""Of one task in one run that consents; `--on-unknown retry` says so."""
ENDS = {0, 1, 3, 6}
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "bill-then-drop"},
    {"kind": "bill-then-drop", "reset": True},
    {"kind": "cut-json"},
    {"kind": "close-after-reading", "logged": True},
    {"kind": "close-after-reading", "logged": False},
    {"kind": "dead-url"},
    {"kind": "broken-picture", "damage": "noise"},
    {"scenario": "no-credit"},
    {"scenario": "blocked-prompt"},
    {"scenario": "overloaded"},
    {"scenario": "unavailable"},
)
REROLLED = {"chain": ("twin", "page[scene=lake]", "cover"), "growing": ("sketch",), "expecting": ("one",)}

Entry = dict[str, Any]


@dataclass(slots=True)
class Outcome:
    """What a trial met. `repeated`: payments for what was paid before, all of them consented to."""

    codes: Counter[int] = field(default_factory=Counter)
    kills: int = 0
    consents: int = 0
    repeated: int = 0
    recovered: int = 0


def run_consent_trial(bench: Bench, seed: int) -> Outcome:
    """Some turns of one command or two at once, then all that is missing, with the whole log.

    Raises:
        AssertionError: something was paid again without consent, or lost. The project's folder stays.
    """
    lots, outcome = random.Random(seed), Outcome()
    bench.emulator.reset()
    recipe = lots.choice(sorted(RECIPES))
    points = sorted(bench.undisturbed(recipe).points)
    bench.emulator.reset()
    project = bench.set_up(recipe, bench.folder / f"consent-{seed}")
    project.write("seedflow.yaml", SETTINGS)
    for _ in range(lots.randint(2, 5)):
        bench.emulator.set_faults(*[dict(lots.choice(FAULTS)) for _ in range(lots.choice([0, 1, 2, 4]))])
        orders = [draw_order(project, recipe, points, lots) for _ in range(lots.choice([1, 1, 1, 2]))]
        turn(bench, orders, outcome)
        if lots.random() < 0.3:
            bench.emulator.let_pass(4000)
    finish(bench, project, outcome)
    check(bench, project)
    shutil.rmtree(project.folder)
    return outcome


def draw_order(project: Project, recipe: str, points: Sequence[str], lots: random.Random) -> Order:
    """A run, mostly; it may consent, reroll, and be killed."""
    words = ["run", "book.yaml", "--yes", "--json"]
    if lots.random() < 0.1:
        words = ["ledger", "reconcile", "--json"]
    else:
        if lots.random() < 0.4:
            words += ["--on-unknown", "retry"]
        if lots.random() < 0.2:
            words += ["--reroll", lots.choice(REROLLED[recipe])]
    spoilt: dict[str, Any] = {}
    if lots.random() < 0.35:
        spoilt = {"point": lots.choice(points), "nth": lots.randint(1, 4)}
    elif lots.random() < 0.15:
        spoilt = {"kill_after_s": lots.uniform(0.01, 0.5)}
    return Order(words, str(project.folder), project.env, **spoilt)


def turn(bench: Bench, orders: Sequence[Order], outcome: Outcome) -> list[Ended]:
    """Let them run, and hold what was billed meanwhile against what they consented to."""
    before = Counter(map(identify, bench.emulator.bill()["entries"]))
    ended = bench.server.run(*orders)
    consents = sum("retry" in order.words for order in orders)
    fresh = Counter(map(identify, bench.emulator.bill()["entries"])) - before
    for key, count in fresh.items():
        repeats = count - (key not in before)
        outcome.repeated += repeats
        most = MOST_REPEATS * consents + (consents > 0)
        assert repeats <= most, (
            f"{key} was billed {count} times, {before[key]} times before; {consents} consented"
        )
    for one in ended:
        if one.killed:
            outcome.kills += 1
        else:
            outcome.codes[one.code] += 1
            assert one.code in ENDS, (one.code, one.err, one.out)
    outcome.consents += consents
    return ended


def identify(entry: Entry) -> tuple[Any, ...]:
    """Whatever must not be billed twice."""
    return entry["input_digest"], entry["take"], entry["attempt"]


def finish(bench: Bench, project: Project, outcome: Outcome) -> None:
    """With the whole log: first without consent, then with it, then everything that is still open."""
    bench.emulator.set_faults()
    bench.emulator.let_pass(4000)
    words = ["run", "book.yaml", "--yes", "--json"]
    (ended,) = turn(bench, [Order(words, str(project.folder), project.env)], outcome)
    for _ in range(4):
        if ended.code == 0:
            break
        order = Order([*words, "--on-unknown", "retry"], str(project.folder), project.env)
        (ended,) = turn(bench, [order], outcome)
    assert ended.code == 0, (ended.code, ended.err, ended.out)
    bench.emulator.let_pass(4000)
    reconciled = bench.run(project, "ledger", "reconcile", "--json")
    assert reconciled.code in (0, 3, 6), (reconciled.code, reconciled.err, reconciled.out)
    outcome.recovered += sum(call["finding"] == "recovered" for call in reconciled.json["calls"])


def check(bench: Bench, project: Project) -> None:
    """By the emulator's own books: its bill, its log, and what its pictures are."""
    blobs = project.folder / ".seedflow/blobs"
    stored = {path.name for path in (*blobs.glob("sha256/*/*"), *blobs.glob("rejected/*"))}
    answered = find_answered_pictures(bench)
    assert answered <= stored, f"{len(answered - stored)} pictures that were paid for are not in the store"
    rows = ask_ledger(project.folder, "SELECT state, claimed, counted_micros, failure FROM attempts")
    # A take that was rerolled, and whose run died before anything was sent, is nobody's.
    sent = [(state, claimed) for state, claimed, micros, _ in rows if micros or state != "reserved"]
    assert {claimed for _, claimed in sent} == {0}, rows
    assert {state for state, _ in sent} <= {"done", "failed", "unknown", "lost-paid"}, rows
    # What is unknown counts at the most that it may have cost. What was refused counts as what the log says of it.
    counted = sum(micros for state, _, micros, _ in rows if state != "unknown")
    assert counted == round(bench.emulator.bill()["cost_usd"] * 1_000_000), "the ledger has another sum"
    requests = len(bench.emulator.requests())
    again = bench.run(project, "run", "book.yaml", "--yes", "--json")
    assert (again.code, again.json["calls"]) == (0, 0), again.out
    assert len(bench.emulator.requests()) == requests, "a further run made a request"


def find_answered_pictures(bench: Bench) -> set[str]:
    """The sha256 of every picture of every answer in the emulator's log that can still be had."""
    env, found, page = bench.emulator.env, set[str](), 1
    account, token = env["CLOUDFLARE_ACCOUNT_ID"], env["CLOUDFLARE_API_TOKEN"]
    logs = f"{bench.emulator.base_url}/accounts/{account}/ai-gateway/gateways/default/logs"
    while entries := json.loads(fetch(f"{logs}?per_page=50&page={page}", token) or b"")["result"]:
        page += 1
        for entry in entries:
            if entry["success"]:
                answer = json.loads(fetch(f"{logs}/{entry['id']}/response", token) or b"")
                pictures = map(fetch, answer["result"]["result"]["images"])
                found |= {hashlib.sha256(picture).hexdigest() for picture in pictures if picture is not None}
    return found


def fetch(url: str, token: str | None = None) -> bytes | None:
    """The bytes, or None where they are refused."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        with urlopen(Request(url, headers=headers), timeout=30) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        if error.code != HTTPStatus.FORBIDDEN:
            raise
        return None
