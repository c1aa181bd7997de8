"""The runs of a ledger as a person looks at them: how each began and ended, what it asked and cost. Reads only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from seedflow.money import from_micros
from seedflow.store.calls import MOST_ROWS

RUNNING = "running"
"""A run that lives."""

KILLED = "killed"
"""A run that ended without saying so."""

_RUNS = """SELECT run_id, recipe, realm, started_at, ended_at, status,
  count(CASE WHEN run_id LIKE 'import-%' THEN NULL ELSE sent_at END),
  count(CASE WHEN run_id LIKE 'import-%' THEN attempt_id END),
  coalesce(sum(CASE WHEN run_id LIKE 'import-%' THEN cost_micros ELSE 0 END), 0), coalesce(sum(pictures), 0),
  coalesce(sum(CASE WHEN state IN ('sending', 'unknown', 'reserved', 'failed') OR run_id LIKE 'import-%' THEN 0 ELSE cost_micros END), 0),
  coalesce(sum(CASE WHEN state IN ('sending', 'unknown', 'failed') THEN counted_micros ELSE 0 END), 0),
  coalesce(sum(state IN ('sending', 'unknown')), 0), coalesce(sum(state IN ('failed', 'lost-paid')), 0)
  FROM (SELECT runs.*, attempt_id, state, sent_at, cost_micros, counted_micros,
      (SELECT count(*) FROM images WHERE images.attempt_id = attempts.attempt_id) AS pictures
    FROM (SELECT runs.*, {number} AS number FROM runs{where} ORDER BY number DESC, run_id DESC{limit}) AS runs
    LEFT JOIN attempts ON payer_run_id = runs.run_id)
  GROUP BY run_id ORDER BY number, run_id"""
_NUMBER = "(SELECT number FROM run_order WHERE run_order.run_id = {runs}.run_id)"


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run.

    Attributes:
        status: how it ended; `running` or `killed` when it did not.
        ended_at: Unix seconds; None while it lives, and for a run that was killed.
        calls: attempts that it sent with its own money, `images` what those gave so far.
        imported: attempts that it brought from another machine, where they cost `elsewhere_usd`.
        unknown: how many of them may have cost money and may still give something; `perhaps_usd` what these and those that were refused
            may have cost.
        failed: how many ended without a result.
        output_folder: where its outputs went; None when nobody wrote it down.
        result: what it came to, as it was written down at its end; empty for runs of before, and for killed ones.
    """

    run_id: str
    recipe: str
    realm: str
    started_at: float
    ended_at: float | None
    status: str
    calls: int
    imported: int
    elsewhere_usd: Decimal
    images: int
    spent_usd: Decimal
    perhaps_usd: Decimal
    unknown: int
    failed: int
    output_folder: str | None
    result: Mapping[str, object]


def list_runs(
    connection: sqlite3.Connection,
    is_alive: Callable[[str], bool],
    *,
    newest: int | None = None,
    run_id: str | None = None,
) -> list[PastRun]:
    """The newest runs in the order in which they began; only the one with an id if one is given."""
    where = "" if run_id is None else " WHERE run_id = ?"
    limit = "" if newest is None else f" LIMIT {min(newest, MOST_ROWS)}"
    rows = connection.execute(
        _RUNS.format(number=number_of(connection), where=where, limit=limit),
        () if run_id is None else (run_id,),
    ).fetchall()
    ends = _load_ends(connection, run_id)
    return [_to_run(row, is_alive, ends.get(row[0], (None, "{}"))) for row in rows]


def number_of(connection: sqlite3.Connection, runs: str = "runs") -> str:
    """SQL for what rows of `runs` are ordered by: their number, and before schema 3 the clock."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'run_order'").fetchone()
    return f"{runs}.started_at" if known is None else _NUMBER.format(runs=runs)


def count_runs(connection: sqlite3.Connection) -> int:
    """How many runs there were."""
    count: int = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    return count


def _load_ends(connection: sqlite3.Connection, run_id: str | None) -> dict[str, tuple[str | None, str]]:
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'run_results'").fetchone()
    if known is None:  # schema 1
        return {}
    where = "" if run_id is None else " WHERE run_id = ?"
    rows = connection.execute(
        f"SELECT run_id, output_folder, result FROM run_results{where}",  # noqa: S608 - our own words
        () if run_id is None else (run_id,),
    )
    return {found: (folder, result) for found, folder, result in rows}


def _to_run(row: tuple[Any, ...], is_alive: Callable[[str], bool], end: tuple[str | None, str]) -> PastRun:
    run_id, recipe, realm, started_at, ended_at, status, calls, imported, elsewhere = row[:9]
    images, spent, perhaps, unknown, failed = row[9:]
    if ended_at is None:
        status = RUNNING if status is None and is_alive(run_id) else KILLED
    result = json.loads(end[1])
    return PastRun(
        run_id, recipe, realm, started_at, ended_at, status, calls, imported, from_micros(elsewhere), images,
        from_micros(spent), from_micros(perhaps), unknown, failed, end[0], result if isinstance(result, dict) else {},
    )  # fmt: skip # as the columns stand
