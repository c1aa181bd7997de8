"""A model's card: the JSON Schemas of its input and its answer, as the provider publishes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import cast

from jsonschema_rs import Draft202012Validator

from seedflow.errors import CatalogError

_COMBINATIONS = ("anyOf", "oneOf", "allOf")


@dataclass(frozen=True)
class Card:
    """A card. `parameters` maps each name to its JSON Schema, in the card's order; validators are compiled when first used."""

    id: str
    input: Mapping[str, object]
    output: Mapping[str, object]
    parameters: Mapping[str, Mapping[str, object]]
    required: tuple[str, ...]

    @cached_property
    def input_validator(self) -> Draft202012Validator:
        """Checks inputs, formats such as `uri` included."""
        return _compile(self.id, "input", self.input)

    @cached_property
    def output_validator(self) -> Draft202012Validator:
        """Checks answers, formats such as `uri` included."""
        return _compile(self.id, "output", self.output)

    def types_of(self, name: str) -> frozenset[str]:
        """The JSON types that a parameter may have; empty when the card does not say or has no such parameter."""
        return _types(self.parameters.get(name, {}))

    def options_of(self, name: str) -> tuple[object, ...] | None:
        """The values that a parameter may have, if the card lists them."""
        options = self.parameters.get(name, {}).get("enum")
        return tuple(options) if isinstance(options, list) else None

    def bound_of(self, name: str, keyword: str) -> int | None:
        """A whole-number bound of a parameter such as `maximum` or `maxItems`, if the card has it."""
        bound = self.parameters.get(name, {}).get(keyword)
        return bound if isinstance(bound, int) and not isinstance(bound, bool) else None


def parse_card(data: object, name: str) -> Card:
    """Read a card; `name` is what messages call it.

    Raises:
        CatalogError: it has no id, or its input is not the schema of an object with named parameters.
    """
    if not isinstance(data, dict) or not isinstance(data.get("model"), str) or not data["model"]:
        raise CatalogError(f"card {name}: `model` must be the model's id")
    input_schema, output_schema = data.get("input"), data.get("output")
    if not isinstance(input_schema, dict) or not isinstance(output_schema, dict):
        raise CatalogError(f"card {name}: `input` and `output` must be JSON Schemas")
    properties = input_schema.get("properties")
    if not isinstance(properties, dict) or not all(
        isinstance(schema, dict) for schema in properties.values()
    ):
        raise CatalogError(f"card {name}: `input.properties` must map each parameter to its JSON Schema")
    required = input_schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(parameter, str) for parameter in required):
        raise CatalogError(f"card {name}: `input.required` must be a list of parameters")
    return Card(
        id=data["model"],
        input=MappingProxyType(input_schema),
        output=MappingProxyType(output_schema),
        parameters=MappingProxyType(properties),
        required=tuple(required),
    )


def _compile(model: str, part: str, schema: Mapping[str, object]) -> Draft202012Validator:
    try:
        return Draft202012Validator(dict(schema), validate_formats=True)
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        raise CatalogError(f"card {model}: `{part}` is not a JSON Schema: {reason}") from error


def _types(schema: Mapping[str, object]) -> frozenset[str]:
    declared = schema.get("type")
    if isinstance(declared, str):
        return frozenset({declared})
    if isinstance(declared, list):
        return frozenset(str(name) for name in declared)
    options = schema.get("enum")
    if isinstance(options, list):
        return frozenset(json_type(option) for option in options)
    branches = [branch for key in _COMBINATIONS for branch in cast("list[object]", schema.get(key, []))]
    return frozenset().union(*(_types(branch) for branch in branches if isinstance(branch, dict)))


def json_type(value: object) -> str:
    """The JSON type of a Python value; `integer` for every whole number."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list() | tuple():
            return "array"
        case _:
            return "object"
