"""What is wrong with the parameters of a request: a place inside the input, never a place in a file."""

from __future__ import annotations

from dataclasses import dataclass

from seedflow.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of an input or of an answer.

    `path` leads to the value that is meant, from the parameter's name inwards: `("image_input", 2)`. It is empty when
    the input as a whole is meant, as for a parameter that is missing; otherwise it exists in what was judged.
    `code` is a diagnostic's code (`docs/reference/diagnostics/models.md`).
    """

    path: tuple[str | int, ...]
    message: str
    severity: Severity
    code: str
    help: str | None = None
