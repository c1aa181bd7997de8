"""Inputs and values that nothing mentions: a misspelt name, or something left behind."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.braces import list_texts_with_code
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.places import Place
from seedflow.recipe.model import Recipe
from seedflow.recipe.references import NameReference, Reference


def check_unused(subject: Subject) -> Iterator[Diagnostic]:
    """Every input and value is mentioned somewhere in its recipe."""
    places: dict[int, list[Place]] = {}
    for place in subject.places:
        places.setdefault(id(place.frame.recipe), []).append(place)
    for frame in subject.frames:
        yield from _check_recipe(frame.recipe, places.get(id(frame.recipe), []))


def _check_recipe(recipe: Recipe, places: list[Place]) -> Iterator[Diagnostic]:
    mentioned: set[tuple[str, str]] = set()
    unread: list[str] = []
    bare: set[str] = set()
    for place in places:
        for reference in place.template.references:
            mentioned.update(_names_in(reference))
        if place.template.unread:
            unread.append(place.template.scalar.value)
            bare.update(place.template.bare_names)
    bare.update(_list_bare_references(recipe))
    # What a default mentions in braces is told as that, and used once it stands where templates are read.
    unread.extend(text for found in recipe.inputs.values() for text in list_texts_with_code(found))
    if recipe.unread:
        unread.append(recipe.source.text)
    declared = [("inputs", name, found.span) for name, found in recipe.inputs.items()]
    declared.extend(("values", name, span) for name, span in recipe.value_spans.items())
    names = {name for _, name, _ in declared}
    there = {(root, name) for root, name, _ in declared}
    # What is misspelt, or mentioned under the other root, is said there; what it was meant for is not called unused on top.
    unknown = {name for root, name in mentioned if root in ("inputs", "values")} | bare
    meant = bare | {near for name in unknown - names if (near := find_near(name, names)) is not None}
    missing = {root for root, name in mentioned if root in ("inputs", "values") and (root, name) not in there}
    for root, name, span in declared:
        # A template that could not be read mentions nothing; what it meant to mention is not called unused on top.
        written = span.source.text[span.start : span.end]  # which may be no name, and is told as that
        if (root, name) in mentioned or name in meant or root in missing:
            continue
        if any(f".{one}" in text for text in unread for one in (name, written)):
            continue
        yield _unused_input(name, span) if root == "inputs" else _unused_value(name, span)


def _list_bare_references(recipe: Recipe) -> Iterator[str]:
    """Texts that stand where images are wanted: the name of an input without its braces is told as a file that is missing."""
    for step in recipe.steps.values():
        if step.generate is not None and step.generate.references is not None:
            yield from (item.template.scalar.value.strip() for item in step.generate.references.items)


def _unused_input(name: str, span: Span) -> Diagnostic:
    return Diagnostic(
        "unused-input",
        f"input `{name}` is never used",
        span,
        Severity.WARNING,
        help=f"use it as `{{{{ inputs.{name} }}}}`, or take it out",
    )


def _unused_value(name: str, span: Span) -> Diagnostic:
    return Diagnostic(
        "unused-value",
        f"value `{name}` is never used",
        span,
        Severity.WARNING,
        help=f"use it as `{{{{ values.{name} }}}}`, or take it out",
    )


def _names_in(reference: Reference) -> Iterator[tuple[str, str]]:
    """The root and name of each input, value or variable that a mention uses."""
    if isinstance(reference, NameReference):
        if reference.path:
            yield reference.root, reference.name
    elif reference.selector is not None:
        for argument in reference.selector.arguments:
            if isinstance(argument.value, NameReference):
                yield from _names_in(argument.value)
