"""The command line: one file per command, human text and JSON of the same data."""
