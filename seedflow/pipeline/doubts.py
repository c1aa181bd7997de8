"""Doubts of the check that are still doubts once a plan knows the values of the inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.model import StepGraph
from seedflow.graph.places import Part, Place, find_step_places
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Named

_JUDGED_AGAIN = frozenset(("out-of-bounds", "out-of-range", "too-many-together", "too-many-values"))
"""What the plan judges as well, of every request and every use of a recipe, and with better numbers."""
_ANSWERED = frozenset(("may-be-none", "image-may-be-missing", "nothing-to-apply"))
"""What an error of the plan at the same place answers."""


def keep_doubts(
    checked: Sequence[Diagnostic],
    graph: StepGraph,
    inputs: Mapping[str, object],
    found: Sequence[Diagnostic],
) -> Iterator[Diagnostic]:
    """What the check said, without doubts that the plan judges better, and those about inputs that are answered by their values."""
    wrong = {str(one.span) for one in found if one.severity is Severity.ERROR}
    said = {(one.code, str(one.span)) for one in found}
    for one in checked:
        span = one.span
        doubt = one.severity is Severity.WARNING
        if doubt and (one.code in _JUDGED_AGAIN or (one.code, str(span)) in said):
            continue
        if one.code in _ANSWERED and span is not None and doubt:
            given = one.code == "may-be-none" and _is_given(one, span, graph, inputs)
            if given or str(span) in wrong:
                continue
        yield one


def _is_given(doubt: Diagnostic, span: Span, graph: StepGraph, inputs: Mapping[str, object]) -> bool:
    """Whether what may be none is there with these values."""
    if span.source is not graph.recipe.source:
        return False
    name = _find_input(doubt, span)
    if inputs.get(name) is not None:
        return True
    return any(
        _answers(place, span, inputs)
        for node in graph.list_steps(graph.frame)
        for place in find_step_places(node)
    )


def _find_input(doubt: Diagnostic, span: Span) -> str:
    """The input that a doubt is about: the one at its place, or the one that a reference names."""
    text = span.source.text[span.start : span.end]
    if text.startswith("ref.") and doubt.related:
        beside = doubt.related[0].span
        text = beside.source.text[beside.start : beside.end]
    return text.strip("\"'{} ").removeprefix("inputs.")


def _answers(place: Place, span: Span, inputs: Mapping[str, object]) -> bool:
    """Whether what stands at a place is a list that the plan has looked at, or a column that no row of its table lacks."""
    references = place.template.references
    if place.part is Part.FOR_EACH and place.template.scalar.span == span:
        return not any(isinstance(one, StepReference) for one in references)
    for one in references:
        of_row = isinstance(one, NameReference) and one.root == "each" and len(one.path) == 2
        if of_row and isinstance(one, NameReference) and place.template.span_of(one) == span:
            loops = place.node.step.for_each if place.node is not None else ()
            lists = [loop.lists[loop.names.index(one.name)] for loop in loops if one.name in loop.names]
            rows = _find_rows(lists[0], inputs) if lists else (None,)
            return all(isinstance(row, Mapping) and row.get(str(one.path[1])) is not None for row in rows)
    return False


def _find_rows(items: object, inputs: Mapping[str, object]) -> Sequence[object]:
    """The rows of an input that a list is as a whole; for any other, one that has no column."""
    node = items.expression if isinstance(items, Template) else None
    rows = inputs.get(node.name) if isinstance(node, Named) and node.root == "inputs" else None
    return rows if isinstance(rows, list | tuple) else (None,)
