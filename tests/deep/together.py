"""`python tests/deep together`: many trials of runs and collections at the same time."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from fixtures import start_emulator
from together_trial import EMULATOR, Outcome, Trials

MEMORY = Path("/dev/shm")


HELP = "2 to 8 runs, collections and checks at once, some killed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the first trial; each further one adds one")


def run(arguments: argparse.Namespace) -> int:
    """All trials with one emulator."""
    emulator = start_emulator(*EMULATOR)
    folder = Path(tempfile.mkdtemp(prefix="seedflow-together-", dir=MEMORY if MEMORY.is_dir() else None))
    started, outcomes = time.monotonic(), list[Outcome]()
    try:
        trials = Trials(folder, emulator)
        for seed in range(arguments.seed, arguments.seed + arguments.trials):
            try:
                outcome = trials.run(seed)
            except AssertionError:
                print(f"seed {seed}: FAILED, see {folder}/trial-{seed}\n{traceback.format_exc()}", flush=True)
                return 1
            outcomes.append(outcome)
            who = ", ".join(f"{count} {word}" for word, count in sorted(outcome.words.items()))
            unseen = f"; {outcome.never_seen} never reached the server" if outcome.never_seen else ""
            print(
                f"seed {seed}: ok in {outcome.took_s:.2f} s, {who}; {outcome.kills} killed{unseen}",
                flush=True,
            )
        shutil.rmtree(folder)
    finally:
        emulator.close()
    print(summarize(outcomes, time.monotonic() - started))
    return 0


def summarize(outcomes: list[Outcome], took_s: float) -> str:
    """What all trials met, in a few lines."""
    words = sum((outcome.words for outcome in outcomes), Counter[str]())
    kills = sum(outcome.kills for outcome in outcomes)
    unseen = sum(outcome.never_seen for outcome in outcomes)
    who = ", ".join(f"{word} {count}" for word, count in words.most_common())
    return (
        f"{len(outcomes)} trials in {took_s:.0f} s, {sum(words.values())} commands at once ({who}), {kills} killed; "
        "nothing lost, nothing paid twice, nothing in use collected; "
        f"{unseen} calls were written down and never reached the server"
    )
