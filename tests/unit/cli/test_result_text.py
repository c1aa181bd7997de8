"""What a run's end must never leave out."""

from __future__ import annotations

import io
from decimal import Decimal

from rich.console import Console

from seedflow.cli.result_text import print_result
from seedflow.plan.model import Bounds, Plan, Totals
from seedflow.run.status import Problem, RunResult, RunStatus

NOTHING = Bounds(0, 0)
FREE = Bounds(Decimal(0), Decimal(0))
PLAN = Plan("book", "book.yaml", "cloudflare", "emulated", (), Totals(NOTHING, NOTHING, NOTHING, FREE, FREE))


def show(*problems: Problem) -> str:
    out = io.StringIO()
    result = RunResult("run-1", RunStatus.FAILED, (), 1, Decimal(0), {}, problems)
    print_result(result, PLAN, Console(file=out, width=80, no_color=True))
    return out.getvalue()


def test_an_answer_that_was_paid_and_kept_nowhere_is_printed_whole_and_safely() -> None:
    answer = (
        b'{"result": {"images": ["https://pictures.example/' + b"x" * 200 + b'.jpg"]}, "note": "\xff\x1b[2J"}'
    )
    shown = show(Problem("disk-full", "no room", "keep the answer that is printed here", None, answer))
    assert "https://pictures.example/" + "x" * 200 + ".jpg" in shown
    assert "\x1b" not in shown
    assert "keep the answer that is printed here" in shown


def test_without_such_an_answer_none_is_printed() -> None:
    assert "pictures.example" not in show(Problem("budget", "no money"))
