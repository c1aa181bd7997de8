"""Recovery is a pure function of the row, for every state there is."""

from __future__ import annotations

import pytest

from seedflow.run.recover import Recovery, recover
from seedflow.store.base import AttemptState

EXPECTED = {
    AttemptState.RESERVED: Recovery.REDO,
    AttemptState.SENDING: Recovery.RECONCILE,
    AttemptState.UNKNOWN: Recovery.RECONCILE,
    AttemptState.ANSWERED: Recovery.FETCH,
    AttemptState.FETCHED: Recovery.FETCH,
    AttemptState.LOST_PAID: Recovery.ASK,
    AttemptState.FAILED: Recovery.LOOK_AGAIN,
}


@pytest.mark.parametrize("state", list(AttemptState))
def test_each_state_has_its_action(state: AttemptState) -> None:
    if state in EXPECTED:
        assert recover(state) is EXPECTED[state]
    else:
        with pytest.raises(ValueError, match="nothing to recover"):
            recover(state)
