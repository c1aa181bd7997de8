"""One trial: a run of many steps of whose calls three in ten go wrong, held against a run in which nothing does.

Serves the suite (`test_faults.py`) and the long runs of `python tests/deep faults`.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from kill_trial import Files, read_files
from project import Project

MIXED = {"scenario": "mixed", "chance": 0.3}
SETTINGS = "provider:\n  concurrency: 32\n  timeouts: {read_s: 1, total_s: 2, log_s: 5}\n"
EMULATOR = ("--seed", "11")
MOST_REQUESTS = 1.6
MOST_RUNS = 8
WITHIN_S = 900
FAILED, UNKNOWN_OUTCOME = 3, 6


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial met: requests and how many of them were spoiled, bills, runs that it took, seconds."""

    steps: int
    requests: int
    spoiled: Counter[str]
    billed: int
    runs: int
    took_s: float

    @property
    def ratio(self) -> float:
        """Requests to what a run without faults needs."""
        return self.requests / self.steps


def write_recipe(project: Project, steps: int) -> None:
    """Half of the steps stand alone, the other half each need one of them."""
    numbers = ", ".join(str(number) for number in range(steps // 2))
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
  close:
    for_each: {{n: "{{{{ inputs.numbers }}}}"}}
    generate:
      prompt: "{{{{ each.n }}}} from nearby"
      image_input: ["{{{{ steps.page.at(n=each.n).images[0] }}}}"]
outputs:
  page: "{{{{ steps.page.images }}}}"
  close: "{{{{ steps.close.images }}}}"
""",
    )
    project.write("seedflow.yaml", SETTINGS)


def set_up(folder: Path, emulator: Any, steps: int) -> Project:
    """An empty project that uses the emulator."""
    folder.mkdir(exist_ok=True)
    project = Project(folder)
    project.use(emulator.env)
    write_recipe(project, steps)
    emulator.reset()
    return project


def run_undisturbed(folder: Path, emulator: Any, steps: int) -> Files:
    """What a run gives in which nothing goes wrong."""
    project = set_up(folder, emulator, steps)
    project.run("book.yaml")
    assert emulator.bill()["calls"] == len(emulator.requests()) == steps
    return read_files(project)


def run_with_log(folder: Path, emulator: Any, steps: int, seed: int, undisturbed: Files) -> Outcome:
    """With the gateway's log: one run, the same images, and each of them paid once.

    Raises:
        AssertionError: it did not come to that.
    """
    project, started = set_up(folder, emulator, steps), time.monotonic()
    emulator.set_faults(MIXED, seed=seed)
    ended = project.seedflow("run", "book.yaml", "--yes", "--json", within_s=WITHIN_S)
    assert ended.code == 0, f"ended with {ended.code}:\n{ended.err}"
    result, outcome = ended.json, look_back(emulator, steps, 1, started)
    assert outcome.billed == steps, "something was paid twice, or not at all"
    assert Decimal(str(result["cost_usd"])) == Decimal(str(emulator.bill()["cost_usd"]))
    assert read_files(project) == undisturbed
    assert_nothing_is_left_to_ask(project, emulator)
    return outcome


def run_without_log(folder: Path, emulator: Any, steps: int, seed: int, undisturbed: Files) -> Outcome:
    """Without a log and with consent to pay again: all images come, and no bill is a surprise.

    The consent is bounded, so that a step on which answers are lost again and again may need a further run.

    Raises:
        AssertionError: it did not come to that.
    """
    project, started = set_up(folder, emulator, steps), time.monotonic()
    emulator.set_faults(MIXED, seed=seed)
    spent_usd, runs, code = Decimal(0), 0, UNKNOWN_OUTCOME
    while code in {FAILED, UNKNOWN_OUTCOME} and runs < MOST_RUNS:
        words = ("run", "book.yaml", "--yes", "--json", "--on-unknown", "retry")
        ended = project.seedflow(*words, within_s=WITHIN_S)
        code, runs = ended.code, runs + 1
        spent_usd += Decimal(str(ended.json["cost_usd"]))
    assert code == 0, f"ended with {code} after {runs} runs"
    outcome = look_back(emulator, steps, runs, started)
    assert Decimal(str(emulator.bill()["cost_usd"])) <= spent_usd, "the bill has more than the runs told"
    assert read_files(project).keys() == undisturbed.keys()
    assert_nothing_is_left_to_ask(project, emulator)
    return outcome


def look_back(emulator: Any, steps: int, runs: int, started: float) -> Outcome:
    """The emulator's own books after a trial."""
    requests = emulator.requests()
    spoiled = Counter(request["fault"] for request in requests if request["fault"] is not None)
    outcome = Outcome(
        steps, len(requests), spoiled, emulator.bill()["calls"], runs, time.monotonic() - started
    )
    assert outcome.ratio <= MOST_REQUESTS, f"{outcome.requests} requests for {steps} steps"
    return outcome


def assert_nothing_is_left_to_ask(project: Project, emulator: Any) -> None:
    """A further run makes no request."""
    requests = len(emulator.requests())
    assert project.run("book.yaml")["calls"] == 0
    assert len(emulator.requests()) == requests
