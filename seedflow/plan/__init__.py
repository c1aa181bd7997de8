"""Stage 3: step graph and a read-only view of the store to `Plan`."""
