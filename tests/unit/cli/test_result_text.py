"""What came of a run: each problem once, money as it is known, paths that can be copied."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from seedflow.cli.console import open_console
from seedflow.cli.result_text import collect_problems, print_result, spell_skipped, sum_up_result
from seedflow.diagnostics import Severity, Source, Span
from seedflow.plan.model import Action, Bounds, Reason, Totals
from seedflow.run.status import (
    Earlier,
    Problem,
    PublishedFile,
    Remedy,
    RunResult,
    RunStatus,
    TaskResult,
    TaskStatus,
)

SOURCE = Source("r.yaml", "steps:\n  page: 1\n  cover: 2\n")
SPAN = Span(SOURCE, 9, 13)
ZERO = Decimal(0)
ONE = Bounds(1, 1)
PRICE = Bounds(Decimal("0.04"), Decimal("0.04"))
ONE_TASK = Totals(tasks=ONE, calls=ONE, images=ONE, cost_usd=PRICE, list_cost_usd=PRICE)


def result_of(status: RunStatus, *tasks: TaskResult, problems: tuple[Problem, ...] = ()) -> RunResult:
    cost_usd = sum((task.cost_usd for task in tasks), ZERO)
    return RunResult("run", status, tasks, sum(task.calls for task in tasks), cost_usd, {}, problems)


def task(address: str, status: TaskStatus, **more: object) -> TaskResult:
    return TaskResult(address, status, Action.CALL, **more)


def last_lines(result: RunResult) -> list[str]:
    return [line.plain for line in sum_up_result(result)]


def test_tasks_with_the_same_problem_are_told_once() -> None:
    addresses = [f"page[n={number}]" for number in range(50)]
    tasks = [
        task(address, TaskStatus.FAILED, problem=Problem("bad-token", "not accepted", "check it", SPAN))
        for address in addresses
    ]
    (found,) = collect_problems(result_of(RunStatus.FAILED, *tasks))
    assert found.message == "page[n=0] and 49 more: not accepted"
    assert (found.code, found.help, found.span) == ("bad-token", "check it", SPAN)


def test_messages_that_differ_only_in_the_task_are_the_same_problem() -> None:
    tasks = [
        task(name, TaskStatus.UNKNOWN, problem=Problem("interrupted", f"{name} was let go of", None, SPAN))
        for name in ("a", "b")
    ]
    (found,) = collect_problems(result_of(RunStatus.INTERRUPTED, *tasks))
    assert found.message == "a and 1 more: a was let go of"


def test_messages_at_one_place_that_differ_only_in_numbers_are_told_once() -> None:
    counts = {"a": 9, "b": 7, "c": 9, "d": 8}
    tasks = [
        task(
            name, TaskStatus.FAILED, problem=Problem("too-many-items", f"`x` has {count} items", "less", SPAN)
        )
        for name, count in counts.items()
    ]
    (found,) = collect_problems(result_of(RunStatus.FAILED, *tasks))
    assert found.message == "a and 1 more: `x` has 9 items; and 2 more with other numbers"


def test_what_is_blocked_is_counted_at_its_cause_and_is_no_error_of_its_own() -> None:
    problem = Problem("moderation", "blocked", None, SPAN)
    tasks = [
        task("bad", TaskStatus.FAILED, problem=problem),
        task("x", TaskStatus.BLOCKED, cause="bad", problem=Problem("blocked", "x uses bad")),
        task("y", TaskStatus.BLOCKED, cause="bad", problem=Problem("blocked", "y uses bad")),
    ]
    found = list(collect_problems(result_of(RunStatus.FAILED, *tasks)))
    assert [(one.code, one.severity) for one in found] == [
        ("moderation", Severity.ERROR),
        ("blocked", Severity.NOTE),
    ]
    assert found[1].message == "bad gave no images, so 2 tasks that use it could not run"


def test_what_is_blocked_by_what_was_blocked_is_counted_at_the_first_cause() -> None:
    problem = Problem("moderation", "blocked", None, SPAN)
    tasks = [
        *(task(f"page[n={n}]", TaskStatus.FAILED, problem=problem) for n in range(300)),
        *(task(f"frame[n={n}]", TaskStatus.BLOCKED, cause=f"page[n={n}]") for n in range(300)),
        *(task(f"sign[n={n}]", TaskStatus.BLOCKED, cause=f"frame[n={n}]") for n in range(300)),
    ]
    found = list(collect_problems(result_of(RunStatus.FAILED, *tasks)))
    assert [one.code for one in found] == ["moderation", "blocked"]
    assert found[1].message == (
        "page[n=0] and 299 more gave no images, so 600 tasks that use them could not run"
    )


def test_what_was_skipped_is_counted_by_step_and_way() -> None:
    skipped = TaskStatus.SKIPPED
    tasks = [
        *(task(f"night[n={n}]", skipped, reason=Reason.CONDITION_FALSE) for n in range(3)),
        *(task(f"s{n}", skipped, reason=Reason.UPSTREAM_SKIPPED, cause="night[n=0]") for n in range(9)),
        task("cast[hero=ada]/pose", skipped, reason=Reason.CONDITION_FALSE),
    ]
    assert [line.plain for line in spell_skipped(tasks)] == [
        "Skipped, since a condition is false: 3 of night, 1 of cast/pose",
        "Skipped, since what they use was skipped: 1 of s0, 1 of s1, 1 of s2, 1 of s3, 1 of s4, 1 of s5 and 3 more",
    ]


def test_nothing_to_do_besides_what_is_skipped() -> None:
    tasks = [task("a", TaskStatus.REUSED), task("b", TaskStatus.SKIPPED)]
    assert last_lines(result_of(RunStatus.DONE, *tasks)) == [
        "Done: 1 task was stored, 1 was skipped. Nothing was asked, nothing was paid."
    ]


def test_attempts_that_are_used_up_are_not_to_be_run_again() -> None:
    problem = Problem("unexpected", "too small", None, SPAN, remedy=Remedy.CONSENT)
    earlier = Earlier(2, 2, Decimal("0.08"))
    rejected = task(
        "a", TaskStatus.FAILED, problem=problem, cost_usd=Decimal("0.08"), calls=2, earlier=earlier
    )
    assert last_lines(result_of(RunStatus.FAILED, rejected)) == [
        "Failed: 1 failed · 2 calls · $0.08 for what was not as expected",
        "Running it again asks for nothing: pay for another take with --reroll, or change `expect`.",
    ]
    other = task("b", TaskStatus.FAILED, problem=Problem("moderation", "blocked", None, SPAN), calls=1)
    assert "as each problem above says" in last_lines(result_of(RunStatus.FAILED, rejected, other))[-1]


def test_a_single_attempt_that_is_not_as_expected_is_paid_once() -> None:
    problem = Problem("unexpected", "too small", None, SPAN, remedy=Remedy.CONSENT, paid=True)
    earlier = Earlier(1, 1, Decimal("0.04"))
    rejected = task(
        "a", TaskStatus.FAILED, problem=problem, cost_usd=Decimal("0.04"), calls=1, earlier=earlier
    )
    (money, _) = last_lines(result_of(RunStatus.FAILED, rejected))
    assert money == "Failed: 1 failed · 1 call · $0.04 for what was not as expected"


@pytest.mark.parametrize(
    ("status", "problem", "more"),
    [
        (TaskStatus.CANCELLED, None, ""),
        (TaskStatus.FAILED, Problem("lost-paid", "gone", paid=True), " and $0.04 without a picture"),
        (TaskStatus.FAILED, Problem("moderation", "blocked"), " and up to $0.04 without a picture"),
        (TaskStatus.UNKNOWN, Problem("unknown-outcome", "lost"), " and up to $0.04 without a picture"),
    ],
)
def test_attempts_before_one_that_ended_otherwise_are_paid_for_certain(
    status: TaskStatus, problem: Problem | None, more: str
) -> None:
    earlier = Earlier(2, 2, Decimal("0.08"))
    cost_usd = Decimal("0.12") if more else Decimal("0.08")
    calls = 3 if more else 2
    ended = task("a", status, problem=problem, cost_usd=cost_usd, calls=calls, earlier=earlier)
    line = last_lines(result_of(RunStatus.FAILED, ended))[0]
    assert line.endswith(f"$0.08 for what was not as expected{more}")


def test_what_fails_again_says_where_to_change_something_and_not_to_run_again() -> None:
    longer = Problem("too-many-items", "4 items", "shorten it", SPAN, remedy=Remedy.CHANGE)
    failed = task("a", TaskStatus.FAILED, problem=longer)
    assert last_lines(result_of(RunStatus.FAILED, failed))[-1] == (
        "Change r.yaml:2:3 first, as said above: as it is, it fails again. What is stored is not asked again."
    )
    lost = task("b", TaskStatus.FAILED, problem=Problem("not-sent", "no network"))
    left = replace(result_of(RunStatus.FAILED, failed, lost), left=ONE_TASK)
    assert last_lines(left)[-2:] == [
        "Left to do: 1 task · 1 call · $0.04",
        "Run it again for what is left; what failed at r.yaml:2:3 fails again until that is changed.",
    ]


def test_of_many_places_to_change_some_are_named() -> None:
    failed = [
        task(
            f"t{at}",
            TaskStatus.FAILED,
            problem=Problem("no-key", "", None, Span(SOURCE, at, at + 1), remedy=Remedy.CHANGE),
        )
        for at in range(5)
    ]
    (advice,) = last_lines(result_of(RunStatus.FAILED, *failed))[1:]
    assert advice.startswith("Change r.yaml:1:1, r.yaml:1:2, r.yaml:1:3 and 2 more places first")


def test_odd_pictures_of_tasks_that_came_up_during_the_run_have_their_place() -> None:
    odd = task("page[p=sheet-1]", TaskStatus.DONE, warnings=("image 1 is square",), span=SPAN)
    (found,) = collect_problems(result_of(RunStatus.DONE, odd))
    assert found.span == SPAN


def test_a_problem_of_the_run_that_a_task_tells_too_is_told_once() -> None:
    problem = Problem("no-credit", "the account has no credit", "load credit", SPAN)
    failed = task("a", TaskStatus.FAILED, problem=problem)
    found = list(collect_problems(result_of(RunStatus.FAILED, failed, problems=(problem,))))
    assert [one.message for one in found] == ["a: the account has no credit"]


def test_odd_pictures_are_warned_of() -> None:
    odd = task("a", TaskStatus.DONE, warnings=("image 1 is square",))
    (found,) = collect_problems(result_of(RunStatus.DONE, odd))
    assert (found.code, found.severity, found.message) == (
        "odd-picture", Severity.WARNING, "a: image 1 is square",
    )  # fmt: skip # a row a line


@pytest.mark.parametrize(
    ("tasks", "money"),
    [
        ([task("a", TaskStatus.DONE, cost_usd=Decimal("0.04"), calls=1)], "1 call · $0.04"),
        ([task("a", TaskStatus.DONE, calls=1)], "1 call · free"),
        ([task("a", TaskStatus.DONE), task("b", TaskStatus.REUSED)], "0 calls · nothing paid"),
        (
            [
                task("a", TaskStatus.DONE, cost_usd=Decimal("0.12"), calls=1),
                task("b", TaskStatus.UNKNOWN, cost_usd=Decimal("0.04"), calls=1),
            ],
            "2 calls · $0.12 and up to $0.04 without a picture",
        ),
        (
            [task("a", TaskStatus.FAILED, cost_usd=Decimal("0.04"), calls=1)],
            "1 call · up to $0.04 without a picture",
        ),
        (
            [
                task(
                    "a",
                    TaskStatus.FAILED,
                    cost_usd=Decimal("0.04"),
                    calls=1,
                    problem=Problem("lost-paid", "it was answered and paid, but its URL is dead", paid=True),
                )
            ],
            "1 call · $0.04 without a picture",
        ),
    ],
)
def test_money_that_is_certain_and_money_that_is_not(tasks: list[TaskResult], money: str) -> None:
    assert last_lines(result_of(RunStatus.DONE, *tasks))[0].endswith(money)


def test_a_run_with_nothing_to_do_says_so() -> None:
    reused = [task("a", TaskStatus.REUSED), task("b", TaskStatus.REUSED)]
    assert last_lines(result_of(RunStatus.DONE, *reused)) == [
        "Done: all 2 tasks were stored already. Nothing was asked, nothing was paid."
    ]


def test_a_run_whose_pictures_could_not_be_published_did_not_fail_to_make_them() -> None:
    problem = Problem("not-published", "a.jpg is in the way", unpublished=True)
    done = task("a", TaskStatus.DONE, calls=1)
    assert last_lines(result_of(RunStatus.FAILED, done, problems=(problem,))) == [
        "Not all published: 1 done · 1 call · free"
    ]


def test_a_run_whose_end_the_disk_did_not_take_published_all_the_same() -> None:
    problem = Problem("disk-full", "ledger.db: database or disk is full")
    done = task("a", TaskStatus.DONE, calls=1)
    assert last_lines(result_of(RunStatus.FAILED, done, problems=(problem,))) == [
        "Not all written down: 1 done · 1 call · free"
    ]


def test_paths_outside_of_the_folder_stay_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seedflow.cli.result_text import _relative

    monkeypatch.chdir(tmp_path)
    assert _relative(tmp_path / "outputs" / "a.jpg") == "outputs/a.jpg"
    assert _relative(Path("/elsewhere/a.jpg")) == "/elsewhere/a.jpg"


def test_what_was_paid_is_told_where_the_current_folder_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    file = PublishedFile("fox", folder / "outputs" / "fox.jpg", "sha256:0", 2, 3)
    monkeypatch.setenv("COLUMNS", "200")
    stream = StringIO()
    folder.rmdir()
    done = task("fox", TaskStatus.DONE, calls=1, cost_usd=PRICE.low)
    print_result(replace(result_of(RunStatus.DONE, done), outputs={"fox": (file,)}), open_console(stream))
    assert f"{file.path}  2×3" in stream.getvalue()
    assert "1 done · 1 call · $0.04" in stream.getvalue()


@pytest.mark.parametrize("columns", ["30", "120"])
@pytest.mark.parametrize("unpublished", [False, True])
def test_an_output_without_images_is_named_unless_a_problem_says_why(
    columns: str, unpublished: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    problems = (Problem("place-not-known", "cat.jpg waits", unpublished=True),) if unpublished else ()
    stream = StringIO()
    result = replace(result_of(RunStatus.DONE, problems=problems), outputs={"shop": (), "shop-by-night": ()})
    print_result(result, open_console(stream))
    told = [line for line in stream.getvalue().splitlines() if "no images" in line]
    assert told == ([] if unpublished else ["shop           no images", "shop-by-night  no images"])
