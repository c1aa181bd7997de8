"""Stage 2b: what can be said of a `StepGraph` before any input has a value; one file for each family of rules."""
