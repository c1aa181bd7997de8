"""Budgets: what counts against them, and whether one more reservation fits."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal

from seedflow.errors import BudgetError
from seedflow.money import MICROS_PER_USD, format_usd, from_micros
from seedflow.store.base import Budget, RequestRecord

_SPENT = "SELECT micros FROM spending WHERE scope = ? AND key = ? AND realm = ?"
_SETTLED = """SELECT
  coalesce((SELECT micros FROM spending WHERE scope = ? AND key = ? AND realm = ?), 0)
  - coalesce((SELECT sum(counted_micros) FROM attempts WHERE state = 'reserved' AND run_id > '' AND realm = ? AND (? = '' OR day = ?)), 0)
  - coalesce((SELECT sum(counted_micros) FROM attempts
    WHERE state IN ('sending', 'answered', 'fetched', 'unknown', 'lost-paid') AND state IN ('sending', 'unknown')
      AND realm = ? AND (? = '' OR day = ?)), 0)"""
"""The states are written as the indices of `attempts` have them."""

_REFUSED = """SELECT coalesce(sum(counted_micros), 0) FROM attempts
  WHERE state = 'failed' AND counted_micros > 0 AND realm = ? AND (? = '' OR day = ?)"""
_RUN_SPENT = "SELECT sum(micros) FROM spending WHERE scope = 'run' AND key = ?"

_WORDS = {
    "run": "this run",
    "step": "step {step} in this run",
    "day": "today (UTC)",
    "project": "this project",
}


def day_of(unix_s: float) -> str:
    """The UTC day, `2026-11-23`."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d")


def spending_key(scope: str, run_id: str, step: str, day: str) -> str:
    """The key of a scope's row in `spending` (`schema.py` writes the same).

    Raises:
        ValueError: no such scope.
    """
    match scope:
        case "run":
            return run_id
        case "step":
            return f"{run_id}/{step}"
        case "day":
            return day
        case "project":
            return ""
        case _:
            raise ValueError(f"{scope!r} is not the scope of a budget")


def find_spent_micros(connection: sqlite3.Connection, realm: str, scope: str, key: str) -> int:
    """Settled costs, open reservations and unknown outcomes at their reservation, in one scope of one realm."""
    row = connection.execute(_SPENT, (scope, key, realm)).fetchone()
    return row[0] if row else 0


def find_settled_micros(connection: sqlite3.Connection, realm: str, day: str = "") -> int:
    """What counts as spent for good in a realm, on a day or ever: nothing that is reserved, under way or unknown.

    What was refused and may have been billed is in it, since nobody will ever tell.
    """
    scope = "day" if day else "project"
    settled: int = connection.execute(_SETTLED, (scope, day, realm, *(realm, day, day) * 2)).fetchone()[0]
    return settled


def find_refused_micros(connection: sqlite3.Connection, realm: str, day: str = "") -> int:
    """What was refused and may have been billed in a realm, on a day or ever: the provider's log may tell that it was not."""
    found: int = connection.execute(_REFUSED, (realm, day, day)).fetchone()[0]
    return found


def explain_refused(refused_usd: Decimal) -> str:
    """What to do about calls that count and may have cost nothing, to stand behind other advice."""
    if not refused_usd:
        return ""
    return (
        f"; {format_usd(refused_usd)} of it was refused and perhaps not billed: "
        "`seedflow ledger reconcile` looks that up"
    )


def find_run_spent_micros(connection: sqlite3.Connection, run_id: str) -> int:
    """The same for a whole run."""
    row = connection.execute(_RUN_SPENT, (run_id,)).fetchone()
    return row[0] or 0


def limit_to_micros(limit_usd: Decimal) -> int:
    """Whole micro-dollars, rounded down so that a limit is never too large."""
    return int((limit_usd * MICROS_PER_USD).to_integral_value(ROUND_FLOOR))


def check_budgets(
    connection: sqlite3.Connection,
    run_id: str,
    request: RequestRecord,
    day: str,
    reserve_micros: int,
    budgets: Sequence[Budget],
) -> None:
    """Let a reservation through only if every budget has room for it. Inside the transaction that reserves.

    Raises:
        BudgetError: names the budget with the least room.
    """
    rooms = []
    for budget in budgets:
        key = spending_key(budget.scope, run_id, request.step, day)
        spent_micros = find_spent_micros(connection, request.realm, budget.scope, key)
        rooms.append((limit_to_micros(budget.limit_usd) - spent_micros, spent_micros, budget))
    if not rooms or not reserve_micros:
        return
    room, spent_micros, budget = min(rooms, key=lambda entry: entry[0])
    if reserve_micros > room:
        refused_micros = 0
        if budget.scope in ("day", "project"):
            refused_micros = find_refused_micros(
                connection, request.realm, day if budget.scope == "day" else ""
            )
        raise build_budget_error(request, budget, spent_micros, reserve_micros, refused_micros)


def build_budget_error(
    request: RequestRecord, budget: Budget, spent_micros: int, reserve_micros: int, refused_micros: int = 0
) -> BudgetError:
    """What a refused reservation says; `refused_micros` of what is spent may have cost nothing."""
    scope = _WORDS[budget.scope].format(step=request.step)
    left_micros = max(0, limit_to_micros(budget.limit_usd) - spent_micros)
    later = " run again on another day (UTC)," if budget.scope == "day" else ""
    return BudgetError(
        f"{request.address}: {format_usd(from_micros(reserve_micros))} more would pass the budget of "
        f"{format_usd(budget.limit_usd)} for {scope}; {format_usd(from_micros(spent_micros))} counts as spent or is reserved, "
        f"{format_usd(from_micros(left_micros))} is left",
        help=f"raise {budget.where or 'that budget'},{later} or ask for less{explain_refused(from_micros(refused_micros))}",
    )
