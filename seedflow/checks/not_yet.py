"""Mentions that the language knows and this seedflow cannot carry out yet."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic
from seedflow.graph.places import Part
from seedflow.recipe.references import StepReference


def check_not_yet(subject: Subject) -> Iterator[Diagnostic]:
    """Lists of `for_each` are known when planning, and no mention asks for the outputs of a used recipe."""
    for place in subject.places:
        if place.part is not Part.FOR_EACH:
            continue
        for reference in place.template.references:
            if isinstance(reference, StepReference) and subject.flow.find_target(reference, place.node):
                yield Diagnostic(
                    "not-yet",
                    f"`for_each` over what step `{reference.step}` gives belongs to the language, but this seedflow can only "
                    "repeat a step over lists that are known when planning",
                    place.template.span_of(reference),
                    help="write the list out, or take it from an input",
                )
    for mention in subject.mentions:
        if mention.reference.collection == "outputs":
            yield Diagnostic(
                "not-yet",
                "`.outputs` are those of a step that uses another recipe; this belongs to the language, but this "
                "seedflow cannot do it yet",
                mention.span,
                help=f"use `steps.{mention.reference.step}.images`",
            )
