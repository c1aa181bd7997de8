"""A local server that speaks the provider's contract, faults included. Start: `server`; one call: `generate`."""
