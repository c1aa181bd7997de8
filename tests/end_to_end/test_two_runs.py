"""Several runs of one project at once: one payment for each request, one budget for all, and the same files for everybody."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from kill_trial import (
    CALLS,
    EMULATOR,
    assert_nothing_is_left_behind,
    assert_nothing_lost_and_nothing_paid_twice,
    find_intents,
    read_files,
    read_intent,
    run_undisturbed,
    set_up,
    wait_for,
)
from project import Project

DONE, STOPPED = 0, 4

OTHER = """\
seedflow: 1
name: other
steps:
  fox:
    generate: {prompt: A fox, sequential_image_generation: auto, max_images: 3}
  owl:
    generate: {prompt: An owl}
  both:
    generate: {prompt: Both, image_input: ["{{ steps.fox.images[0] }}", "{{ steps.owl.images[0] }}"]}
"""
SETS = """\
seedflow: 1
name: sets-NAME
inputs:
  numbers: {type: list, of: integer, default: [1, 2, 3, 4]}
steps:
  set:
    for_each: {n: "{{ inputs.numbers }}"}
    generate: {prompt: "NAME {{ each.n }}", sequential_image_generation: auto, max_images: 3}
"""


def start(project: Project, *words: str) -> subprocess.Popen[str]:
    return project.start("run", "--yes", "--json", *words)


def end_all(processes: list[subprocess.Popen[str]], *codes: int) -> list[dict[str, Any]]:
    """What every run says of itself, after their exit codes were checked."""
    found = []
    for process in processes:
        out, errors = process.communicate(timeout=60)
        assert process.returncode in codes, f"ended with {process.returncode}:\n{errors}\n{out}"
        assert "Traceback" not in errors
        found.append(json.loads(out))
    return found


def digests(result: dict[str, Any]) -> dict[str, list[str]]:
    return {task["address"]: [image["digest"] for image in task["images"]] for task in result["tasks"]}


@pytest.mark.parametrize("count", [2, 4])
def test_runs_of_one_recipe_pay_once_and_end_alike(count: int, tmp_path: Path, start_emulator: Any) -> None:
    emulator = start_emulator(*EMULATOR)
    undisturbed = run_undisturbed(tmp_path / "undisturbed", emulator)
    emulator.reset()
    project = set_up(tmp_path / "shared", emulator)
    results = end_all([start(project, "book.yaml") for _ in range(count)], DONE)
    assert sum(result["calls"] for result in results) == CALLS
    assert round(sum(result["cost_usd"] for result in results), 2) == emulator.bill()["cost_usd"]
    assert [digests(result) for result in results] == [digests(results[0])] * count
    assert_nothing_lost_and_nothing_paid_twice(project, emulator)
    assert read_files(project) == undisturbed.files


def test_different_recipes_share_what_they_have_in_common(tmp_path: Path, start_emulator: Any) -> None:
    emulator = start_emulator(*EMULATOR)
    project = set_up(tmp_path, emulator)
    project.write("other.yaml", OTHER)
    book, other = end_all([start(project, "book.yaml"), start(project, "other.yaml")], DONE)
    assert book["calls"] + other["calls"] == emulator.bill()["calls"] == CALLS + 2
    assert digests(book)["sheet"] == digests(other)["fox"]
    assert_nothing_is_left_behind(project.folder)


def test_a_run_that_is_killed_is_taken_over_by_the_one_that_waits_for_it(
    tmp_path: Path, start_emulator: Any
) -> None:
    emulator = start_emulator("--latency-ms", "500", *EMULATOR[2:])
    project = set_up(tmp_path, emulator)
    first = start(project, "book.yaml")
    wait_for(lambda: len(emulator.requests()) == 1)
    first.send_signal(signal.SIGSTOP)  # however long the second takes to start
    second = start(project, "book.yaml")
    wait_for(lambda: len(list((tmp_path / ".seedflow/runs").iterdir())) == 2)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    (result,) = end_all([second], DONE)
    assert len(emulator.requests()) == emulator.bill()["calls"] == CALLS
    assert 0 < result["calls"] < CALLS, "what the first had sent is taken from the log"
    assert_nothing_lost_and_nothing_paid_twice(project, emulator)


def test_a_budget_of_the_project_is_never_passed_by_all_runs_together(
    tmp_path: Path, start_emulator: Any
) -> None:
    emulator = start_emulator(*EMULATOR[:2], "--sets", "max")
    project = set_up(tmp_path, emulator)
    names = ["a", "b", "c"]
    for name in names:
        project.write(f"{name}.yaml", SETS.replace("NAME", name))
    project.write("seedflow.yaml", "budget: {project_usd: 0.80}\n")
    results = end_all([start(project, f"{name}.yaml") for name in names], DONE, STOPPED)
    bill = emulator.bill()
    assert bill["cost_usd"] <= 0.80
    assert bill["cost_usd"] >= 0.60, "room for a set is used"
    assert {result["status"] for result in results} <= {"done", "stopped"}
    assert round(sum(result["cost_usd"] for result in results), 2) == bill["cost_usd"]
    project.write("seedflow.yaml", "")
    for name in names:
        project.run(f"{name}.yaml")
    paid = Counter((entry["input_digest"], entry["take"]) for entry in emulator.bill()["entries"])
    assert set(paid.values()) == {1}
    assert len(paid) == 12
    assert find_intents(project, "reserved") == set()
    assert len({read_intent(request) for request in emulator.requests()}) == 12
