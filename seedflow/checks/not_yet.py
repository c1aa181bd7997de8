"""Mentions that the language knows and this seedflow cannot carry out yet; the reader of recipes refuses the other ones."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic
from seedflow.recipe.references import StepReference


def check_not_yet(subject: Subject) -> Iterator[Diagnostic]:
    """No mention asks for the outputs of a step that uses another recipe."""
    for place in subject.places:
        for reference in place.template.references:
            if not isinstance(reference, StepReference) or reference.collection != "outputs":
                continue
            if subject.flow.find_target(reference, place.node) is not None:
                yield Diagnostic(
                    "not-yet",
                    "`.outputs` are those of a step that uses another recipe; this belongs to the language, but this "
                    "seedflow cannot do it yet",
                    place.template.span_of(reference),
                    help=f"use steps.{reference.step}.images",
                )
