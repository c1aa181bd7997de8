"""The disk: blobs by digest, the ledger of calls, locks. The only folder that spells a path in the state."""
