"""Checks of the ledger's rows against each other: states, sums, claims, requests and answers that parse."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import NamedTuple

from seedflow.money import format_usd, from_micros
from seedflow.store.base import AttemptState
from seedflow.store.findings import AffectedResult, Finding, FindingKind, Outlook

COLLECTED = "collected: "
"""How the message of a result begins whose pictures were collected on somebody's word."""

_MOST_LINES = 20
_WRONG_VALUES = re.compile(
    r"(NULL|non-\w+|TEXT|NUMERIC|NUMBER|BLOB|REAL|INTEGER) value in |CHECK constraint failed"
)

Sums = dict[tuple[str, str, str], int]


class DoneRow(NamedTuple):
    """A result as the ledger has it."""

    attempt_id: int
    recipe: str
    address: str
    realm: str
    cost_micros: int
    has_answer: bool
    imported: bool


_DONE = """SELECT attempt_id, coalesce(recipe, ''), coalesce(address, ''), realm, cost_micros,
  EXISTS (SELECT 1 FROM answers WHERE answers.attempt_id = attempts.attempt_id AND length(answer) > 0), run_id LIKE 'import-%'
  FROM attempts LEFT JOIN requests USING (attempt_id) WHERE state = 'done'"""


def describe_result(row: DoneRow) -> AffectedResult:
    """A result whose pictures are not whole, and what that means."""
    outlook = Outlook.REFETCH if row.has_answer else Outlook.GONE
    return AffectedResult(
        row.attempt_id, row.recipe, row.address, row.realm, from_micros(row.cost_micros), outlook
    )


def load_done(connection: sqlite3.Connection) -> dict[int, DoneRow]:
    """Every result by the number of its attempt."""
    found = connection.execute(_DONE)
    return {
        row[0]: DoneRow(row[0], row[1], row[2], row[3], row[4], bool(row[5]), bool(row[6])) for row in found
    }


