"""`expect` when planning: attempts are bounded in the plan, stored results are judged anew for free, a reroll asks again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from planning import KnownResults, open_planner, plan
from playing import play

from seedflow.plan.model import Action, Bounds, Reason, Task

WIDE = """\
steps:
  a: {generate: {prompt: A}, expect: {min_width: 100}}
  b: {generate: {prompt: B, image_input: ["{{ steps.a.images[0] }}"]}}
"""
"""What tests store is 40 pixels wide."""


def stored() -> KnownResults:
    view = KnownResults()
    view.keep(plan(WIDE).tasks[0], "a")
    return view


def first(text: str, view: KnownResults) -> Task:
    return plan(text, view=view).tasks[0]


def test_the_plan_counts_tasks_times_takes_times_attempts_times_images() -> None:
    totals = plan(
        "steps:\n  a:\n    for_each: {n: [1, 2]}\n    takes: 2\n"
        "    generate: {prompt: '{{ each.n }}', sequential_image_generation: auto, max_images: 3}\n"
        "    expect: {images: 3, otherwise: retry, attempts: 5}\n"
    ).totals
    assert totals.tasks == Bounds(4, 4)
    assert totals.calls == Bounds(4, 4 * 5)
    assert totals.images.high == 4 * 5 * 3
    assert totals.cost_usd.high == 4 * 5 * 3 * Decimal("0.04")


def test_retry_means_three_attempts_where_nothing_else_is_written() -> None:
    (task,) = plan(
        "steps:\n  a:\n    generate: {prompt: A}\n    expect: {min_width: 9, otherwise: retry}\n"
    ).tasks
    assert task.attempts == 3
    assert task.list_cost_usd.high == 3 * Decimal("0.04")


def test_a_stored_result_that_is_not_as_expected_stays_a_failure_and_blocks_its_users() -> None:
    a, b = plan(WIDE, view=stored()).tasks
    assert (a.action, a.reason) == (Action.BLOCKED, Reason.REJECTED)
    assert (b.action, b.cause) == (Action.BLOCKED, "a")
    assert play(WIDE, view=stored()).asked == {}


def test_changing_what_is_expected_judges_stored_results_again_for_free() -> None:
    found = first(WIDE.replace("100", "40"), stored())
    assert (found.action, found.reason) == (Action.REUSE, Reason.STORED)


def test_accepting_uses_what_is_stored_all_the_same() -> None:
    found = first(WIDE.replace("min_width: 100", "min_width: 100, otherwise: accept"), stored())
    assert found.action is Action.REUSE


def test_retrying_asks_for_the_attempts_that_are_left_and_no_more() -> None:
    found = first(WIDE.replace("min_width: 100", "min_width: 100, otherwise: retry, attempts: 3"), stored())
    assert (found.action, found.reason, found.attempts) == (Action.CALL, Reason.REJECTED, 2)
    assert found.cost_usd == Bounds(Decimal("0.04"), Decimal("0.08"))


def test_exhausted_attempts_stay_a_failure_until_somebody_rerolls() -> None:
    planner = open_planner(WIDE, view=stored(), rerolls=lambda address: address == "a")
    found, _ = planner.start()
    assert found is not None
    a, b = found.tasks
    assert (a.action, a.reason, a.take) == (Action.CALL, Reason.FORCED, 2)
    assert b.action is Action.CALL


SETS = "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}, expect: {images: %s%s}}\n"
EACH = "  b: {for_each: {i: '{{ steps.a.images }}'}, generate: {prompt: B, image_input: ['{{ each.i }}']}}\n"


@pytest.mark.parametrize(
    ("images", "otherwise", "own", "calls"),
    [
        ("2", "", Bounds(2, 3), Bounds(3, 3)),
        ("{min: 2}", "", Bounds(2, 3), Bounds(3, 4)),
        ("{max: 2}", "", Bounds(1, 3), Bounds(2, 3)),
        ("{min: 2}", ", otherwise: accept", Bounds(1, 3), Bounds(2, 4)),
    ],
)
def test_a_plan_counts_on_what_is_expected_and_pays_for_what_is_not(
    images: str, otherwise: str, own: Bounds[int], calls: Bounds[int]
) -> None:
    found = plan(SETS % (images, otherwise) + EACH)
    assert found.tasks[0].images == own
    assert found.totals.calls == calls


def test_a_file_keeps_its_name_when_the_expected_number_changes() -> None:
    out = "outputs: {a: '{{ steps.a.images }}'}\n"
    assert (
        play(SETS % ("1", "") + out).files
        == play(SETS % ("{min: 1}", "") + out).files
        == {"a": ["a/a-1.jpg"]}
    )


PAGES = """\
steps:
  page:
    for_each: {s: {in: [{n: a, r: "1:1"}, {n: b, r: "16:9"}], key: n}}
    generate: {prompt: "{{ each.s.n }}", aspect_ratio: "{{ each.s.r }}", sequential_image_generation: auto, max_images: 2}
  oil:
    for_each: {p: "{{ steps.page.images }}"}
    generate: {prompt: Oil, image_input: ["{{ each.p }}"]}
    expect: {aspect_ratio: "{{ EXPECTED }}"}
"""


@pytest.mark.parametrize("given", [1, 2])
def test_what_is_expected_may_rest_on_what_the_item_of_a_loop_was_made_with(given: int) -> None:
    played = play(PAGES.replace("EXPECTED", "each.p.each.s.r"), gives={"page": given})
    ratios = [task.expectation and task.expectation.ratio for task in played.asked.values()]
    assert sorted(ratio for ratio in ratios if ratio) == [(1, 1)] * given + [(16, 9)] * given


@pytest.mark.parametrize("expected", ["each.p.width ~ ':' ~ each.p.height", "each.p.number ~ ':1'"])
def test_what_only_the_image_itself_says_is_known_too_late_for_what_is_expected(expected: str) -> None:
    _, found = open_planner(PAGES.replace("EXPECTED", expected)).start()
    assert {one.code for one in found} == {"known-too-late"}
