"""Lists of `for_each` that are longer than their `at_most`, for certain or perhaps."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.recipe.model import Expression, LoopVariable
from seedflow.recipe.template import Template
from seedflow.recipe.templating.operation_nodes import And, Applied, Binary, Either, Or


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
        behind = "(…)" if any(map(_needs_brackets, variable.lists)) else ""
        yield Diagnostic(
            "too-many-items",
            f"`{names}` may have up to {high} item{'' if high == 1 else 's'}, but `at_most` is {most}, and how many is known only when they are paid",
            variable.span,
            Severity.WARNING,
            help=f"take as many as are meant, with a slice such as `{behind}[:{most}]`; with more this step fails",
        )


def _needs_brackets(items: Expression) -> bool:
    """Whether a slice behind a list would be one of its last part alone, as behind a filter."""
    node = items.expression if isinstance(items, Template) else None
    if isinstance(node, Applied) and isinstance(items, Template) and node.arguments:
        return "|" in items.scalar.value[node.arguments[0].end : node.end]
    return isinstance(node, And | Binary | Either | Or)
