"""Numbers as people read them."""

from __future__ import annotations

from seedflow.cli.amounts import spell_nothing_to_do


def test_nothing_to_do_without_any_task_is_not_called_skipped() -> None:
    assert spell_nothing_to_do(0, 0) == "there are no tasks"
    assert spell_nothing_to_do(0, 0, past=True) == "there were no tasks"
    assert spell_nothing_to_do(0, 1) == "its task is skipped"
