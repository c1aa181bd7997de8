"""Fan-outs that explode: how many requests a step becomes when lists, takes and edits multiply."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.counting import Counts
from seedflow.graph.model import StepNode

_MANY = 500
"""Requests of one step from which on a warning says so."""
_MANY_BY_MULTIPLYING = 200
"""The same where several lists multiply, so that nobody wrote the number down."""


def check_amounts(subject: Subject) -> Iterator[Diagnostic]:
    """No step becomes very many requests without a word; limits are such a word."""
    limits = subject.graph.recipe.limits
    if limits.tasks is not None or limits.images is not None or limits.cost_usd is not None:
        return
    counts = subject.flow.counts
    for node in subject.graph.steps.values():
        call = node.frame.call
        if _is_many(_find_factors(node, counts)) and not (
            call is not None and _is_many(_find_factors(call, counts))
        ):
            yield _warn(node, counts)


def _find_factors(node: StepNode, counts: Counts) -> list[tuple[int, str]]:
    """What multiplies, outermost first: how many there are for certain, and of what; those of one are left out."""
    found: list[tuple[int, str]] = []
    at: StepNode | None = node
    while at is not None:
        own = [
            (counts.loop_items(at, number).low, " and ".join(f"`{name}`" for name in variable.names))
            for number, variable in enumerate(at.step.for_each)
        ]
        own.append((counts.takes(at).low, "takes"))
        own.append((counts.passes(at).low, "edits"))
        found = own + found
        at = at.frame.call
    return [(count, what) for count, what in found if count != 1]


def _is_many(factors: list[tuple[int, str]]) -> bool:
    return _multiply(factors) >= (_MANY_BY_MULTIPLYING if len(factors) > 1 else _MANY)


def _multiply(factors: list[tuple[int, str]]) -> int:
    product = 1
    for count, _ in factors:
        product *= count
    return product


def _warn(node: StepNode, counts: Counts) -> Diagnostic:
    factors = _find_factors(node, counts)
    spelled = " × ".join(f"{count:,} {what}" for count, what in factors)
    number = f"{_multiply(factors):,}"
    makes = f"{number} requests" if node.step.generate is not None else f"{number} uses of a recipe"
    return Diagnostic(
        "many-requests",
        f"step `{node.step.name}` becomes at least {makes}: {spelled}",
        node.step.for_each[-1].span if node.step.for_each else node.step.span,
        Severity.WARNING,
        help="shorten a list, or write `limits:`, such as `limits: {cost_usd: 20}`, to say that it is meant",
    )
