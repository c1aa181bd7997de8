"""Fan-outs that explode: how many requests a step becomes when lists, takes and edits multiply."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.counting import Counts
from seedflow.graph.many import MANY, MANY_BY_MULTIPLYING, says_it_is_meant
from seedflow.graph.model import StepNode
from seedflow.recipe.model import LoopVariable
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Named
from seedflow.text.nodes import Sequence


def check_amounts(subject: Subject) -> Iterator[Diagnostic]:
    """No step becomes very many requests without a word; limits are such a word."""
    if says_it_is_meant(subject.graph.recipe.limits):
        return
    counts = subject.flow.counts
    for node in subject.graph.steps.values():
        call = node.frame.call
        if _is_many(_find_factors(node, counts)) and not (
            call is not None and _is_many(_find_factors(call, counts))
        ):
            yield _warn(node, counts)


def _find_factors(node: StepNode, counts: Counts, *, defaults: bool = True) -> list[tuple[int, str]]:
    """What multiplies, outermost first: how many there are, of inputs by their defaults, and of what; those of one are left out."""
    found: list[tuple[int, str]] = []
    at: StepNode | None = node
    while at is not None:
        own = [
            (
                max(counts.loop_items(at, number).low, _count_default(variable, at) if defaults else 0),
                " and ".join(f"`{name}`" for name in variable.names),
            )
            for number, variable in enumerate(at.step.for_each)
        ]
        own.append((counts.takes(at).low, "takes"))
        own.append((counts.passes(at).low, "edits"))
        found = own + found
        at = at.frame.call
    return [(count, what) for count, what in found if count != 1]


def _count_default(variable: LoopVariable, node: StepNode) -> int:
    """How many items the default has of an input that a list is nothing but."""
    if node.frame.call is not None:
        return 0
    for items in variable.lists:
        whole = items.expression if isinstance(items, Template) else None
        if isinstance(whole, Named) and whole.root == "inputs":
            declared = node.frame.recipe.inputs.get(whole.name)
            if declared is not None and isinstance(declared.default, Sequence):
                count = len(declared.default.items)
                return count if variable.at_most is None else min(count, variable.at_most)
    return 0


def _is_many(factors: list[tuple[int, str]]) -> bool:
    return _multiply(factors) >= (MANY_BY_MULTIPLYING if len(factors) > 1 else MANY)


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
    given = _multiply(_find_factors(node, counts, defaults=False)) < _multiply(factors)
    becomes = f"becomes {makes} with the defaults of the inputs" if given else f"becomes at least {makes}"
    return Diagnostic(
        "many-requests",
        f"step `{node.step.name}` {becomes}: {spelled}",
        node.step.for_each[-1].span if node.step.for_each else node.step.span,
        Severity.WARNING,
        help="shorten a list, or write `limits:`, such as `limits: {cost_usd: 20}`, to say that it is meant",
    )
