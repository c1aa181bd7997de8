"""What is known of a step's request from the text alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seedflow.diagnostics.suggest import find_near
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import Kind
from seedflow.models.model import Model
from seedflow.recipe.model import Parameter

FITTING: Mapping[str, frozenset[Kind]] = {
    "string": frozenset({Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN}),
    "integer": frozenset({Kind.INTEGER, Kind.NUMBER}),
    "number": frozenset({Kind.INTEGER, Kind.NUMBER}),
    "boolean": frozenset({Kind.BOOLEAN}),
    "array": frozenset({Kind.LIST}),
    "object": frozenset({Kind.RECORD}),
}
"""The shapes that a parameter of a type takes."""


@dataclass(frozen=True, slots=True)
class StaticRequest:
    """What is known of a step's request before any input has a value.

    `parameters` are those written out, by name and without the references field; `unknown` are those that templates decide,
    and those that a misspelt name is meant for, which are there although nobody reads them.
    """

    parameters: Mapping[str, object]
    unknown: frozenset[str]


def read_request(node: StepNode, model: Model | None) -> StaticRequest:
    """The literal parameters of a step; `null` leaves one out."""
    known: dict[str, object] = {}
    unknown: set[str] = set()
    for name, parameter in node.generate.parameters.items():
        value = read_parameter(parameter, model)
        if value is NOT_LITERAL:
            unknown.add(name)
        elif value is not None:
            known[name] = value
    if model is not None:
        unknown.update(_find_meant(node, model))
    return StaticRequest(known, frozenset(unknown))


def read_parameter(parameter: Parameter, model: Model | None) -> object:
    """The literal value of a parameter as it would be sent, or `NOT_LITERAL`."""
    as_text = model is not None and model.wants_text(parameter.name)
    value = read_literal(parameter.expression, as_text=as_text)
    return value.strip() if as_text and isinstance(value, str) else value


def _find_meant(node: StepNode, model: Model) -> Iterator[str]:
    """The parameters that a step spells wrongly and does not set otherwise."""
    request = node.generate
    for name in request.parameters:
        if name not in model.parameters:
            near = find_near(name, model.parameters)
            if near is not None and near not in request.parameters:
                yield near


def list_types(schema: Mapping[str, object]) -> tuple[str, ...]:
    """The types that the schema of a parameter names."""
    match schema.get("type"):
        case str() as name:
            return (name,)
        case list() as names:
            return tuple(str(name) for name in names)
        case _:
            return ()
