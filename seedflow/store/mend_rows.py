"""Rows of the ledger that make no sense, found and mended: by the rules of each column, and by what rows say of each other.

Whoever mends has kept a copy of the ledger before. Nothing is asked of anybody: where a value cannot be worked out, what
takes its place counts no less than what may have been paid.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from seedflow.store.check_rows import find_broken_answers, find_broken_requests
from seedflow.store.row_rules import RULES, Loss, Rule, is_digest

_MOST_SHOWN: Final = 1_000
_MOST_CHARACTERS: Final = 60
_MOST_NAMED: Final = 20
_BELOW_ATTEMPTS: Final = ("requests", "answers", "images", "imported_attempts")


class Nonsense(NamedTuple):
    """A value that may not stand where it stands."""

    table: str
    row: str
    column: str
    found: str
    expected: str


@dataclass(slots=True)
class Mended:
    """What was done to rows.

    Attributes:
        values: how many values were replaced.
        rows: how many rows that belong to nothing, or could say nothing, are in the copy alone now.
        requests: the numbers of the calls of which it is not known any more what they were for.
        costs: the numbers of those of which it is not known any more what they cost.
        unasked: of how many calls it is not known any more what was asked.
        answers: how many answers that nobody can read are in the copy alone now.
    """

    values: int = 0
    rows: int = 0
    requests: set[int] = field(default_factory=set)
    costs: set[int] = field(default_factory=set)
    unasked: int = 0
    answers: int = 0

    def list_actions(self) -> Iterator[str]:
        """What was done."""
        if self.values:
            yield f"set {self.values:,} value{'' if self.values == 1 else 's'} right that made no sense"
        if self.rows:
            yield f"took {self.rows:,} row{'' if self.rows == 1 else 's'} out that made no sense"
        if self.unasked:
            calls = f"{self.unasked:,} call{'' if self.unasked == 1 else 's'}"
            yield f"wrote down that it is not known any more what {calls} asked"
        if self.answers:
            yield f"took {self.answers:,} answer{'' if self.answers == 1 else 's'} out that nobody can read"

    def list_losses(self) -> Iterator[str]:
        """What nobody can tell any more."""
        if self.requests:
            what = "what it was" if len(self.requests) == 1 else "what they were"
            yield f"{_spell(self.requests)}: {what} for is not known any more, so that the same may be asked and paid again"
        if self.costs:
            what, it = ("what it", "it") if len(self.costs) == 1 else ("what they", "they")
            yield f"{_spell(self.costs)}: {what} cost is not known any more; the most that {it} may have cost is taken for it"


def _spell(numbers: set[int]) -> str:
    listed = sorted(numbers)
    more = " …" if len(listed) > _MOST_NAMED else ""
    return f"call{'' if len(listed) == 1 else 's'} number {', '.join(map(str, listed[:_MOST_NAMED]))}{more}"


def list_rules(connection: sqlite3.Connection) -> tuple[Rule, ...]:
    """The rules of the tables that a ledger has; one of an earlier version has fewer."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return tuple(rule for rule in RULES if rule.table in there)


def find_nonsense(connection: sqlite3.Connection) -> Iterator[Nonsense]:
    """Every value that its column's rule does not allow."""
    rules = list_rules(connection)
    by_table: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_table[rule.table].append(rule)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    try:
        yield from _find_in(connection, rules, by_table)
    finally:
        connection.text_factory = str


def _find_in(
    connection: sqlite3.Connection, rules: Sequence[Rule], by_table: Mapping[str, Sequence[Rule]]
) -> Iterator[Nonsense]:
    strange = {table for table, of in by_table.items() if _has_nonsense(connection, table, of)}
    for rule in rules:
        if rule.table not in strange:
            continue
        keys = _list_keys(connection, rule.table)
        shown = " || '/' || ".join(f"CAST(t.{key} AS TEXT)" for key in keys)
        rows = connection.execute(
            f'SELECT {shown}, substr(quote(t."{rule.column}"), 1, {_MOST_CHARACTERS}) FROM {rule.table} AS t '  # noqa: S608 - our own words
            f"WHERE {rule.right} IS NOT TRUE LIMIT {_MOST_SHOWN}"
        )
        for key, found in rows:
            yield Nonsense(rule.table, str(key), rule.column, found, rule.expected)


