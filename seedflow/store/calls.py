"""Every call of the ledger as a person looks at it: rows, sums by state, and what is still open. Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from seedflow.money import ZERO_USD, from_micros
from seedflow.store.base import AttemptState

OPEN_STATES = (AttemptState.SENDING, AttemptState.ANSWERED, AttemptState.FETCHED, AttemptState.UNKNOWN)
"""Sent, not ended, and the provider's log or the addresses of the answer may still say more."""

IMPORT_PREFIX: Final = "import-"
"""What the id of a run begins with that brought results from another machine."""

RESTORED: Final = "restored from the indexes of a damaged ledger: what it cost is a guess"
"""The message of a call of which only indexes knew."""

MOST_ROWS: Final = 2**62
"""More than SQLite can have, and can be told."""

_IS_OPEN = """state IN ('sending', 'answered', 'fetched', 'unknown', 'lost-paid')
            AND state IN ('sending', 'answered', 'fetched', 'unknown')"""
"""`OPEN_STATES`, the first line as the index `attempts_open` has it: else SQLite would read every call there ever was."""

_IS_REFUSED = "(state = 'failed' AND cost_micros > 0 AND sent_at IS NOT NULL)"

_MAY_COST = (AttemptState.SENDING, AttemptState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt.

    Attributes:
        attempt_id: the order of making; clocks may lie, this does not.
        run_id: the run that worked on it last, `payer_run_id` the one whose money it was.
        alive: whether a run is at work on it now.
        spent_usd: what it cost here for certain; nothing where it was imported, or where it was refused and may have been billed.
        elsewhere_usd: what it cost where it was imported from.
        perhaps_usd: what it may have cost besides.
        reserved_usd: what is set aside for it, nothing having been sent.
        began_at: Unix seconds of when its money was reserved.
        answer_kept: whether its answer lies in the journal of its run, the ledger having refused it: the next run takes it up.
    """

    attempt_id: int
    intent_id: str
    run_id: str
    payer_run_id: str
    realm: str
    recipe: str
    step: str
    address: str
    take: int
    attempt: int
    model: str
    state: AttemptState
    alive: bool
    spent_usd: Decimal
    perhaps_usd: Decimal
    reserved_usd: Decimal
    images: int
    began_at: float
    sent_at: float | None
    answered_at: float | None
    failure: str | None
    message: str | None
    elsewhere_usd: Decimal = ZERO_USD
    answer_kept: bool = False

    @property
    def imported(self) -> bool:
        """Whether it was made on another machine, and paid there."""
        return self.payer_run_id.startswith(IMPORT_PREFIX)


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls are meant; what is None or empty means all. `address` judges addresses."""

    run_id: str | None = None
    states: tuple[AttemptState, ...] = ()
    recipe: str | None = None
    address: Callable[[str], bool] | None = None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class StateTotal:
    """The calls of one realm in one state; `imported` of them were made and paid elsewhere."""

    realm: str
    state: AttemptState
    calls: int
    spent_usd: Decimal
    perhaps_usd: Decimal
    reserved_usd: Decimal
    imported: int = 0
    elsewhere_usd: Decimal = ZERO_USD


_PAID_HERE = "CASE WHEN payer_run_id LIKE 'import-%' THEN 0 ELSE cost_micros END"
_PAID_ELSEWHERE = "CASE WHEN payer_run_id LIKE 'import-%' THEN cost_micros ELSE 0 END"
"""What was brought from another machine was paid there."""

_COLUMNS = f"""attempts.attempt_id, intent_id, run_id, payer_run_id, realm, recipe, step, address, take, attempt, model, state,
  claimed, {_PAID_HERE}, counted_micros,
  (SELECT count(*) FROM images WHERE images.attempt_id = attempts.attempt_id),
  reserved_at, sent_at, answered_at, failure, message, {_PAID_ELSEWHERE}"""  # noqa: S608 - our own words


def list_calls(
    connection: sqlite3.Connection,
    wanted: CallFilter,
    is_alive: Callable[[str], bool],
    newest: int | None = None,
) -> list[Call]:
    """The newest of the calls that are meant, in the order in which they were made.

    Args:
        connection: of a ledger of any version.
        wanted: which.
        is_alive: whether a run lives.
        newest: how many at most.
    """
    where, values = _build_where(connection, wanted)
    limit = "" if newest is None else f" LIMIT {min(newest, MOST_ROWS)}"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM attempts JOIN requests USING (attempt_id){where} ORDER BY attempts.attempt_id DESC{limit}",  # noqa: S608 - our own words
        values,
    ).fetchall()
    return [_to_call(row, is_alive) for row in reversed(rows)]


