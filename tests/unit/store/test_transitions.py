"""The table of states is closed, and says what the design says about money."""

import itertools

import pytest

from seedflow.store.base import AttemptState
from seedflow.store.transitions import (
    FOLLOWERS,
    LastAttempt,
    TransitionError,
    Verdict,
    check_transition,
    find_next_take,
    is_open,
    judge_claim,
)

OPEN = ("reserved", "sending", "answered", "fetched")


def test_every_state_has_its_followers_and_nothing_else_is_let_through():
    assert set(FOLLOWERS) == set(AttemptState)
    for before, after in itertools.product(AttemptState, repeat=2):
        if after in FOLLOWERS[before]:
            check_transition("i", before, after)
        else:
            with pytest.raises(TransitionError, match=f"{after} cannot follow {before}"):
                check_transition("i", before, after)


def test_no_answer_is_recorded_without_an_intent_before_it():
    assert {before for before in AttemptState if AttemptState.ANSWERED in FOLLOWERS[before]} == {
        "sending",
        "answered",
        "unknown",
        "failed",
        "done",
    }
    assert {before for before in AttemptState if AttemptState.SENDING in FOLLOWERS[before]} == {"reserved"}


def test_a_failed_attempt_goes_on_only_by_what_the_log_knows_of_it():
    assert FOLLOWERS[AttemptState.FAILED] == {
        AttemptState.ANSWERED,
        AttemptState.FAILED,
        AttemptState.LOST_PAID,
    }


def last(state, claimed=True, owner_lives=True, own=False, has_answer=True):
    return LastAttempt(AttemptState(state), claimed, owner_lives, own, has_answer)


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize("again", [True, False])
def test_what_somebody_works_on_is_his_and_what_nobody_works_on_is_recovered_never_repeated(state, again):
    assert judge_claim(last(state), again=again) is Verdict.HELD
    assert judge_claim(last(state, own=True), again=again) is Verdict.HELD
    assert judge_claim(last(state, owner_lives=False), again=again) is Verdict.RECOVER
    assert judge_claim(last(state, claimed=False), again=again) is Verdict.RECOVER


@pytest.mark.parametrize("state", ["unknown", "lost-paid"])
def test_consent_is_what_it_takes_to_repeat_what_may_be_paid(state):
    assert judge_claim(last(state, claimed=False), again=False) is Verdict.RECOVER
    assert judge_claim(last(state, claimed=False), again=True) is Verdict.GRANT
    assert judge_claim(last(state), again=True) is Verdict.HELD
    assert judge_claim(last(state, own=True), again=True) is Verdict.GRANT
    assert judge_claim(last(state, own=True), again=False) is Verdict.HELD


def test_a_result_without_its_pictures_is_fetched_again_if_its_answer_is_there():
    assert judge_claim(last("done", claimed=False), again=False) is Verdict.RECOVER
    assert judge_claim(last("done", claimed=False, has_answer=False), again=False) is Verdict.GRANT


def test_nothing_and_failure_are_followed_by_a_new_attempt():
    assert judge_claim(None, again=False) is Verdict.GRANT
    assert judge_claim(last("failed", claimed=False), again=False) is Verdict.GRANT


def test_what_ended_without_a_way_to_its_pictures_decides_no_claim():
    closed = {state for state in AttemptState if not is_open(state, has_answer=True)}
    assert closed == {"failed"}
    assert not is_open(AttemptState.DONE, has_answer=False)


@pytest.mark.parametrize("state", AttemptState)
def test_a_reroll_recovers_what_is_open_and_leaves_the_rest_behind(state):
    sent = state != "reserved"
    found = find_next_take([(1, 1, AttemptState.DONE, True), (2, 1, state, sent)], 1)
    recovered = state in ("sending", "answered", "fetched", "unknown", "reserved")
    assert found == (2 if recovered else 3)


def test_of_an_attempt_that_was_repeated_the_last_row_counts():
    repeated = [(2, 1, AttemptState.UNKNOWN, True), (2, 1, AttemptState.DONE, True)]
    assert find_next_take(repeated, 1) == 3
    assert find_next_take([*repeated, (2, 2, AttemptState.SENDING, True)], 1) == 2
    refused = [(2, 1, AttemptState.UNKNOWN, True), (2, 1, AttemptState.RESERVED, False)]
    assert find_next_take(refused, 1) == 2, "what was never sent leaves open what came before it"
