"""What version 3 of the ledger adds: the order in which runs began, whatever clocks say."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE run_order (
  number INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE REFERENCES runs
) STRICT""",
)
"""What makes a ledger of version 3 of one of version 2, in order."""

FILL = ("INSERT INTO run_order (run_id) SELECT run_id FROM runs ORDER BY started_at, run_id",)
"""Of runs that were there before, their clocks are all that is known."""
