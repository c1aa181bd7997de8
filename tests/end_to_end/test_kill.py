"""kill -9 at any moment, then run again: nothing paid is lost, nothing is paid twice, and the files are as if nothing had been."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kill_trial import (
    EMULATOR,
    Outcome,
    assert_nothing_lost_and_nothing_paid_twice,
    find_intents,
    finish,
    read_files,
    run_killed,
    run_undisturbed,
    set_up,
    wait_for,
)

SEEDS_PER_TEST = 3
INTERRUPTED = 130


@pytest.mark.parametrize("first_seed", range(0, 9, SEEDS_PER_TEST))
def test_killed_at_random_moments(first_seed: int, tmp_path: Path, start_emulator: Any) -> None:
    emulator = start_emulator(*EMULATOR)
    undisturbed = run_undisturbed(tmp_path / "undisturbed", emulator)
    outcomes = [
        run_killed(tmp_path / f"trial-{seed}", emulator, undisturbed, seed)
        for seed in range(first_seed, first_seed + SEEDS_PER_TEST)
    ]
    assert sum(outcome.kills for outcome in outcomes) >= 1, "no kill struck: the trial says nothing"


@pytest.mark.parametrize("times", [1, 2])
def test_asked_to_end_by_a_signal(times: int, tmp_path: Path, start_emulator: Any) -> None:
    emulator = start_emulator(*EMULATOR[2:], "--latency-ms", "400")
    undisturbed = run_undisturbed(tmp_path / "undisturbed", emulator)
    emulator.reset()
    project = set_up(tmp_path / "stopped", emulator)
    said = tmp_path / "said.txt"
    with said.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "seedflow", "run", "book.yaml", "--yes"],
            cwd=project.folder,
            env=project.env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
        wait_for(lambda: len(emulator.requests()) == 4)
        for word in ("Stopping", "Letting go")[:times]:
            process.send_signal(signal.SIGTERM)
            wait_for(lambda word=word: word in said.read_text())
        process.wait(20)
    assert process.returncode == INTERRUPTED, said.read_text()
    unknown = find_intents(project, "unknown")
    assert find_intents(project, "sending") == set()
    if times == 1:
        assert unknown == set()
        assert len(emulator.requests()) == emulator.bill()["calls"] == 4, (
            "finished, and nothing new was begun"
        )
    finish(project, emulator, Outcome())
    assert_nothing_lost_and_nothing_paid_twice(project, emulator)
    assert read_files(project) == undisturbed.files
