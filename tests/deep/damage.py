"""`python tests/deep damage`: answers and pictures that are damaged on their way, thousands of them."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import damage_trial
from damage_trial import Outcome, run_damaged, run_undamaged
from fixtures import start_emulator

PER_RUN = 1000


HELP = "answers and pictures that are damaged on their way"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--answers", type=int, default=20_000)
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first thousand; each further one adds one"
    )


def run(arguments: argparse.Namespace) -> int:
    """All trials; exit code 0 when every one ended as it should."""
    answers, first_seed, folder = arguments.answers, arguments.seed, make_folder("damage")
    started, outcomes = time.monotonic(), list[Outcome]()
    emulator = start_emulator(*damage_trial.EMULATOR)
    try:
        undamaged = run_undamaged(folder / "undamaged", emulator, PER_RUN)
        for seed in range(first_seed, first_seed + -(-answers // PER_RUN)):
            place = folder / f"trial-{seed}"
            try:
                outcome = run_damaged(place, emulator, PER_RUN, seed, undamaged)
            except AssertionError:
                print(f"seed {seed}: FAILED, see {place}\n{traceback.format_exc()}", flush=True)
                return 1
            outcomes.append(outcome)
            print(
                f"seed {seed}: ok in {outcome.took_s:.0f} s, {outcome.answers} answers recovered; "
                f"{outcome.pictures} pictures: {_spell(outcome.ends)}",
                flush=True,
            )
            shutil.rmtree(place)
        shutil.rmtree(folder / "undamaged")
    finally:
        emulator.close()
    ends = sum((outcome.ends for outcome in outcomes), Counter[str]())
    print(
        f"seeds {first_seed}–{first_seed + len(outcomes) - 1}: {PER_RUN * len(outcomes)} damaged answers in "
        f"{time.monotonic() - started:.0f} s, bill as told; {sum(outcome.answers for outcome in outcomes)} answers: all recovered; "
        f"{sum(outcome.pictures for outcome in outcomes)} pictures: {_spell(ends)}"
    )
    return 0


def _spell(ends: Counter[str]) -> str:
    return ", ".join(f"{end} {count}" for end, count in ends.most_common())


def make_folder(kind: str) -> Path:
    """Where trials leave their traces: in memory where there is room for it, since no disk is under trial here."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=f"seedflow-{kind}-", dir=memory if memory.is_dir() else None))
