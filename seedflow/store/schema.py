"""The ledger's tables, version by version. `docs/reference/state.md` explains them to people."""

from __future__ import annotations

import sqlite3

from seedflow.store.base import AttemptState

SCHEMA_VERSION = 1
"""SQLite's `user_version`. A higher one is refused untouched."""

APPLICATION_ID = 0x5EEDF10E
"""SQLite's `application_id`: whose database this is."""

OLDEST_SQLITE = (3, 37, 0)
"""The first SQLite with STRICT tables."""

_STATES = ", ".join(f"'{state.value}'" for state in AttemptState)

_TABLES = (
    """CREATE TABLE runs (
  run_id TEXT PRIMARY KEY NOT NULL,
  recipe TEXT NOT NULL,
  realm TEXT NOT NULL,
  started_at REAL NOT NULL,
  ended_at REAL,
  status TEXT
) STRICT, WITHOUT ROWID""",
    # Small and often changed: what is large stands in `requests` and `answers`.
    f"""CREATE TABLE attempts (
  attempt_id INTEGER PRIMARY KEY,
  intent_id TEXT NOT NULL UNIQUE,
  realm TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  take INTEGER NOT NULL CHECK (take >= 1),
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  state TEXT NOT NULL CHECK (state IN ({_STATES})),
  claimed INTEGER NOT NULL CHECK (claimed IN (0, 1)),
  run_id TEXT NOT NULL REFERENCES runs,
  payer_run_id TEXT NOT NULL REFERENCES runs,
  step TEXT NOT NULL,
  day TEXT NOT NULL,
  reserved_micros INTEGER NOT NULL CHECK (reserved_micros >= 0),
  cost_micros INTEGER NOT NULL CHECK (cost_micros >= 0),
  counted_micros INTEGER NOT NULL CHECK (counted_micros >= 0),
  reserved_at REAL NOT NULL,
  sent_at REAL,
  answered_at REAL,
  failure TEXT,
  message TEXT
) STRICT""",
    "CREATE INDEX attempts_by_request ON attempts (fingerprint, take, realm)",
    "CREATE INDEX attempts_reserved ON attempts (run_id) WHERE state = 'reserved'",
    """CREATE TABLE requests (
  attempt_id INTEGER PRIMARY KEY REFERENCES attempts,
  recipe TEXT NOT NULL,
  address TEXT NOT NULL,
  model TEXT NOT NULL,
  params TEXT NOT NULL,
  params_digest TEXT NOT NULL,
  references_field TEXT,
  "references" TEXT NOT NULL
) STRICT""",
    """CREATE TABLE answers (
  attempt_id INTEGER PRIMARY KEY REFERENCES attempts,
  answer BLOB NOT NULL
) STRICT""",
    """CREATE TABLE blobs (
  digest TEXT PRIMARY KEY NOT NULL,
  size_bytes INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  width_px INTEGER NOT NULL,
  height_px INTEGER NOT NULL,
  format TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE images (
  attempt_id INTEGER NOT NULL REFERENCES attempts,
  number INTEGER NOT NULL CHECK (number >= 1),
  digest TEXT NOT NULL REFERENCES blobs,
  PRIMARY KEY (attempt_id, number)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE past_requests (
  realm TEXT NOT NULL,
  recipe TEXT NOT NULL,
  address TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  params_digest TEXT NOT NULL,
  PRIMARY KEY (realm, recipe, address)
) STRICT, WITHOUT ROWID""",
    # Sums of attempts.counted_micros, kept by the triggers below so that a budget costs one look-up and not a scan.
    """CREATE TABLE spending (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  realm TEXT NOT NULL,
  micros INTEGER NOT NULL,
  PRIMARY KEY (scope, key, realm)
) STRICT, WITHOUT ROWID""",
)


def _add_spending(row: str, sign: str) -> str:
    micros = f"{sign}{row}.counted_micros"
    return f"""INSERT INTO spending (scope, key, realm, micros) VALUES
    ('run', {row}.payer_run_id, {row}.realm, {micros}),
    ('step', {row}.payer_run_id || '/' || {row}.step, {row}.realm, {micros}),
    ('day', {row}.day, {row}.realm, {micros}),
    ('project', '', {row}.realm, {micros})
  ON CONFLICT (scope, key, realm) DO UPDATE SET micros = micros + excluded.micros;"""  # noqa: S608 - OLD or NEW


_TRIGGERS = (
    f"""CREATE TRIGGER spending_after_insert AFTER INSERT ON attempts
WHEN NEW.counted_micros <> 0
BEGIN
  {_add_spending("NEW", "")}
END""",
    f"""CREATE TRIGGER spending_after_update AFTER UPDATE OF counted_micros, payer_run_id, step, day ON attempts
WHEN (OLD.counted_micros, OLD.payer_run_id, OLD.step, OLD.day)
  IS NOT (NEW.counted_micros, NEW.payer_run_id, NEW.step, NEW.day)
BEGIN
  {_add_spending("OLD", "-")}
  {_add_spending("NEW", "")}
END""",
)

STATEMENTS = (*_TABLES, *_TRIGGERS)
"""What makes a new ledger, in order."""


def create_schema(connection: sqlite3.Connection) -> None:
    """Make the tables of a new ledger, inside the caller's transaction."""
    for statement in STATEMENTS:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def find_schema_problem(connection: sqlite3.Connection) -> str | None:
    """How the tables of a ledger that says it has our version differ from ours; None when they do not."""
    found = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
    for statement in STATEMENTS:
        if statement not in found:
            return f"lacks {_name_of(statement)} as version {SCHEMA_VERSION} has it"
    for sql in sorted(found.difference(STATEMENTS)):
        return f"has {_name_of(sql)}, which version {SCHEMA_VERSION} does not have"
    return None


def _name_of(statement: str) -> str:
    return " ".join(statement.split("(", 1)[0].split()[1:3]).lower()
