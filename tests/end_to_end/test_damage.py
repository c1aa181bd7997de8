"""Money and failure: answers and pictures that are damaged on their way."""

from __future__ import annotations

from damage_trial import EMULATOR, run_damaged, run_undamaged

STEPS = 60


def test_no_damage_of_an_answer_loses_it_and_no_damage_of_a_picture_goes_unnoticed(start_emulator, tmp_path):
    emulator = start_emulator(*EMULATOR)
    undamaged = run_undamaged(tmp_path / "undamaged", emulator, STEPS)
    outcome = run_damaged(tmp_path / "damaged", emulator, STEPS, 3, undamaged)
    assert outcome.answers > STEPS / 2
    assert outcome.pictures > STEPS / 8
