"""Calls as people read them: what they have in common once, one line for each where there is room."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from seedflow.cli.ledger_text import find_open, print_calls, print_totals
from seedflow.store.base import AttemptState
from seedflow.store.calls import Call, StateTotal

NOTHING = Decimal(0)
CALL = Call(
    attempt_id=1,
    intent_id="i",
    run_id="20261125T183000-aaaaaa",
    payer_run_id="20261125T183000-aaaaaa",
    realm="cloudflare",
    recipe="storybook",
    step="page",
    address="page[scene=lake]",
    take=1,
    attempt=1,
    model="bytedance/seedream-4.5",
    state=AttemptState.DONE,
    alive=False,
    spent_usd=Decimal("0.04"),
    perhaps_usd=NOTHING,
    reserved_usd=NOTHING,
    images=1,
    began_at=1795631407.0,
    sent_at=None,
    answered_at=None,
    failure=None,
    message=None,
)


def show(*calls: Call, columns: int = 80, within: str = "", notes: bool = True) -> list[str]:
    stream = StringIO()
    print_calls(Console(file=stream, width=columns), calls, 0, within=within, notes=notes)
    return stream.getvalue().rstrip("\n").split("\n")


@pytest.mark.parametrize("columns", [80, 120])
def test_a_call_is_one_line_below_what_all_of_its_run_have_in_common(columns: int) -> None:
    other = replace(CALL, address="page[scene=home]", take=2, attempt=3)
    lines = show(CALL, other, columns=columns)
    assert " ".join(lines[:-2]).split(" · ") == [
        "run 20261125T183000-aaaaaa", "storybook", "cloudflare", "bytedance/seedream-4.5", "2026-11-25"
    ]  # fmt: skip # a row a line
    assert lines[-2:] == [
        "  18:30:07  done  $0.04  page[scene=lake]",
        "  18:30:07  done  $0.04  page[scene=home] · take 2 · attempt 3",
    ]


def test_a_narrow_terminal_gives_the_address_a_line_of_its_own() -> None:
    lines = show(CALL, columns=40)
    assert lines[-2:] == ["  18:30:07  done  $0.04", "    page[scene=lake]"]
    assert max(map(len, lines)) <= 40


def test_what_differs_within_a_run_stands_in_the_lines() -> None:
    later = replace(CALL, began_at=CALL.began_at + 86_400, model="google/nano-banana-2")
    assert show(CALL, later)[1:] == [
        "  2026-11-25 18:30:07  done  $0.04  page[scene=lake] · bytedance/seedream-4.5",
        "  2026-11-26 18:30:07  done  $0.04  page[scene=lake] · google/nano-banana-2",
    ]


def test_runs_at_the_same_time_are_kept_apart_each_in_its_order() -> None:
    other = replace(CALL, payer_run_id="20261125T183001-bbbbbb")
    lines = show(CALL, other, replace(CALL, address="cover"), columns=120)
    assert [line.split(" · ")[0].strip().split("  ")[-1] for line in lines] == [
        "run 20261125T183000-aaaaaa", "page[scene=lake]", "cover", "", "run 20261125T183001-bbbbbb", "page[scene=lake]"
    ]  # fmt: skip # a row a line


def test_the_run_that_was_told_and_notes_that_follow_are_left_out() -> None:
    unknown = replace(CALL, state=AttemptState.UNKNOWN, failure="cut", message="no answer")
    assert show(unknown, within=CALL.payer_run_id) == [
        "bytedance/seedream-4.5 · 2026-11-25",
        "  18:30:07  unknown  $0.04  page[scene=lake] · cut: no answer",
    ]
    assert "no answer" not in "".join(show(unknown, notes=False))


def unfold(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def test_an_answer_that_waits_in_a_journal_is_told_as_such() -> None:
    kept = replace(CALL, state=AttemptState.SENDING, answer_kept=True)
    lost = replace(CALL, state=AttemptState.SENDING)
    assert "its answer is kept; the next run takes it up" in unfold(show(kept))
    assert "its run ended before the answer came" in unfold(show(lost))
    total = StateTotal("cloudflare", AttemptState.SENDING, 1, NOTHING, Decimal("0.04"), NOTHING)
    for calls, words in (
        ([kept], "its answer is kept, and the next run"),
        ([kept, lost], "asks the provider's log"),
        ([], "a run is at work on it"),
    ):
        stream = StringIO()
        print_totals(Console(file=stream, width=200), [total], still_open=find_open(calls))
        assert words in stream.getvalue()


def test_a_result_whose_pictures_were_collected_says_when() -> None:
    assert unfold(show(replace(CALL, message="collected: 2026-11-26", images=0))).endswith(
        "page[scene=lake] · collected: 2026-11-26"
    )
    assert unfold(show(replace(CALL, message="the log had it"))).endswith("page[scene=lake]")


def test_totals_tell_what_was_imported_apart() -> None:
    stream = StringIO()
    total = StateTotal(
        "cloudflare", AttemptState.DONE, 3, Decimal("0.04"), NOTHING, NOTHING, 2, Decimal("0.08")
    )
    print_totals(Console(file=stream, width=80), [total], still_open=find_open([]))
    assert "3 calls, 2 imported  $0.04 spent, $0.08 paid elsewhere" in stream.getvalue()