def check_structure(connection: sqlite3.Connection) -> Iterator[Finding]:
    """What SQLite itself says of the file."""
    for (line,) in connection.execute(f"PRAGMA integrity_check({_MOST_LINES})"):
        if line != "ok":
            yield Finding(FindingKind.LEDGER_DAMAGED, "ledger.db", str(line))
    loose = Counter((table, parent) for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"))
    for (table, parent), count in loose.items():
        yield Finding(
            FindingKind.BROKEN_ROW,
            f"ledger.db: {table}",
            f"{count:,} of its rows name a row of `{parent}` that is not there",
        )


def is_wrong_value(found: Finding) -> bool:
    """Whether SQLite found a value that its column cannot have: rows with one cannot be held against each other."""
    return _WRONG_VALUES.search(found.message) is not None


def check_rows(connection: sqlite3.Connection, living: Collection[str]) -> Iterator[Finding]:
    """What the rows say of each other; `living` are the runs that go on now."""
    done = load_done(connection)
    yield from _check_attempts(connection, living)
    yield from _check_requests(connection)
    yield from _check_answers(connection, done)
    yield from _check_images(connection, done)
    yield from _check_sums(connection)
    for run_id, status in connection.execute("SELECT run_id, status FROM runs WHERE status IS NULL"):
        if run_id not in living and status is None:
            yield Finding(
                FindingKind.DEAD_RUN,
                f"ledger.db: run {run_id}",
                "it was killed, and nothing was taken up since",
            )


def find_due_count(state: AttemptState, reserved: int, cost: int, counted: int, *, imported: bool) -> int:
    """What an attempt in this state counts against budgets."""
    if imported:
        return 0
    match state:
        case AttemptState.RESERVED:
            return counted if counted in (0, reserved) else reserved
        case AttemptState.SENDING | AttemptState.UNKNOWN:
            return reserved
        case _:
            return cost


def _check_attempts(connection: sqlite3.Connection, living: Collection[str]) -> Iterator[Finding]:
    rows = connection.execute(
        """SELECT attempt_id, realm, state, claimed, run_id, reserved_micros, cost_micros, counted_micros, address FROM attempts LEFT JOIN requests USING (attempt_id)"""
    )
    for (
        number,
        realm,
        word,
        claimed,
        run_id,
        reserved,
        cost,
        counted,
        address,
    ) in rows:
        where, state = f"ledger.db: attempt {number}", AttemptState(word)
        if address is None:
            yield Finding(FindingKind.BROKEN_ROW, where, "what it asked is not there (no row of `requests`)")
        due = find_due_count(state, reserved, cost, counted, imported=run_id.startswith("import-"))
        if counted != due:
            yield Finding(
                FindingKind.WRONG_COUNT,
                where,
                f"it counts {_usd(counted)} against budgets; as `{state}` it counts {_usd(due)}",
            )
        if claimed and run_id not in living:
            yield Finding(
                FindingKind.DEAD_CLAIM, where, f"run {run_id} worked on {address or 'it'} when it was killed"
            )
        if state is AttemptState.LOST_PAID:
            lost = AffectedResult(number, "", address or "", realm, from_micros(cost), Outlook.GONE)
            yield Finding(
                FindingKind.LOST_PAID,
                where,
                f"{address}: paid {_usd(cost)}, and its pictures are gone",
                (lost,),
            )


def find_broken_requests(connection: sqlite3.Connection) -> dict[int, str]:
    """By the numbers of their calls, the requests that cannot be read, and why."""
    rows = connection.execute('SELECT attempt_id, params, "references" FROM requests')
    found = ((number, _find_wrong_request(params, references)) for number, params, references in rows)
    return {number: wrong for number, wrong in found if wrong is not None}


def _check_requests(connection: sqlite3.Connection) -> Iterator[Finding]:
    for number, wrong in find_broken_requests(connection).items():
        yield Finding(FindingKind.BROKEN_ROW, f"ledger.db: request {number}", wrong)


def _find_wrong_request(params: str, references: str) -> str | None:
    try:
        given, listed = json.loads(params), json.loads(references)
    except (ValueError, RecursionError):
        return "its parameters or references are not JSON"
    if not isinstance(given, dict):
        return "its parameters are not an object"
    if not isinstance(listed, list) or not all(
        isinstance(one, dict) and ("digest" in one or "url" in one) for one in listed
    ):
        return "its references are not a list of digests and addresses"
    return None


def find_broken_answers(connection: sqlite3.Connection) -> Iterator[int]:
    """The numbers of the results whose answers cannot be read."""
    rows = connection.execute(
        "SELECT attempt_id, answer FROM answers JOIN attempts USING (attempt_id) WHERE state = 'done'"
    )
    for number, answer in rows:
        try:
            json.loads(answer)
        except (ValueError, RecursionError):
            yield number


def _check_answers(connection: sqlite3.Connection, done: dict[int, DoneRow]) -> Iterator[Finding]:
    for number in find_broken_answers(connection):
        address = done[number].address if number in done else ""
        yield Finding(
            FindingKind.BROKEN_ANSWER,
            f"ledger.db: answer {number}",
            f"the answer to {address} cannot be read; its pictures could not be fetched again by it",
        )


def _check_images(connection: sqlite3.Connection, done: dict[int, DoneRow]) -> Iterator[Finding]:
    numbers: dict[int, list[int]] = {}
    for attempt_id, number in connection.execute("SELECT attempt_id, number FROM images ORDER BY 1, 2"):
        numbers.setdefault(attempt_id, []).append(number)
    collected = {
        number
        for (number,) in connection.execute(
            "SELECT attempt_id FROM attempts WHERE state = 'done' AND message LIKE ? || '%'", (COLLECTED,)
        )
    }
    for attempt_id, row in done.items():
        found = numbers.get(attempt_id, [])
        where = f"ledger.db: attempt {attempt_id}"
        if not found and attempt_id not in collected:
            yield Finding(
                FindingKind.NO_IMAGES,
                where,
                f"{row.address}: it is `done`, and the ledger names none of its pictures",
                (describe_result(row),),
            )
        elif found != list(range(1, len(found) + 1)):
            yield Finding(FindingKind.BROKEN_ROW, where, f"{row.address}: its pictures are numbered {found}")


def compute_sums(connection: sqlite3.Connection) -> Sums:
    """What the table `spending` should say."""
    due: Sums = {}
    for payer, step, day, realm, micros in connection.execute(
        "SELECT payer_run_id, step, day, realm, sum(counted_micros) FROM attempts GROUP BY 1, 2, 3, 4"
    ):
        for key in (
            ("run", payer, realm),
            ("step", f"{payer}/{step}", realm),
            ("day", day, realm),
            ("project", "", realm),
        ):
            due[key] = due.get(key, 0) + micros
    return due


def _check_sums(connection: sqlite3.Connection) -> Iterator[Finding]:
    due = compute_sums(connection)
    there: Sums = {
        (scope, key, realm): micros
        for scope, key, realm, micros in connection.execute("SELECT scope, key, realm, micros FROM spending")
    }
    for name in sorted({*due, *there}):
        if due.get(name, 0) != there.get(name, 0):
            scope, key, realm = name
            yield Finding(
                FindingKind.WRONG_SUM,
                f"ledger.db: spending {scope} {key} {realm}".replace("  ", " "),
                f"it says {_usd(there.get(name, 0))}; the calls say {_usd(due.get(name, 0))}",
            )


def _usd(micros: int) -> str:
    return format_usd(Decimal(from_micros(micros)))