def read_texts(connection: sqlite3.Connection) -> None:
    """Read every text there is: one that is none is found by that alone.

    Raises:
        sqlite3.OperationalError: bytes that are no text.
    """
    for table in sorted({rule.table for rule in list_rules(connection)}):
        columns = [
            f'"{row[1]}"' for row in connection.execute(f"PRAGMA table_info({table})") if row[2] == "TEXT"
        ]
        if columns:
            rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - our own words
            deque(rows, maxlen=0)


def _has_nonsense(connection: sqlite3.Connection, table: str, rules: Sequence[Rule]) -> bool:
    """Whether there is any at all, in one look at the table."""
    right = " AND ".join(rule.right for rule in rules)
    found = connection.execute(f"SELECT 1 FROM {table} AS t WHERE ({right}) IS NOT TRUE LIMIT 1")  # noqa: S608 - our own words
    return found.fetchone() is not None


def _list_keys(connection: sqlite3.Connection, table: str) -> Sequence[str]:
    columns = connection.execute(f"PRAGMA table_info({table})")
    return [name for _, name in sorted((column[5], column[1]) for column in columns if column[5])] or [
        "rowid"
    ]


def apply_rule(connection: sqlite3.Connection, rule: Rule, table: str, done: Mended) -> None:
    """Mend one column of a table, or of a copy of it under another name."""
    if rule.loss is not Loss.NONE:
        question = f"SELECT attempt_id FROM {table} AS t WHERE {rule.right} IS NOT TRUE"  # noqa: S608 - our own words
        lost = done.requests if rule.loss is Loss.REQUEST else done.costs
        lost.update(number for (number,) in connection.execute(question))
    if rule.instead is None:
        done.rows += connection.execute(f"DELETE FROM {table} AS t WHERE {rule.right} IS NOT TRUE").rowcount  # noqa: S608 - our own words
        return
    done.values += connection.execute(
        f'UPDATE {table} AS t SET "{rule.column}" = {rule.instead} WHERE {rule.right} IS NOT TRUE'  # noqa: S608 - our own words
    ).rowcount


def mend_rows(connection: sqlite3.Connection, done: Mended) -> None:
    """Mend every row inside the caller's transaction, in which foreign keys are not looked at before its end.

    Sums are left to be added up anew, since values that cannot be added up may be in them.
    """
    rules = list_rules(connection)
    for rule in rules:
        if rule.column == "counted_micros":  # one at a time: their sums may be more than a number holds
            found = connection.execute(
                f"SELECT attempt_id FROM attempts AS t WHERE {rule.right} IS NOT TRUE"  # noqa: S608 - our own words
            )
            wrong = found.fetchall()
            for (number,) in wrong:
                connection.execute("DELETE FROM spending")
                connection.execute("UPDATE attempts SET counted_micros = 0 WHERE attempt_id = ?", (number,))
            done.values += len(wrong)
        else:
            apply_rule(connection, rule, rule.table, done)
    connection.execute(
        "DELETE FROM answers WHERE length(answer) = 0 AND attempt_id IN (SELECT attempt_id FROM attempts WHERE state = 'done')"
    )
    for attempt_id in list(find_broken_answers(connection)):
        connection.execute("DELETE FROM answers WHERE attempt_id = ?", (attempt_id,))
        done.answers += 1
    _mend_images(connection, done)
    drop_orphans(connection, done)
    add_missing(connection, done)
    for attempt_id in find_broken_requests(connection):
        connection.execute(
            """UPDATE requests SET params = '{}', "references" = '[]' WHERE attempt_id = ?""", (attempt_id,)
        )
        done.unasked += 1


