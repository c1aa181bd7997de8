"""Long trials: `python tests/deep kill --trials 1000 --seed 7`, and `laws`, `faults` and `damage`; `--help` tells of each.

The same trials as in the suite, more of them, at moments that nobody chose. Every trial is a line; a trial that fails stops
the command, keeps its folder and says which seed it was.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS / "end_to_end"), str(TESTS / "deep")]

import damage  # noqa: E402 - found by the path above
import faults  # noqa: E402 - the same
import together  # noqa: E402 - the same
from kill_trial import EMULATOR, Outcome, run_killed, run_undisturbed  # noqa: E402 - the same

MORE = {"together": together.run_together, "faults": faults.run_faults, "damage": damage.run_damages}


def main() -> int:
    """Exit code 0 when every trial ended as it should."""
    parser = argparse.ArgumentParser(prog="python tests/deep", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kill = kinds.add_parser("kill", help="kill -9 runs at random moments and take them up again")
    kill.add_argument("--trials", type=int, default=100)
    kill.add_argument(
        "--seed", type=int, default=0, help="seed of the first trial; each further one adds one"
    )
    laws = kinds.add_parser("laws", help="many more random recipes for the laws of plans and runs")
    laws.add_argument("--times", type=int, default=20, help="how many times as many examples as in the suite")
    laws.add_argument("--seed", type=int, default=0)
    for module in (together, faults, damage):
        module.add_arguments(kinds)
    arguments = parser.parse_args()
    if arguments.kind in MORE:
        return MORE[arguments.kind](arguments, load_fixtures().EmulatorProcess)
    if arguments.kind == "laws":
        return run_laws(arguments.times, arguments.seed)
    return run_kills(arguments.trials, arguments.seed)


def run_laws(times: int, seed: int) -> int:
    """The property tests of the whole language, with more examples."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-p",
        "no:randomly",
        "--timeout=0",
        f"--hypothesis-seed={seed}",
    ]
    command += ["--hypothesis-show-statistics", str(TESTS / "property" / "test_whole_language.py")]
    return subprocess.run(
        command, env={**os.environ, "SEEDFLOW_MORE_EXAMPLES": str(times)}, check=False
    ).returncode


def run_kills(trials: int, first_seed: int) -> int:
    """All trials of `kill` with one emulator."""
    emulator = load_fixtures().EmulatorProcess("--pictures", "tiny", *EMULATOR)
    folder = Path(tempfile.mkdtemp(prefix="seedflow-kill-"))
    started, outcomes = time.monotonic(), list[Outcome]()
    try:
        undisturbed = run_undisturbed(folder / "undisturbed", emulator)
        for seed in range(first_seed, first_seed + trials):
            trial = folder / f"trial-{seed}"
            try:
                outcome = run_killed(trial, emulator, undisturbed, seed)
            except AssertionError:
                print(f"seed {seed}: FAILED, see {trial}\n{traceback.format_exc()}", flush=True)
                return 1
            outcomes.append(outcome)
            after = ", ".join(outcome.struck_after) or "nothing: the run had ended"
            unseen = f"; {outcome.never_seen} never reached the server" if outcome.never_seen else ""
            print(f"seed {seed}: ok in {outcome.took_s:.1f} s, killed after {after}{unseen}", flush=True)
            shutil.rmtree(trial)
        shutil.rmtree(folder)
    finally:
        emulator.close()
    print(summarize(outcomes, time.monotonic() - started))
    return 0


def summarize(outcomes: list[Outcome], took_s: float) -> str:
    """What all trials met, in a few lines."""
    struck = Counter(event for outcome in outcomes for event in outcome.struck_after)
    kills = sum(outcome.kills for outcome in outcomes)
    unseen = sum(outcome.never_seen for outcome in outcomes)
    moments = ", ".join(f"{event} {count}" for event, count in struck.most_common())
    return (
        f"{len(outcomes)} trials in {took_s:.0f} s, {kills} kills of a living run, nothing lost, nothing paid twice; "
        f"{unseen} calls were written down and never reached the server\nkilled after {moments}"
    )


def load_fixtures() -> ModuleType:
    """The suite's own way to start an emulator."""
    spec = importlib.util.spec_from_file_location("fixtures", TESTS / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
