"""Consent to paying again, amid lost calls, refusals and kills: nothing is billed again without it, and no answer is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
from consent_trial import EMULATOR, run_consent_trial
from fork_server import ForkServer
from point_trial import Bench, open_folder

pytestmark = pytest.mark.timeout(400)

TRIALS = 8


def test_nothing_is_billed_again_without_consent(start_emulator: Callable[..., Any]) -> None:
    server, folder = ForkServer(), open_folder()
    try:
        bench = Bench(start_emulator(*EMULATOR), server, folder)
        outcomes = [run_consent_trial(bench, seed) for seed in range(1, 1 + TRIALS)]
    finally:
        server.close()
    shutil.rmtree(folder)
    assert sum(outcome.repeated for outcome in outcomes) > 0, "nobody paid again: the trials say nothing"
    assert sum(outcome.recovered for outcome in outcomes) > 0, (
        "nothing was found late: the trials say nothing"
    )
