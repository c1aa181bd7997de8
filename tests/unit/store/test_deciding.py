"""Which row decides over a request: one by one, in the words of the ledger."""

from __future__ import annotations

import pytest

from seedflow.store.base import AttemptState
from seedflow.store.deciding import Candidate, find_deciding


def decide(*rows: str, again: bool = False) -> str | None:
    """The place of the row that decides: `1 unknown`, `1 reserved held`, `2 done answer`, `1 failed counted`; attempt, state, and more."""
    candidates = []
    for row in rows:
        attempt, state, *more = row.split()
        words = (word in more for word in ("answer", "held", "counted"))
        candidates.append(Candidate(row, int(attempt), AttemptState(state), *words))
    found = find_deciding(candidates, again=again)
    return None if found is None else found.row


@pytest.mark.parametrize("open_", ["unknown", "lost-paid", "sending", "answered", "fetched", "done answer"])
@pytest.mark.parametrize("nothing", ["failed", "reserved"])
def test_consent_that_led_to_no_call_leaves_what_came_before_it_open(open_: str, nothing: str) -> None:
    assert decide(f"1 {open_}", f"1 {nothing}") == f"1 {open_}"
    assert decide(f"1 {open_}", f"1 {nothing}", f"1 {nothing}") == f"1 {open_}"
    assert decide(f"1 {open_}", f"1 {nothing}", again=True) == f"1 {nothing}"


@pytest.mark.parametrize("later", ["unknown", "lost-paid", "sending", "answered"])
def test_a_call_that_was_sent_with_consent_takes_the_place_of_the_one_before(later: str) -> None:
    assert decide("1 unknown", f"1 {later}") == f"1 {later}"


def test_a_refusal_that_may_have_been_billed_decides_until_somebody_consents() -> None:
    refused = "1 failed counted"
    for nothing in ("1 failed", "1 reserved"):
        assert decide(refused, nothing) == refused
        assert decide(refused, nothing, again=True) == nothing
    assert decide(refused, "2 reserved") == refused
    assert decide("1 failed", refused) == refused
    assert decide("1 unknown", refused) == "1 unknown", "its pictures may still be had"
    assert decide(refused, "1 unknown") == "1 unknown"
    assert decide(refused, "1 reserved held") == "1 reserved held"


def test_what_a_living_run_works_on_is_waited_for_whoever_consents() -> None:
    assert decide("1 unknown", "1 reserved held") == "1 reserved held"
    assert decide("1 unknown held", "1 failed", again=True) == "1 unknown held"
    assert decide("1 reserved held", "1 failed", again=True) == "1 reserved held"


def test_a_result_closes_what_came_before_it_even_when_its_pictures_are_gone() -> None:
    assert decide("1 unknown", "1 done") == "1 done"
    assert decide("1 unknown", "1 done", "1 failed") == "1 failed"


def test_what_may_still_come_of_a_log_or_an_address_goes_before_what_is_lost() -> None:
    assert decide("1 lost-paid", "1 failed", "2 unknown", "2 failed") == "2 unknown"
    assert decide("1 lost-paid", "1 failed", "2 unknown") == "2 unknown"


def test_without_anything_older_the_first_open_attempt_decides_else_the_last() -> None:
    assert decide() is None
    assert decide("1 failed") == "1 failed"
    assert decide("1 failed", "2 reserved") == "2 reserved"
    assert decide("1 failed", "2 failed") == "2 failed"
    assert decide("1 unknown", "2 unknown") == "1 unknown"
