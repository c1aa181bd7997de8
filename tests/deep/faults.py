"""`python tests/deep faults`: long runs of whose calls three in ten go wrong, with the gateway's log and without."""

from __future__ import annotations

import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fault_trial
from fault_trial import Outcome, run_undisturbed, run_with_log, run_without_log


def run(seeds: int, first_seed: int, steps: int, folder: Path, start_emulator: Callable[..., Any]) -> int:
    """All trials; exit code 0 when every one ended as it should."""
    failed = _run_all("log on", run_with_log, (), seeds, first_seed, steps, folder, start_emulator)
    if not failed:
        failed = _run_all(
            "log off", run_without_log, ("--no-log",), seeds, first_seed, steps, folder, start_emulator
        )
    return failed


def _run_all(
    name: str,
    trial: Callable[..., Outcome],
    options: tuple[str, ...],
    seeds: int,
    first_seed: int,
    steps: int,
    folder: Path,
    start_emulator: Callable[..., Any],
) -> int:
    started, outcomes = time.monotonic(), list[Outcome]()
    emulator = start_emulator("--pictures", "tiny", *fault_trial.EMULATOR, *options)
    try:
        undisturbed = run_undisturbed(folder / "undisturbed", emulator, steps)
        for seed in range(first_seed, first_seed + seeds):
            place = folder / f"trial-{seed}"
            try:
                outcome = trial(place, emulator, steps, seed, undisturbed)
            except AssertionError:
                print(f"{name}, seed {seed}: FAILED, see {place}\n{traceback.format_exc()}", flush=True)
                return 1
            outcomes.append(outcome)
            print(f"{name}, seed {seed}: {_spell(outcome)}", flush=True)
            shutil.rmtree(place)
        shutil.rmtree(folder / "undisturbed")
    finally:
        emulator.close()
    print(_summarize(name, outcomes, first_seed, time.monotonic() - started), flush=True)
    return 0


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