def _mend_images(connection: sqlite3.Connection, done: Mended) -> None:
    """The pictures of a result are all of them, in order, or none: what is not named any more is fetched again by the answer."""
    named: dict[int, dict[int, bool]] = defaultdict(dict)
    rows = connection.execute(f"SELECT attempt_id, number, {is_digest('digest')} FROM images ORDER BY 1, 2")  # noqa: S608 - our own words
    for attempt_id, number, is_right in rows:
        named[attempt_id][number] = bool(is_right)
    for attempt_id, numbers in named.items():
        wanted = set(range(1, len(numbers) + 1))
        gone, strange = wanted - numbers.keys(), numbers.keys() - wanted
        if not all(numbers.values()) or len(strange) > 1:
            done.rows += connection.execute("DELETE FROM images WHERE attempt_id = ?", (attempt_id,)).rowcount
        elif strange:
            connection.execute(
                "UPDATE images SET number = ? WHERE attempt_id = ? AND number = ?",
                (gone.pop(), attempt_id, strange.pop()),
            )
            done.values += 1


def drop_orphans(connection: sqlite3.Connection, done: Mended) -> None:
    """Rows that belong to a call, or a run, that is not there; they say nothing by themselves."""
    there = {rule.table for rule in list_rules(connection)}
    parents = [(table, "attempt_id", "attempts") for table in _BELOW_ATTEMPTS]
    parents += [(table, "run_id", "runs") for table in ("run_order", "run_results")]
    for table, key, parent in parents:
        if table in there:
            done.rows += connection.execute(
                f"DELETE FROM {table} WHERE {key} NOT IN (SELECT {key} FROM {parent})"  # noqa: S608 - our own words
            ).rowcount


def add_missing(connection: sqlite3.Connection, done: Mended) -> None:
    """Runs, requests and pictures that rows name and that are not there, as far as the rest tells."""
    connection.execute(
        """INSERT OR IGNORE INTO runs (run_id, recipe, realm, started_at, ended_at, status)
           SELECT run_id, coalesce(max(recipe), ''), max(realm), min(reserved_at), max(reserved_at), 'interrupted'
           FROM (SELECT attempt_id, run_id, realm, reserved_at FROM attempts
                 UNION ALL SELECT attempt_id, payer_run_id, realm, reserved_at FROM attempts)
           LEFT JOIN requests USING (attempt_id) GROUP BY run_id"""
    )
    connection.execute(
        """INSERT INTO run_order (run_id) SELECT run_id FROM runs WHERE run_id NOT IN (SELECT run_id FROM run_order)
           ORDER BY started_at, run_id"""
    )
    connection.execute(
        """INSERT OR IGNORE INTO imports (import_id, imported_at, source, digest)
           SELECT import_id, min(reserved_at), '', '' FROM imported_attempts JOIN attempts USING (attempt_id)
           GROUP BY import_id"""
    )
    past = load_past(connection)
    unasked = connection.execute(
        "SELECT attempt_id, realm, fingerprint, step FROM attempts WHERE attempt_id NOT IN (SELECT attempt_id FROM requests)"
    ).fetchall()
    for number, realm, fingerprint, step in unasked:
        recipe, address = past.get((realm, fingerprint), ("", step))
        connection.execute(
            """INSERT INTO requests (attempt_id, recipe, address, model, params, params_digest, "references")
               VALUES (?, ?, ?, '', '{}', '', '[]')""",
            (number, recipe, step or address),
        )
    done.unasked += len(unasked)
    connection.execute("INSERT OR IGNORE INTO blobs SELECT DISTINCT digest, 0, 0, 1, 1, 'png' FROM images")


def load_past(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[str, str]]:
    """By realm and fingerprint, a recipe and an address that last asked for it."""
    rows = connection.execute("SELECT realm, fingerprint, recipe, address FROM past_requests")
    return {(realm, fingerprint): (recipe, address) for realm, fingerprint, recipe, address in rows}
