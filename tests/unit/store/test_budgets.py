"""A budget that is used up names what may have cost nothing."""

import sys
from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.errors import BudgetError
from seedflow.store.base import Budget
from seedflow.store.local import open_store
from seedflow.store.view import open_view

sys.path.insert(0, str(Path(__file__).parent))

from project_state import PRICE, REALM, request_for


@pytest.mark.parametrize(("scope", "named"), [("project", True), ("day", True), ("run", False)])
def test_what_was_refused_and_perhaps_billed_is_named_with_what_looks_it_up(root, scope, named):
    with open_store(root) as store:
        store.begin_run("run-1", "book", REALM)
        attempt = store.claim("run-1", request_for("refused"), PRICE, ()).attempt
        store.mark_sending(attempt.intent_id, ())
        store.mark_failed(attempt.intent_id, "moderation", "no", PRICE)
        with pytest.raises(BudgetError) as caught:
            store.claim("run-1", request_for("next"), PRICE, [Budget(scope, Decimal("0.05"))])
        store.end_run("run-1", "failed")
    advice = "$0.04 of it was refused and perhaps not billed: `seedflow ledger reconcile` looks that up"
    assert caught.value.help.endswith(advice) is named
    with open_view(root) as view:
        assert view.refused_usd(REALM) == PRICE
        assert view.refused_usd(REALM, "2020-01-01") == 0
        assert view.refused_usd("sketch") == 0
