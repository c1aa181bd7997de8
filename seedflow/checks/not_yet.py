"""Parts of the language that this seedflow recognises but does not carry out yet, as far as a graph shows them."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic
from seedflow.graph.places import Part, Place
from seedflow.recipe.references import StepReference


def check_not_yet(subject: Subject) -> Iterator[Diagnostic]:
    """Lists of `for_each` are known when planning, and no mention asks for the outputs of a used recipe."""
    for place in subject.places:
        for reference in place.template.references:
            if (
                isinstance(reference, StepReference)
                and subject.flow.find_target(reference, place.node) is not None
            ):
                yield from _check_mention(reference, place)


def _check_mention(reference: StepReference, place: Place) -> Iterator[Diagnostic]:
    if place.part is Part.FOR_EACH:
        yield Diagnostic(
            "not-yet",
            f"for_each over the results of step {reference.step} belongs to the language, but this seedflow can only repeat "
            "a step over lists that are known when planning",
            place.template.span_of(reference),
            help="write the list out, or take it from an input",
        )
    elif reference.collection == "outputs":
        yield Diagnostic(
            "not-yet",
            ".outputs are those of a step that uses another recipe, which belongs to the language but is not there yet",
            place.template.span_of(reference),
            help=f"use steps.{reference.step}.images",
        )
