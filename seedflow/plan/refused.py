"""What a rendering ends with that gives no value: what is wrong, on its way to whoever builds the task."""

from __future__ import annotations

from seedflow.diagnostics import Diagnostic


class Refused(Exception):  # noqa: N818 - not an error of the program: carries a diagnostic out of nested rendering
    """A template or reference that cannot be rendered; caught where the task is built."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
