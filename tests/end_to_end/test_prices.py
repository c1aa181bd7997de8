"""What settings say of prices, and what is paid: a price of nothing is no leave to ask who is paid."""

from __future__ import annotations

from typing import Any

import pytest
from project import Project

RECIPE = "seedflow: 1\nname: one\nsteps:\n  owl: {generate: {prompt: a tin owl}}\n"
MODEL = "bytedance/seedream-4.5"


@pytest.fixture
def paid(project: Project, emulator: Any) -> Project:
    project.use(emulator.env)
    project.write("one.yaml", RECIPE)
    return project


def test_a_project_opens_no_budget_of_its_user(paid: Project, emulator: Any) -> None:
    paid.write("config/seedflow/config.yaml", "budget: {run_usd: 0.01}\n")
    paid.write("seedflow.yaml", f"prices: {{{MODEL}: 0}}\n")
    ended = paid.seedflow("run", "one.yaml", "--yes")
    assert ended.code == 4
    assert "[price-not-taken]" in ended.err
    assert "costs at least $0.04, more than the $0.01 of budget.run_usd" in ended.err
    assert emulator.bill()["calls"] == 0


def test_a_price_of_nothing_is_no_consent(paid: Project, emulator: Any) -> None:
    own = paid.write("config/seedflow/config.yaml", f"prices: {{{MODEL}: 0}}\n")
    ended = paid.seedflow("run", "one.yaml")
    assert ended.code == 4
    assert (
        "makes 1 call to a paid provider, though bytedance/seedream-4.5 is priced at $0.00, from user:"
        in ended.err
    )
    assert str(own) in ended.err
    assert "consent with --yes" in ended.err
    assert emulator.bill()["calls"] == 0
    told = paid.seedflow("plan", "one.yaml").out
    assert "1 call · 1 image · priced at $0.00" in told
    assert "free" not in told
    told = paid.seedflow("run", "one.yaml", "--yes").out
    assert "1 call · priced at $0.00" in told
    assert "free" not in told
    assert emulator.bill()["calls"] == 1


def test_sketches_are_free_whatever_the_price(paid: Project, emulator: Any) -> None:
    paid.write("config/seedflow/config.yaml", f"prices: {{{MODEL}: 0}}\n")
    ended = paid.seedflow("run", "one.yaml", "--provider", "sketch")
    assert (ended.code, ended.err) == (0, "")
    assert "1 call · free" in ended.out
    assert emulator.requests() == []
