"""Mentions that the language knows and this seedflow cannot carry out yet; the reader of recipes refuses the other ones."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic


def check_not_yet(subject: Subject) -> Iterator[Diagnostic]:
    """No mention asks for the outputs of a step that uses another recipe."""
    for mention in subject.mentions:
        if mention.reference.collection == "outputs":
            yield Diagnostic(
                "not-yet",
                "`.outputs` are those of a step that uses another recipe; this belongs to the language, but this "
                "seedflow cannot do it yet",
                mention.span,
                help=f"use steps.{mention.reference.step}.images",
            )
