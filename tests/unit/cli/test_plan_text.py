"""What a plan says below its rows: of what is lost, in one grammar for one task and for several."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest

from seedflow.cli.console import open_console
from seedflow.cli.plan_text import print_plan
from seedflow.plan.estimate import add_up
from seedflow.plan.model import Plan, Reason
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
