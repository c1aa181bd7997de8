"""Plain texts that are nothing but an expression: without braces they go to the model, or to whoever uses them, as they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.places import Part, Place
from seedflow.recipe.model import Input, InputType, Recipe
from seedflow.recipe.unbraced import find_code, find_expression, find_other_braces, suggest_braces
from seedflow.text.nodes import Scalar, Sequence

_TEXTS: Final = frozenset((Part.PARAMETER, Part.FOR_EACH, Part.WITH, Part.VALUE))
"""Where texts may stand that go into a prompt."""


def check_braces(subject: Subject) -> Iterator[Diagnostic]:
    """No text looks like a mention that somebody forgot to put into braces. What a type proves wrong is said elsewhere."""
    for frame in subject.frames:
        for declared in frame.recipe.inputs.values():
            yield from _check_default(declared, frame.recipe)
    for place in chain(subject.places, subject.literals):
        if place.part in _TEXTS:
            yield from _check_other_braces(place)
    for place in subject.literals:
        if place.part is Part.REFERENCE or place.part is Part.MODEL:
            continue
        if place.part is Part.PARAMETER and place.node is not None:
            model = subject.flow.find_model(place.node)
            schema = None if model is None else model.parameters.get(place.name)
            if schema is None or "enum" in schema:
                continue
        if place.part is Part.WITH and place.node is not None and place.node.step.call is not None:
            used = place.node.step.call.recipe
            wanted = None if used is None else used.inputs.get(place.name)
            if wanted is None or wanted.type is not InputType.TEXT:
                continue
        text = read_literal(place.template, as_text=True)
        help_text = None if text is NOT_LITERAL else suggest_braces(str(text))
        if help_text is not None:
            yield Diagnostic(
                "missing-braces",
                f"`{str(text).strip()}` looks like an expression, and without braces it is nothing but this text",
                place.template.scalar.span,
                Severity.WARNING,
                help=help_text,
            )


def _check_other_braces(place: Place) -> Iterator[Diagnostic]:
    """`{inputs.hero}` and the like, if there is an `inputs.hero`: nobody writes that by chance."""
    text = place.template.scalar.value
    for found in find_other_braces(text):
        root, name = found.name
        if name in _list_names(root, place):
            yield Diagnostic(
                "missing-braces",
                f"`{text[found.start : found.end]}` looks like an expression, and without double braces it is nothing but this text",
                place.template.scalar.span_at(found.start, found.end),
                Severity.WARNING,
                help=f"did you mean `{{{{ {found.expression} }}}}`?",
            )


def _list_names(root: str, place: Place) -> Collection[str]:
    recipe = place.frame.recipe
    match root:
        case "inputs":
            return recipe.inputs
        case "values":
            return recipe.values
        case "each":
            return [name for loop in place.node.step.for_each for name in loop.names] if place.node else ()
        case _:
            return recipe.steps


def _names_something(code: str, recipe: Recipe) -> bool:
    """Whether any of the mentions in a text between braces is of something that the recipe has."""
    variables = {name for step in recipe.steps.values() for loop in step.for_each for name in loop.names}
    variables.update(step.iterate.name for step in recipe.steps.values() if step.iterate is not None)
    known: dict[str, Collection[str]] = {
        "inputs": recipe.inputs,
        "values": recipe.values,
        "steps": recipe.steps,
        "each": variables,
    }
    return any(
        root not in known or name in known[root] for root, name in re.findall(r"\b(\w+)\s*\.\s*(\w+)", code)
    )


def _check_default(declared: Input, recipe: Recipe) -> Iterator[Diagnostic]:
    for default in _list_texts(declared):
        if find_expression(default.value) is not None:
            yield Diagnostic(
                "missing-braces",
                f"`{default.value.strip()}` looks like an expression, and a default is data: it is nothing but this text",
                default.span,
                Severity.WARNING,
                help=f"leave the default out, and name what is meant where `{declared.name}` is used, or under `values:`",
            )
        code = find_code(default.value)
        if code is not None and _names_something(default.value[slice(*code)], recipe):
            text = "{{ [ … ] }}" if declared.type is InputType.LIST else "…"
            yield Diagnostic(
                "braces-in-default",
                f"`{default.value[slice(*code)]}` stands in a default, which is data: it is used with its braces, as it is written here",
                default.span_at(*code),
                Severity.WARNING,
                help=f'under `values:` templates are read: write `{declared.name}: "{text}"` there in place of this input, and use it as '
                f"`{{{{ values.{declared.name} }}}}`",
            )


def _list_texts(declared: Input) -> Iterator[Scalar]:
    """The texts of an input's default, which are used as they stand."""
    default = declared.default
    if declared.type is InputType.TEXT and isinstance(default, Scalar):
        yield default
    if declared.of is not None and declared.of.type is InputType.TEXT and isinstance(default, Sequence):
        yield from (item for item in default.items if isinstance(item, Scalar))


def list_texts_with_code(declared: Input) -> Iterator[str]:
    """Such texts that hold a template which is none."""
    return (text.value for text in _list_texts(declared) if find_code(text.value) is not None)
