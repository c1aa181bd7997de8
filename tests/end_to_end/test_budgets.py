"""Random graphs, interleavings and failures: the emulator's bill is never above a budget, nor above what the plan said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
from budget_trial import run_budget_trial
from fork_server import ForkServer
from point_trial import EMULATOR, Bench, open_folder

pytestmark = pytest.mark.timeout(400)

GRAPHS = 8


def test_no_bill_is_above_a_budget(start_emulator: Callable[..., Any]) -> None:
    server, folder = ForkServer(), open_folder()
    try:
        bench = Bench(start_emulator(*EMULATOR), server, folder)
        outcomes = [run_budget_trial(bench, seed) for seed in range(GRAPHS)]
    finally:
        server.close()
    shutil.rmtree(folder)
    assert sum(outcome.billed_usd for outcome in outcomes) > 0, "nothing was billed: the trials say nothing"
    assert any(outcome.tight for outcome in outcomes), "no budget was too small: the trials say nothing"


def test_what_a_run_never_came_to_is_told_as_that(project, emulator):
    project.use(emulator.env)
    project.write("seedflow.yaml", "budget: {day_usd: 0.05}\n")
    project.write(
        "row.yaml",
        "seedflow: 1\nname: row\nsteps:\n"
        '  a: {generate: {prompt: A}}\n  b: {generate: {prompt: B, image_input: "{{ steps.a.images }}"}}\n'
        '  c: {generate: {prompt: C, image_input: "{{ steps.b.images }}"}}\n',
    )
    result = project.seedflow("run", "row.yaml", "--yes", "--json").json
    ended = {task["address"]: task["status"] for task in result["tasks"]}
    shown = " ".join(project.seedflow("runs", result["run"]).out.split())
    assert ended["c"] == "cancelled"
    assert "c: the run ended before it was asked" in shown
    assert "gave no images" not in shown
