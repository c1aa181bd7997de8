"""One trial: a run whose answers and pictures are all damaged on their way, held against what the emulator billed.

Serves the suite (`test_damage.py`) and the long runs of `python tests/deep damage`.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from kill_trial import ask_ledger
from project import Project

SETTINGS = "provider:\n  concurrency: 32\n  timeouts: {read_s: 5, total_s: 10, log_s: 5}\n"
EMULATOR = ("--seed", "11")
KINDS: tuple[dict[str, Any], ...] = (
    *({"kind": "scramble", "seed": number} for number in range(4)),
    *({"kind": "broken-picture", "damage": "scramble", "seed": number} for number in range(4)),
    {"kind": "cut-body"},
    {"kind": "cut-body", "after_bytes": 3, "reset": True},
    {"kind": "cut-json", "after_bytes": 0},
    {"kind": "compressed", "layers": 2, "bomb_bytes": 1_000_000},
    {"kind": "long-body", "size_bytes": 1_100_000},
    {"kind": "long-body", "size_bytes": 20, "announced": False},
)
PICTURE = "broken-picture"
WHOLE, AS_IT_CAME = "unharmed", "decodes all the same"
NOT_FETCHED = "not-fetched"
Digests = dict[str, list[str]]
SOME_FAILED = 3


@dataclass(slots=True)
class Outcome:
    """What a trial met: damaged answers and pictures, and what became of the latter."""

    answers: int = 0
    pictures: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0


def set_up(folder: Path, emulator: Any, steps: int) -> Project:
    """An empty project that uses the emulator."""
    folder.mkdir(exist_ok=True)
    project = Project(folder)
    project.use(emulator.env)
    numbers = ", ".join(str(number) for number in range(steps))
    project.write(
        "book.yaml",
        f"""\
seedflow: 1
name: book
inputs:
  numbers: {{type: list, of: integer, default: [{numbers}]}}
steps:
  page:
    for_each: {{n: "{{{{ inputs.numbers }}}}"}}
    generate: {{prompt: "Page {{{{ each.n }}}}"}}
outputs:
  page: "{{{{ steps.page.images }}}}"
""",
    )
    project.write("seedflow.yaml", SETTINGS)
    emulator.reset()
    return project


def run_undamaged(folder: Path, emulator: Any, steps: int) -> Digests:
    """What a run gives in which nothing goes wrong: the digest of each task's picture."""
    project = set_up(folder, emulator, steps)
    return read_pictures(project.run("book.yaml"))


def run_damaged(folder: Path, emulator: Any, steps: int, seed: int, undamaged: Digests) -> Outcome:
    """Every answer, or every picture, is damaged on its way; the gateway's log has what was answered.

    Raises:
        AssertionError: an answered picture was lost, something was paid twice, or the bill is not what the run told.
    """
    project, started, outcome = set_up(folder, emulator, steps), time.monotonic(), Outcome()
    kinds = [{**kind, "seed": kind["seed"] + 4 * seed} if "seed" in kind else kind for kind in KINDS]
    emulator.set_faults({"any_of": kinds, "chance": 1}, seed=seed)
    ended = project.seedflow("run", "book.yaml", "--yes", "--json")
    assert ended.code in {0, SOME_FAILED}, f"ended with {ended.code}:\n{ended.err}"
    bill, result = emulator.bill(), ended.json
    assert bill["calls"] == len(emulator.requests()) == result["calls"] == steps
    assert Decimal(str(result["cost_usd"])) == Decimal(str(bill["cost_usd"]))
    pictures = read_pictures(result)
    met = {read_task(request): request["fault"] for request in emulator.requests()}
    states = Counter(state for (state,) in ask_ledger(folder, "SELECT state FROM attempts"))
    for task in result["tasks"]:
        address = task["address"]
        if met[address] != PICTURE:
            outcome.answers += 1
            assert task["status"] == "done", f"{address} met {met[address]}: {task}"
            assert pictures[address] == undamaged[address], f"{address} met {met[address]}"
            continue
        outcome.pictures += 1
        if task["status"] == "done":
            outcome.ends[WHOLE if pictures[address] == undamaged[address] else AS_IT_CAME] += 1
        else:
            kind = task["problem"]["kind"]
            assert task["status"] == "failed", task
            outcome.ends[kind] += 1
    fetchable = outcome.ends[NOT_FETCHED]
    failed = sum(outcome.ends.values()) - outcome.ends[WHOLE] - outcome.ends[AS_IT_CAME] - fetchable
    assert states == Counter({"done": steps - failed - fetchable, "lost-paid": failed, "answered": fetchable})
    lost = ask_ledger(folder, "SELECT message FROM attempts WHERE state = 'lost-paid'")
    kept = [folder / message.partition("its bytes are in ")[2] for (message,) in lost]
    assert all(path.is_file() for path in kept), (
        "bytes that a server gave for money are kept, whatever they are"
    )
    outcome.took_s = time.monotonic() - started
    return outcome


def read_pictures(result: Any) -> Digests:
    """The digests of each task's pictures, as `run --json` tells them."""
    return {task["address"]: [image["digest"] for image in task["images"]] for task in result["tasks"]}


def read_task(request: Any) -> str:
    """The address of the task that made a request."""
    return str(json.loads(request["headers"]["cf-aig-metadata"])["task"])
