"""How a reconciliation ends that somebody asks to stop: interrupted only where something was not looked up for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seedflow
from seedflow.pipeline import reconcile
from seedflow.pipeline.session import Session, open_session
from seedflow.run.options import RunControl
from seedflow.run.status import RunStatus
from seedflow.settings.load import load_settings


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_emulator: Callable[..., Any]) -> Session:
    """A state with one call whose answer was lost and is in the log by now."""
    emulator = start_emulator("--log-delay-s", "3600", "--expire-s", "100000")
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SEEDFLOW_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seedflow.yaml").write_text("provider: {timeouts: {log_s: 1}}\n")
    (tmp_path / "one.yaml").write_text("seedflow: 1\nsteps: {a: {generate: {prompt: One}}}\n")
    emulator.set_faults({"kind": "bill-then-drop", "times": 1})
    assert seedflow.run_recipe("one.yaml", max_cost_usd=1).status is RunStatus.UNKNOWN
    emulator.let_pass(4000)
    return open_session(load_settings(tmp_path, user_file=tmp_path / "none.yaml"), tmp_path)


async def test_a_call_that_nobody_looked_up_interrupts_it_and_one_that_was_looked_up_does_not(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = RunControl()
    control.stop()
    _, found, status = await reconcile.reconcile_ledger(session, control)
    assert (list(found), status) == ([], RunStatus.INTERRUPTED)

    take_up = reconcile.take_up_open_calls

    async def be_stopped_late(*args: Any, control: RunControl, **others: Any) -> Any:
        settled = await take_up(*args, control=control, **others)
        control.stop()
        return settled

    monkeypatch.setattr(reconcile, "take_up_open_calls", be_stopped_late)
    _, found, status = await reconcile.reconcile_ledger(session, RunControl())
    assert ([one.finding.value for one in found], status) == (["recovered"], RunStatus.DONE)
