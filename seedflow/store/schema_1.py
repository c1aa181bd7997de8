"""The ledger's tables in version 1, word for word as they were made: a file of that version is known by this text."""

from __future__ import annotations

_STATES = "'reserved', 'sending', 'answered', 'fetched', 'done', 'failed', 'unknown', 'lost-paid'"

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
"""What a ledger of version 1 consists of, in the order of making."""
