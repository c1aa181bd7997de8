"""kill -9 at every failure point, a full disk at every one that is the disk's; and every point is reached by something."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from disk_trial import refuses, run_refused
from fork_server import ForkServer
from point_recipes import RECIPES
from point_trial import EMULATOR, WORDS, Bench, Kill, open_folder, run_trial

from seedflow.failpoints import Side, Step

pytestmark = pytest.mark.timeout(400)

PARTS = 6
POINTS = [f"{step}:{side}" for step in Step for side in Side]
numbers = count()


@pytest.fixture
def bench(start_emulator: Callable[..., Any]) -> Iterator[Bench]:
    server, folder = ForkServer(), open_folder()
    yield Bench(start_emulator(*EMULATOR), server, folder)
    server.close()
    shutil.rmtree(folder)


def find_recipe(bench: Bench, point: str) -> str | None:
    """A recipe whose run reaches the point."""
    return next((recipe for recipe in RECIPES if point in bench.undisturbed(recipe).points), None)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_each_point_nothing_is_lost_and_nothing_is_paid_twice(part: int, bench: Bench) -> None:
    struck = 0
    for point in POINTS[part::PARTS]:
        recipe = find_recipe(bench, point)
        if recipe is None:
            continue
        middle = (bench.undisturbed(recipe).points[point] + 1) // 2
        outcome = run_trial(bench, recipe, [Kill(point, middle)], f"trial-{next(numbers)}")
        struck += len(outcome.kills)
    assert struck >= 8


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disk_that_is_full_at_each_point_loses_nothing_and_the_next_run_completes(
    part: int, bench: Bench
) -> None:
    refused = 0
    for number, point in enumerate(filter(refuses, POINTS[part:] + POINTS[:part])):
        recipe = find_recipe(bench, point)
        if recipe is None or number % PARTS:
            continue
        how = ("full", "read-only", "broken")[number // PARTS % 3]
        for_ever = part % 2 == 0
        run_refused(bench, recipe, Kill(point), how, f"trial-{next(numbers)}", for_ever=for_ever)
        refused += 1
    assert refused >= 3


def test_an_answer_that_the_ledger_cannot_take_is_in_the_journal_and_found_there(bench: Bench) -> None:
    undisturbed = bench.undisturbed("chain")
    bench.emulator.reset()
    project = bench.set_up("chain", bench.folder / "journal")
    ended = bench.run(project, *WORDS, point="ledger-answered:before", errno=28)
    assert ended.code == 3
    assert "it was answered and paid, but the ledger does not take its answer" in ended.out
    assert "the answer is kept in" in ended.out
    paid = bench.emulator.bill()["calls"]
    assert bench.run(project, *WORDS).code == 0
    assert bench.emulator.bill()["calls"] == sum(undisturbed.paid.values())
    assert paid >= 1
    assert Path(project.folder, "outputs").is_dir()