def sum_calls(connection: sqlite3.Connection, wanted: CallFilter) -> list[StateTotal]:
    """The calls that are meant, by realm and state, in the order of states."""
    where, values = _build_where(connection, wanted)
    needs_request = wanted.recipe is not None or wanted.address is not None
    join = " JOIN requests USING (attempt_id)" if needs_request else ""
    rows = connection.execute(
        f"SELECT realm, state, count(*), total({_PAID_HERE}), total(counted_micros),"  # noqa: S608 - our own words
        f" total(payer_run_id LIKE 'import-%'), total({_PAID_ELSEWHERE})"
        f" FROM attempts{join}{where} GROUP BY realm, state",
        values,
    )
    order = list(AttemptState)
    totals = [
        StateTotal(
            realm,
            AttemptState(state),
            calls,
            *_split(AttemptState(state), int(cost), int(counted)),
            int(imported),
            from_micros(int(elsewhere)),
        )
        for realm, state, calls, cost, counted, imported, elsewhere in rows
    ]
    return sorted(totals, key=lambda total: (total.realm, order.index(total.state)))


def list_open_calls(
    connection: sqlite3.Connection, realm: str, is_alive: Callable[[str], bool], *, refused: bool = False
) -> list[Call]:
    """The calls of a realm whose outcome is open and that nobody works on, oldest first; what was asked again since is among them.

    With `refused` those, too, that were refused and may have been billed. These are found by reading every call there ever was.
    """
    which = f"({_IS_OPEN} OR {_IS_REFUSED})" if refused else _IS_OPEN
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM attempts JOIN requests USING (attempt_id)
          WHERE {which} AND realm = ? ORDER BY attempts.attempt_id""",  # noqa: S608 - our own words
        (realm,),
    ).fetchall()
    return [call for row in rows if not (call := _to_call(row, is_alive)).alive]


def _build_where(connection: sqlite3.Connection, wanted: CallFilter) -> tuple[str, list[object]]:
    parts: list[str] = []
    values: list[object] = []

    def add(part: str, *found: object) -> None:
        parts.append(part)
        values.extend(found)

    if wanted.run_id is not None:
        add("(run_id = ? OR payer_run_id = ?)", wanted.run_id, wanted.run_id)
    if wanted.states:
        add(f"state IN ({_marks(wanted.states)})", *wanted.states)
    if wanted.recipe is not None:
        add("recipe = ?", wanted.recipe.encode(errors="backslashreplace").decode())
    if wanted.since is not None:
        add("reserved_at >= ?", wanted.since)
    if wanted.address is not None:
        judge = wanted.address
        connection.create_function("is_meant", 1, lambda address: int(judge(address)), deterministic=True)
        add("is_meant(address)")
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), values


def _marks(found: tuple[AttemptState, ...]) -> str:
    return ", ".join("?" * len(found))


def _to_call(row: tuple[Any, ...], is_alive: Callable[[str], bool]) -> Call:
    attempt_id, intent_id, run_id, payer_run_id, realm, recipe, step, address, take, attempt, model = row[:11]
    state, claimed, cost_micros, counted_micros, images, began_at, sent_at, answered_at = row[11:19]
    failure, message, elsewhere_micros = row[19:]
    state = AttemptState(state)
    spent_usd, perhaps_usd, reserved_usd = _split(state, cost_micros, counted_micros)
    return Call(
        attempt_id, intent_id, run_id, payer_run_id, realm, recipe, step, address, take, attempt, model, state,
        bool(claimed) and is_alive(run_id), spent_usd, perhaps_usd, reserved_usd, images, began_at, sent_at, answered_at,
        failure, message, from_micros(elsewhere_micros),
    )  # fmt: skip # as the columns stand


def _split(state: AttemptState, cost_micros: int, counted_micros: int) -> tuple[Decimal, Decimal, Decimal]:
    """What was spent, may have been spent besides, and is reserved, by what counts against budgets."""
    counted = from_micros(counted_micros)
    nothing = ZERO_USD
    if state in _MAY_COST:
        return nothing, counted, nothing
    if state is AttemptState.RESERVED:
        return nothing, nothing, counted
    if state is AttemptState.FAILED:  # nobody will ever tell
        return nothing, from_micros(cost_micros), nothing
    return from_micros(cost_micros), nothing, nothing


def iterate_run_ids(connection: sqlite3.Connection, beginning: str) -> Iterator[str]:
    """The runs whose ids begin so, oldest first."""
    for (run_id,) in connection.execute(
        "SELECT run_id FROM runs WHERE substr(run_id, 1, ?) = ? ORDER BY run_id", (len(beginning), beginning)
    ):
        yield run_id
