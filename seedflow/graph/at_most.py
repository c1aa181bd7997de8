"""Lists of `for_each` that are longer than their `at_most`, for certain or perhaps."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.recipe.model import LoopVariable


def judge_length(
    variable: LoopVariable, low: int, high: int | None, *, dynamic: bool = True
) -> Iterator[Diagnostic]:
    """What is wrong with a list of `low` to `high` items; `dynamic` when only the run knows how many."""
    most, names = variable.at_most, ", ".join(variable.names)
    if most is None:
        return
    if low > most:
        yield Diagnostic(
            "too-many-items",
            f"`{names}` has {'' if low == high else 'at least '}{low} item{'' if low == 1 else 's'}, but `at_most` is {most}",
            variable.span,
            help="shorten the list or raise `at_most`",
        )
    elif high is not None and high > most and dynamic:
        yield Diagnostic(
            "too-many-items",
            f"`{names}` may have up to {high} item{'' if high == 1 else 's'}, but `at_most` is {most}, and how many is known only when they are paid",
            variable.span,
            Severity.WARNING,
            help=f"take as many as are meant, with a slice such as `[:{most}]`; with more this step fails",
        )
