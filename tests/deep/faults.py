"""`python tests/deep faults`: long runs of whose calls three in ten go wrong, with the gateway's log and without."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fault_trial
from damage import make_folder
from fault_trial import Outcome, run_undisturbed, run_with_log, run_without_log
from fixtures import start_emulator


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of trial: what it is called, and what its emulator is told besides."""

    name: str
    trial: Callable[..., Outcome]
    options: tuple[str, ...] = ()


KINDS = (Kind("log on", run_with_log), Kind("log off", run_without_log, ("--no-log",)))


HELP = "runs of whose calls three in ten go wrong, with a log and without"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="the first of them")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=4, help="trials side by side: they mostly wait")


def run(arguments: argparse.Namespace) -> int:
    """All trials; exit code 0 when every one ended as it should."""
    seeds, first_seed, steps = arguments.seeds, arguments.seed, arguments.steps
    folder = make_folder("faults")
    emulator = start_emulator(*fault_trial.EMULATOR)
    undisturbed = run_undisturbed(folder / "undisturbed", emulator, steps)
    emulator.close()
    for kind in KINDS:
        started = time.monotonic()

        def try_seed(seed: int, kind: Kind = kind) -> Outcome | None:
            emulator = start_emulator(*fault_trial.EMULATOR, *kind.options)
            try:
                return _try(kind, folder, emulator, steps, seed, undisturbed)
            finally:
                emulator.close()

        with ThreadPoolExecutor(arguments.at_once) as threads:
            found = list(threads.map(try_seed, range(first_seed, first_seed + seeds)))
        outcomes = [outcome for outcome in found if outcome is not None]
        if len(outcomes) < seeds:
            return 1
        print(_summarize(kind.name, outcomes, first_seed, time.monotonic() - started), flush=True)
    shutil.rmtree(folder)
    return 0


def _try(
    kind: Kind, folder: Path, emulator: Any, steps: int, seed: int, undisturbed: dict[str, bytes]
) -> Outcome | None:
    """One trial and its line; None when it did not end as it should."""
    place = folder / f"trial-{seed}"
    try:
        outcome = kind.trial(place, emulator, steps, seed, undisturbed)
    except (AssertionError, subprocess.TimeoutExpired):
        print(f"{kind.name}, seed {seed}: FAILED, see {place}\n{traceback.format_exc()}", flush=True)
        return None
    print(f"{kind.name}, seed {seed}: {_spell(outcome)}", flush=True)
    shutil.rmtree(place)
    return outcome


def _spell(outcome: Outcome) -> str:
    runs = f", {outcome.runs} runs" if outcome.runs > 1 else ""
    spoiled = sum(outcome.spoiled.values())
    return (
        f"ok in {outcome.took_s:.0f} s, {outcome.requests} requests for {outcome.steps} steps ({outcome.ratio:.2f}), "
        f"{spoiled} spoiled, {outcome.billed} billed{runs}"
    )


def _summarize(name: str, outcomes: list[Outcome], first_seed: int, took_s: float) -> str:
    requests = sum(outcome.requests for outcome in outcomes)
    spoiled = sum((outcome.spoiled for outcome in outcomes), Counter[str]())
    kinds = ", ".join(f"{kind} {count}" for kind, count in spoiled.most_common())
    return (
        f"{name}, seeds {first_seed}–{first_seed + len(outcomes) - 1}: {len(outcomes)} runs of {outcomes[0].steps} steps "
        f"in {took_s:.0f} s; {sum(spoiled.values())} of {requests} calls spoiled; requests at most "
        f"{max(outcome.ratio for outcome in outcomes):.2f} × the ideal; billed at most "
        f"{max(outcome.billed / outcome.steps for outcome in outcomes):.2f} ×; at most "
        f"{max(outcome.runs for outcome in outcomes)} run(s) each\nspoiled by {kinds}"
    )
