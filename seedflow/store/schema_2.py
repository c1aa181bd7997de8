"""What version 2 of the ledger adds: quick listings, how a run ended, and results that came from another machine."""

from __future__ import annotations

STATEMENTS = (
    # Listings: of a run, of what is open, and since a moment. The newest come by `attempt_id`, which needs no index.
    "CREATE INDEX attempts_by_run ON attempts (run_id)",
    "CREATE INDEX attempts_by_payer ON attempts (payer_run_id)",
    "CREATE INDEX attempts_by_time ON attempts (reserved_at)",
    """CREATE INDEX attempts_open ON attempts (state)
WHERE state IN ('sending', 'answered', 'fetched', 'unknown', 'lost-paid')""",
    "CREATE INDEX requests_by_address ON requests (address)",
    """CREATE TABLE run_results (
  run_id TEXT PRIMARY KEY NOT NULL REFERENCES runs,
  output_folder TEXT,
  result TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE imports (
  import_id TEXT PRIMARY KEY NOT NULL,
  imported_at REAL NOT NULL,
  source TEXT NOT NULL,
  digest TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE imported_attempts (
  attempt_id INTEGER PRIMARY KEY REFERENCES attempts,
  import_id TEXT NOT NULL REFERENCES imports
) STRICT""",
    "CREATE INDEX imported_attempts_by_import ON imported_attempts (import_id)",
)
"""What makes a ledger of version 2 of one of version 1, in order."""
