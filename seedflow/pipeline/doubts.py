"""Doubts of the check that are still doubts once a plan knows the values of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.model import StepGraph
from seedflow.graph.places import Part, find_step_places
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Named

_JUDGED_AGAIN = frozenset(
    ("many-requests", "out-of-bounds", "out-of-range", "too-many-together", "too-many-values")
)
"""What the plan judges as well, of every request and every use of a recipe, and with better numbers."""
_ANSWERED = frozenset(("may-be-none", "image-may-be-missing", "nothing-to-apply", "too-few-values"))
"""What an error of the plan at the same place answers."""
_LOOKED_AT = (Part.FOR_EACH, Part.TAKES, Part.EXPECT)
"""What a plan works out by itself, where it mentions no results."""


def keep_doubts(
    checked: Sequence[Diagnostic],
    graph: StepGraph,
    inputs: Mapping[str, object],
    found: Sequence[Diagnostic],
    confirms: Callable[[Diagnostic], bool],
) -> Iterator[Diagnostic]:
    """What the check said, without doubts that the plan judges better, and those about inputs that are answered by their values.

    What may be too small is left to the check, which knows the tests around it; the plan `confirms` that it still may be.
    """
    answered: frozenset[Span] | None = None
    wrong = {str(one.span) for one in found if one.severity is Severity.ERROR}
    said = {(one.code, str(one.span)) for one in found}
    conditions = [one.span for one in found if one.code == "not-boolean" and one.span is not None]
    for one in checked:
        span = one.span
        doubt = one.severity is Severity.WARNING
        if doubt and (one.code, str(span)) in said:
            continue
        if doubt and one.code in _JUDGED_AGAIN and not confirms(one):
            continue
        if doubt and one.code == "not-boolean" and span and any(_holds(other, span) for other in conditions):
            continue
        if one.code in _ANSWERED and span is not None and doubt:
            if str(span) in wrong:
                continue
            if one.code == "may-be-none" and span.source is graph.recipe.source:
                if answered is None:
                    answered = frozenset(_find_answered(graph, inputs))
                if span in answered or inputs.get(_find_input(one, span)) is not None:
                    continue
        yield one


def _holds(outer: Span, inner: Span) -> bool:
    """Whether a place is a part of another one: a part of a condition is in doubt no more where the whole one failed."""
    return outer.source is inner.source and outer.start <= inner.start and inner.end <= outer.end


def _find_input(doubt: Diagnostic, span: Span) -> str:
    """The input that a doubt is about: the one at its place, or the one that a reference names."""
    text = span.source.text[span.start : span.end]
    if text.startswith("ref.") and doubt.related:
        beside = doubt.related[0].span
        text = beside.source.text[beside.start : beside.end]
    return text.strip("\"'{} ").removeprefix("inputs.")


def _find_answered(graph: StepGraph, inputs: Mapping[str, object]) -> Iterator[Span]:
    """The places of lists, takes and expectations that the plan has looked at, and of columns that no row of their table lacks."""
    for node in graph.list_steps(graph.frame):
        rows = {
            name: _find_rows(items, inputs)
            for loop in node.step.for_each
            for name, items in zip(loop.names, loop.lists, strict=True)
        }
        for place in find_step_places(node):
            mentions = place.template.references
            if place.part in _LOOKED_AT and not any(isinstance(one, StepReference) for one in mentions):
                yield place.template.scalar.span
            for one in mentions:
                if isinstance(one, NameReference) and one.root == "each" and len(one.path) == 2:
                    column = str(one.path[1])
                    found = rows.get(one.name, (None,))
                    if all(isinstance(row, Mapping) and row.get(column) is not None for row in found):
                        yield place.template.span_of(one)


def _find_rows(items: object, inputs: Mapping[str, object]) -> Sequence[object]:
    """The rows of an input that a list is as a whole; for any other, one that has no column."""
    node = items.expression if isinstance(items, Template) else None
    rows = inputs.get(node.name) if isinstance(node, Named) and node.root == "inputs" else None
    return rows if isinstance(rows, list | tuple) else (None,)
