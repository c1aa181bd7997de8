"""`python tests/deep kill`: runs that die at named failure points or at random times, and are taken up again."""

from __future__ import annotations

import argparse
import random
import shutil
import time
import traceback
from collections import Counter

from fixtures import start_emulator
from fork_server import ForkServer
from point_recipes import RECIPES
from point_trial import EMULATOR, Bench, Kill, Outcome, choose_kills, open_folder, run_trial

HELP = "kill -9 runs at named points and at random times, and take them up again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the first trial; each further one adds one"
    )
    parser.add_argument(
        "--points", type=int, metavar="K", help="instead: K trials at each point of each recipe"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no trial after so long")
    parser.add_argument("--quiet", action="store_true", help="a line for each hundred trials")


def run(arguments: argparse.Namespace) -> int:
    """All trials with one emulator and one fork server."""
    emulator, server, folder = start_emulator(*EMULATOR), ForkServer(), open_folder()
    bench = Bench(emulator, server, folder)
    tally, started = Tally(), time.monotonic()
    try:
        plans = plan_points(bench, arguments) if arguments.points else plan_seeds(bench, arguments)
        for seed, recipe, kills in plans:
            if time.monotonic() - started > 60 * arguments.minutes:
                break
            name = f"trial-{seed}"
            try:
                outcome = run_trial(bench, recipe, kills, name)
            except AssertionError:
                told = ", ".join(map(str, kills))
                print(
                    f"seed {seed} ({recipe}, {told}): FAILED, see {folder / name}\n{traceback.format_exc()}",
                    flush=True,
                )
                return 1
            tally.add(seed, recipe, outcome, quiet=arguments.quiet, started=started)
        shutil.rmtree(folder)
    except KeyboardInterrupt:
        print("stopped before its end")
    finally:
        print(tally.summarize(time.monotonic() - started), flush=True)
        server.close()
        emulator.close()
    return 0


def plan_seeds(bench, arguments):
    """Every trial wholly decided by its seed, up to what the machine does in between."""
    for seed in range(arguments.seed, arguments.seed + arguments.trials):
        lots = random.Random(seed)
        recipe = lots.choice(sorted(RECIPES))
        yield seed, recipe, choose_kills(bench.undisturbed(recipe), lots)


def plan_points(bench, arguments):
    """Every point that a recipe reaches, so many times."""
    number = 0
    for recipe in sorted(RECIPES):
        points = bench.undisturbed(recipe).points
        for point, count in sorted(points.items()):
            for nth in spread(count, arguments.points):
                yield number, recipe, [Kill(point, nth)]
                number += 1


def spread(count: int, times: int) -> list[int]:
    """Numbers of hits: the first, the last, and evenly between."""
    if count <= times:
        return list(range(1, count + 1))
    return sorted({1 + round(step * (count - 1) / max(1, times - 1)) for step in range(times)})


class Tally:
    """What all trials met."""

    def __init__(self) -> None:
        self.trials = self.unseen = self.kills = 0
        self.points: Counter[str] = Counter()

    def add(self, seed: int, recipe: str, outcome: Outcome, *, quiet: bool, started: float) -> None:
        """One more."""
        self.trials += 1
        self.unseen += outcome.never_seen
        self.kills += len(outcome.kills)
        self.points.update(kill.split(" ")[0] if "#" in kill else "a random time" for kill in outcome.kills)
        if quiet:
            if self.trials % 100 == 0:
                print(f"{self.trials} trials ok in {time.monotonic() - started:.0f} s", flush=True)
            return
        unseen = f"; {outcome.never_seen} never reached the server" if outcome.never_seen else ""
        where = ", ".join(outcome.kills) or "nothing: the run had ended"
        print(f"seed {seed}: ok in {outcome.took_s:.2f} s, {recipe} killed at {where}{unseen}", flush=True)

    def summarize(self, took_s: float) -> str:
        """A few lines."""
        times = self.points["a random time"]
        return (
            f"{self.trials} trials in {took_s:.0f} s, {self.kills} kills of a living run "
            f"({times} at a random time, {self.kills - times} at {len(self.points) - (times > 0)} points), "
            f"nothing lost, nothing paid twice; {self.unseen} calls were written down and never reached the server"
        )
