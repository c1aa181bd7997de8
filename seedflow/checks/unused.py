"""Inputs and values that nothing mentions: a misspelt name, or something left behind."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.recipe.references import NameReference, Reference


def check_unused(subject: Subject) -> Iterator[Diagnostic]:
    """Every input and value is mentioned somewhere."""
    mentioned: set[tuple[str, str | None]] = set()
    for place in subject.places:
        for reference in place.template.references:
            mentioned.update(_names_in(reference))
    recipe = subject.graph.recipe
    whole = {root for root, name in mentioned if name is None}
    for declared in recipe.inputs.values():
        if ("inputs", declared.name) not in mentioned and "inputs" not in whole:
            yield Diagnostic(
                "unused-input",
                f"input {declared.name} is never used",
                declared.span,
                Severity.WARNING,
                help=f"use it as {{{{ inputs.{declared.name} }}}}, or take it out",
            )
    for name, span in recipe.value_spans.items():
        if ("values", name) not in mentioned and "values" not in whole:
            yield Diagnostic(
                "unused-value",
                f"value {name} is never used",
                span,
                Severity.WARNING,
                help=f"use it as {{{{ values.{name} }}}}, or take it out",
            )


def _names_in(reference: Reference) -> Iterator[tuple[str, str | None]]:
    """Root and name of what a mention uses; no name for the root as a whole."""
    if isinstance(reference, NameReference):
        yield reference.root, reference.name if reference.path else None
    elif reference.selector is not None:
        for argument in reference.selector.arguments:
            if isinstance(argument.value, NameReference):
                yield from _names_in(argument.value)
