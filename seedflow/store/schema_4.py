"""What version 4 of the ledger adds: how many attempts of a request an address judged."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE judged_attempts (
  realm TEXT NOT NULL,
  recipe TEXT NOT NULL,
  address TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  take INTEGER NOT NULL CHECK (take >= 1),
  attempts INTEGER NOT NULL CHECK (attempts >= 1),
  PRIMARY KEY (realm, recipe, address, fingerprint, take)
) STRICT, WITHOUT ROWID""",
)
"""What makes a ledger of version 4 of one of version 3. Of what was judged before, the addresses that asked tell (`requests`)."""
