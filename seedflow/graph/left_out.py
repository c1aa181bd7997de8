"""Steps whose condition leaves out each of their tasks by itself, so that nobody knows how many stay before results are there."""

from __future__ import annotations

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.model import StepNode
from seedflow.recipe.references import NameReference, StepReference


def leaves_out_some(node: StepNode) -> bool:
    """Whether its own `when` asks for results, and for what differs from task to task; one that does not leaves out all or none."""
    when = node.step.when
    if when is None or when.unread:
        return False
    by_results = any(isinstance(one, StepReference) for one in when.references)
    by_task = any(isinstance(one, NameReference) and one.root == "each" for one in when.references)
    return by_results and by_task


def doubt_pairs(lengths: str, name: str, step: str, span: Span) -> Diagnostic:
    """Lists of `zip`, of which one, called `name`, may come to be shorter since such a step gives it."""
    return Diagnostic(
        "unequal-lists",
        f"`zip` pairs lists of the same length, and {lengths}: whether they fit is decided by `when` of step `{step}`, and known "
        "only when what it asks for is paid",
        span,
        Severity.WARNING,
        help=f"go through `{name}` alone, and find what belongs to an item by what it was made with: `each.{name}.each.…`",
    )
