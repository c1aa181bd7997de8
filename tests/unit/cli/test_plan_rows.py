"""The rows of a plan: words and marks for every reason, and rows that stand for several tasks."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from seedflow.cli.plan_rows import Bundle, Row, RowColumns, bundle, spell_why
from seedflow.diagnostics import Source, Span
from seedflow.plan.model import Action, Bounds, Origin, PendingImages, PlannedReference, Reason, Task
from seedflow.report.reasons import name_step

NOTHING = Bounds(Decimal(0), Decimal(0))
TASK = Task(
    address="page", step="page", each={}, action=Action.CALL, reason=Reason.NEW, model="m", params={},
    references_field=None, references=(), needs=(), take=1, fingerprint="f", params_digest="p", images=Bounds(1, 1),
    cost_usd=Bounds(Decimal("0.04"), Decimal("0.04")), list_cost_usd=NOTHING, price_usd=None, result=None,
    origin=Origin(Span(Source("r.yaml", "steps:"), 0, 5), {}),
)  # fmt: skip # a row a line


def task(address: str, reason: Reason = Reason.NEW, action: Action = Action.CALL, **more: object) -> Task:
    return replace(TASK, address=address, step=name_step(address), reason=reason, action=action, **more)


def skipped(address: str, cause: str | None = None) -> Task:
    reason = Reason.CONDITION_FALSE if cause is None else Reason.UPSTREAM_SKIPPED
    return task(address, reason, Action.SKIP, cause=cause)


def blocked(address: str, cause: str) -> Task:
    return task(address, Reason.UPSTREAM_FAILED, Action.BLOCKED, cause=cause)


@pytest.mark.parametrize("reason", [one for one in Reason if one is not Reason.CHOICE_OPEN])
def test_every_reason_has_words_and_a_mark(reason: Reason) -> None:
    found = task("page", reason)
    assert spell_why(found) != reason.value or reason in (Reason.NEW, Reason.STORED, Reason.CHANGED)
    (line,) = RowColumns([found], 80).spell(found)
    assert line.plain[0] in "+?~=-!"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (skipped("page"), "skipped: condition is false"),
        (skipped("page", "sheet[time=day]"), "skipped with sheet[time=day]"),
        (skipped("page", f"sheet[time={'x' * 40}]"), "skipped with sheet[…]"),
        (blocked("page", "sheet"), "waits for sheet"),
        (task("page", attempts=3), "new, up to 3 attempts"),
        (task("page", Reason.REJECTED, attempts=2, attempts_made=1), "not as expected, attempt 2 of 3"),
        (task("page", Reason.FORCED, take=2), "asked anew, take 2"),
        (task("page#2", Reason.STORED, Action.REUSE, take=2), "stored"),
        (task("page#2", Reason.STORED, Action.REUSE, take=5), "stored, take 5"),
        (task("page", shares_with="other"), "same as other"),
        (task("page", Reason.CONDITION_UNKNOWN), "if its condition holds"),
        (
            task("page", Reason.CONDITION_UNKNOWN, shares_with="other"),
            "if its condition holds, same as other",
        ),
    ],
)
def test_why_is_said_in_plain_words(found: Row, why: str) -> None:
    assert spell_why(found) == why


def test_what_is_waited_for_is_named_by_its_steps() -> None:
    pending = PlannedReference(None, PendingImages("cast[hero=ada]/base", Bounds(1, 1), "its image"))
    found = task("page", Reason.UPSTREAM_UNKNOWN, references=(pending,), fingerprint=None)
    assert spell_why(found) == "after cast/base"
    group = task("page[p=?]", Reason.UPSTREAM_UNKNOWN, needs=("sheet[n=1]",), tasks=Bounds(1, 3))
    assert spell_why(group) == "after sheet"


def test_tasks_that_are_left_out_for_the_same_reason_share_a_row() -> None:
    rows = bundle(
        [
            skipped("page[n=1]"),
            task("page[n=2]"),
            skipped("page[n=3]"),
            blocked("cover[n=1]", "page[n=4]"),
            blocked("cover[n=2]", "page[n=5]"),
            skipped("only"),
        ]
    )
    assert [row.address if isinstance(row, Task) else len(row.tasks) for row in rows] == [
        2, "page[n=2]", 2, "only",
    ]  # fmt: skip # a row a line
    columns = RowColumns(rows, 80)
    lines = [line.plain for row in rows for line in columns.spell(row)]
    assert lines[0].split("  ")[0] == "- page[…]"
    assert lines[0].endswith("skipped: condition is false · 2 tasks")
    assert lines[2].endswith("waits for page[…] · 2 tasks")


def test_causes_of_several_steps_are_not_taken_for_one() -> None:
    both = Bundle((blocked("a[n=1]", "page[n=1]"), blocked("a[n=2]", "sheet")))
    assert spell_why(both) == "waits for page[…] and others"


def test_what_is_not_as_expected_is_never_put_together() -> None:
    tasks = [task(f"page[n={n}]", Reason.REJECTED, Action.BLOCKED, cause="too small") for n in range(3)]
    assert bundle(tasks) == tasks


@pytest.mark.parametrize("width", [20, 40, 80, 140])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    rows: list[Row] = [
        task("a[n=?]", Reason.CONDITION_UNKNOWN, tasks=Bounds(2, 6), images=Bounds(0, 6)),
        skipped("b", "c"),
        task("d", attempts=3),
    ]
    columns = RowColumns(rows, width)
    widest = max(line.cell_len for row in rows for line in columns.spell(row))
    assert widest <= max(width, len("    if its condition holds"))


def test_a_few_long_addresses_do_not_spoil_the_columns_of_the_others() -> None:
    rows: list[Row] = [task(f"page[n={n}]") for n in range(8)]
    rows.insert(3, task("page[n=" + "x" * 70 + "]"))
    columns = RowColumns(rows, 80)
    lines = [[line.plain for line in columns.spell(row)] for row in rows]
    assert lines[0] == ["+ page[n=0]  new  1 image  $0.04"]
    assert [line.strip() for line in lines[3]][1] == "new  1 image  $0.04"
