"""`python tests/deep consent`: calls that are lost and paid again with consent, killed, refused, rerolled, and found late in the log."""

from __future__ import annotations

import argparse
import shutil
import time
import traceback

from consent_trial import EMULATOR, Outcome, run_consent_trial
from fixtures import start_emulator
from fork_server import ForkServer
from point_trial import Bench, open_folder

HELP = "consent to paying again, amid lost calls, refusals, kills and rerolls"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the first trial; each further one adds one"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no trial after so long")


def run(arguments: argparse.Namespace) -> int:
    """All trials with one emulator and one fork server."""
    emulator, server, folder = start_emulator(*EMULATOR), ForkServer(), open_folder()
    bench, total, trials, started = Bench(emulator, server, folder), Outcome(), 0, time.monotonic()
    try:
        for seed in range(arguments.seed, arguments.seed + arguments.trials):
            if time.monotonic() - started > 60 * arguments.minutes:
                break
            try:
                outcome = run_consent_trial(bench, seed)
            except AssertionError:
                print(
                    f"seed {seed}: FAILED, see {folder}/consent-{seed}\n{traceback.format_exc()}", flush=True
                )
                return 1
            total.codes.update(outcome.codes)
            total.kills += outcome.kills
            total.consents += outcome.consents
            total.repeated += outcome.repeated
            total.recovered += outcome.recovered
            trials += 1
            if trials % 100 == 0:
                print(f"{trials} trials ok in {time.monotonic() - started:.0f} s", flush=True)
        shutil.rmtree(folder)
    finally:
        ends = ", ".join(f"{count} with exit code {code}" for code, count in sorted(total.codes.items()))
        print(
            f"{trials} trials in {time.monotonic() - started:.0f} s, {total.codes.total()} commands ended ({ends}), "
            f"{total.kills} were killed; {total.consents} consented, {total.repeated} calls were paid again, "
            f"{total.recovered} found at the end; nothing was paid again without consent, and no answer was lost",
            flush=True,
        )
        server.close()
        emulator.close()
    return 0
