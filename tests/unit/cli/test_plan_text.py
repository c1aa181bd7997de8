"""What a plan says below its rows: of what is lost, in one grammar for one task and for several."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest

from seedflow.cli.console import open_console
from seedflow.cli.plan_text import print_plan
from seedflow.plan.estimate import add_up
from seedflow.plan.model import Plan, Reason
from seedflow.plan.serialize import build_plan_json
from tests.unit.cli.test_plan_rows import TASK


@pytest.mark.parametrize(("count", "words"), [(1, "1 task is lost"), (2, "2 tasks is lost")])
def test_what_was_paid_is_lost_and_not_the_tasks(count: int, words: str) -> None:
    tasks = tuple(
        replace(TASK, address=f"page[n={number}]", reason=Reason.LOST_PAID) for number in range(count)
    )
    stream = StringIO()
    print_plan(Plan("r", "r.yaml", "cloudflare", "cloudflare", tasks, add_up(tasks)), open_console(stream))
    printed = " ".join(stream.getvalue().split())
    assert f"What was paid for {words}: a run pays for it again only with --on-unknown retry." in printed


def test_what_goes_on_without_lost_pictures_counts_where_its_own_were_lost() -> None:
    tasks = (
        replace(TASK, address="a", reason=Reason.LOST_PAID),
        replace(TASK, address="b", reason=Reason.UPSTREAM_UNKNOWN, was_lost=True, may_be_stored=True),
        replace(TASK, address="c", reason=Reason.UPSTREAM_UNKNOWN),
    )
    stream = StringIO()
    print_plan(Plan("r", "r.yaml", "cloudflare", "cloudflare", tasks, add_up(tasks)), open_console(stream))
    assert "What was paid for 2 tasks is lost" in " ".join(stream.getvalue().split())


@pytest.mark.parametrize("columns", ["30", "120"])
@pytest.mark.parametrize("brief", [False, True])
def test_outputs_that_nothing_comes_to_are_named(
    columns: str, brief: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    plan = Plan("r", "r.yaml", "sketch", "sketch", (TASK,), add_up([TASK]), empty_outputs=("shop", "cards"))
    stream = StringIO()
    print_plan(plan, open_console(stream), brief=brief)
    told = [line for line in stream.getvalue().splitlines() if "no images" in line]
    assert told == ([] if brief else ["shop   no images", "cards  no images"])
    assert build_plan_json(plan)["empty_outputs"] == ["shop", "cards"]
