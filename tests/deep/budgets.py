"""`python tests/deep budgets`: random recipes with random budgets and faults, held against the emulator's bill."""

from __future__ import annotations

import argparse
import shutil
import time
import traceback
from collections import Counter

from budget_trial import run_budget_trial
from fixtures import start_emulator
from fork_server import ForkServer
from point_trial import EMULATOR, Bench, open_folder

HELP = "random recipes under random budgets, with faults and two runs at once"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--graphs", type=int, default=100)
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the first graph; each further one adds one"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no trial after so long")


def run(arguments: argparse.Namespace) -> int:
    """All graphs with one emulator and one fork server."""
    emulator, server, folder = start_emulator(*EMULATOR), ForkServer(), open_folder()
    bench, codes, graphs, started = Bench(emulator, server, folder), Counter[int](), 0, time.monotonic()
    try:
        for seed in range(arguments.seed, arguments.seed + arguments.graphs):
            if time.monotonic() - started > 60 * arguments.minutes:
                break
            try:
                outcome = run_budget_trial(bench, seed)
            except AssertionError:
                print(
                    f"seed {seed}: FAILED, see {folder}/budget-{seed}\n{traceback.format_exc()}", flush=True
                )
                return 1
            codes.update(outcome.codes)
            graphs += 1
            if graphs % 100 == 0:
                print(f"{graphs} graphs ok in {time.monotonic() - started:.0f} s", flush=True)
        shutil.rmtree(folder)
    finally:
        ends = ", ".join(f"{count} with exit code {code}" for code, count in sorted(codes.items()))
        print(
            f"{graphs} graphs in {time.monotonic() - started:.0f} s, {codes.total()} runs ({ends}); "
            "no bill above a budget, none above the plan",
            flush=True,
        )
        server.close()
        emulator.close()
    return 0
