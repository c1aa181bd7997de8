"""A model's card: the JSON Schemas of its input and its answer, as the provider publishes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, cast

from jsonschema_rs import Draft202012Validator

from seedflow.models.flaws import Flaw, FlawedError

_COMBINATIONS: Final = ("anyOf", "oneOf", "allOf")
_TAKEN: Final = "model"
"""A key of `generate:` itself, so that no parameter can be called so."""
_FREE: Final = "x-"
REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
"""Keys of a schema that point elsewhere."""
_LONGEST_ID: Final = 200
_TYPES_WITH: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "minItems": frozenset({"array"}),
        "maxItems": frozenset({"array"}),
        "minimum": frozenset({"integer", "number"}),
        "maximum": frozenset({"integer", "number"}),
    }
)
"""Bounds, and the types that they bind."""


@dataclass(frozen=True)
class Card:
    """A card. `parameters` maps each name to its JSON Schema, in the card's order; validators are compiled when first used.

    `price_usd` is what one image costs, if the card says it.
    """

    id: str
    input: Mapping[str, object]
    output: Mapping[str, object]
    parameters: Mapping[str, Mapping[str, object]]
    required: tuple[str, ...]
    price_usd: Decimal | None = None

    @cached_property
    def input_validator(self) -> Draft202012Validator:
        """Checks inputs, formats such as `uri` included."""
        return _compile(self.id, "input", self.input)

    @cached_property
    def output_validator(self) -> Draft202012Validator:
        """Checks answers, formats such as `uri` included."""
        return _compile(self.id, "output", self.output)

    @property
    def answer_fields(self) -> Mapping[str, object]:
        """The fields of an answer and their JSON Schemas."""
        properties = self.output.get("properties")
        return properties if isinstance(properties, dict) else {}

    def types_of(self, name: str) -> frozenset[str]:
        """The JSON types that a parameter may have; empty when the card does not say or has no such parameter."""
        return types_in(self.parameters.get(name, {}))

    def options_of(self, name: str) -> tuple[object, ...] | None:
        """The values that a parameter may have, if the card lists them."""
        options = self.parameters.get(name, {}).get("enum")
        return tuple(options) if isinstance(options, list) else None

    def choices_of(self, name: str) -> tuple[str, ...] | None:
        """The values that a parameter may have as keys of a profile spell them, if they are few: listed, or true and false."""
        options = self.options_of(name)
        if options is None and self.types_of(name) - {"null"} == {"boolean"}:
            options = (True, False)
        return None if options is None else tuple(map(spell_choice, options))

    def bound_of(self, name: str, keyword: str) -> int | None:
        """A whole-number bound of a parameter such as `maximum` or `maxItems`, if the card has it.

        Where the card offers several forms (`anyOf`), it is the widest bound of those that it can bind, and none as soon
        as one of them has none.
        """
        schema = self.parameters.get(name, {})
        bound = _whole(schema.get(keyword))
        if bound is not None:
            return bound
        types = _TYPES_WITH.get(keyword, frozenset())
        bounds = [_whole(branch.get(keyword)) for branch in _branches(schema) if types_in(branch) & types]
        known = [found for found in bounds if found is not None]
        if not known or len(known) < len(bounds):
            return None
        return min(known) if keyword.startswith("min") else max(known)


def spell_choice(value: object) -> str:
    """A value of a parameter as a key of a profile: booleans and whole numbers as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def parse_card(data: object, name: str) -> Card:
    """Read a card; `name` is what messages call it.

    Raises:
        FlawedError: it has no id, its input is not the schema of an object with named parameters, or its answer has no
            fields; all flaws in one.
    """
    flaws = list(find_card_flaws(data))
    card = read_sound_parts(data, flaws)
    if flaws or card is None:
        raise FlawedError(f"card {name}", flaws)
    return card


def read_sound_parts(data: object, flaws: Sequence[Flaw]) -> Card | None:
    """A card as far as it has no flaws, to judge by it what else belongs to it; None where there is too little of it.

    A parameter or field with a flaw in it may be anything there. What is read so must not judge requests.
    """
    if not isinstance(data, dict):
        return None
    parts = [_drop_flawed(data.get(part), part, flaws) for part in ("input", "output")]
    schemas = [part for part in parts if part is not None]
    if len(schemas) < len(parts):
        return None
    wrong = {flaw.path for flaw in flaws}
    price = None if ("price_per_image_usd",) in wrong else data.get("price_per_image_usd")
    return Card(
        id="" if ("model",) in wrong else data["model"],
        input=MappingProxyType(schemas[0]),
        output=MappingProxyType(schemas[1]),
        parameters=MappingProxyType(schemas[0]["properties"]),
        required=() if ("input", "required") in wrong else tuple(schemas[0].get("required", [])),
        price_usd=None if price is None else Decimal(str(price)),
    )


def _drop_flawed(schema: object, part: str, flaws: Sequence[Flaw]) -> dict[str, Any] | None:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or not isinstance(properties, dict) or not properties:
        return None
    flawed = {flaw.path[2] for flaw in flaws if flaw.path[:2] == (part, "properties") and len(flaw.path) > 2}
    if not flawed:
        return schema
    return {
        **schema,
        "properties": {key: {} if key in flawed else inner for key, inner in properties.items()},
    }


def find_card_flaws(data: object) -> Iterator[Flaw]:
    """What is wrong with a card, whatever stands in a profile."""
    if not isinstance(data, dict):
        yield Flaw((), "a card must be a JSON object with `model`, `input` and `output`")
        return
    name = data.get("model")
    if not isinstance(name, str) or not name or len(name) > _LONGEST_ID or not _is_one_word(name):
        yield Flaw(("model",), "must be the model's id, as on the wire")
    for part in ("input", "output"):
        schema = data.get(part)
        if not isinstance(schema, dict):
            yield Flaw((part,), "must be a JSON Schema")
            continue
        yield from _find_references(schema, (part,))
        properties = schema.get("properties")
        what = "parameter" if part == "input" else "field of an answer"
        if not isinstance(properties, dict) or not properties:
            yield Flaw((part, "properties"), f"must map each {what} to its JSON Schema")
            continue
        for key, inner in properties.items():
            if not isinstance(inner, dict):
                yield Flaw((part, "properties", key), f"must be the JSON Schema of this {what}")
            elif part == "input" and (key == _TAKEN or key.startswith(_FREE)):
                yield Flaw((part, "properties", key), f"no parameter can be called {key} in a recipe")
        required = schema.get("required", [])
        if not isinstance(required, list) or any(key not in properties for key in map(str, required)):
            yield Flaw((part, "required"), f"must be a list of names that stand in {part}.properties")
    price = data.get("price_per_image_usd")
    if price is not None and (
        isinstance(price, bool) or not isinstance(price, (int, float)) or not 0 <= price < 1e6
    ):
        yield Flaw(("price_per_image_usd",), "must be a number of dollars")


def _find_references(value: object, path: tuple[str | int, ...]) -> Iterator[Flaw]:
    """A schema that points elsewhere could make checking a recipe read files or ask hosts; cards stand for themselves."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in REFERENCES and isinstance(inner, str):
                yield Flaw((*path, key), "references are not followed; write the schema out")
            else:
                yield from _find_references(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _find_references(inner, (*path, number))


def _is_one_word(text: str) -> bool:
    return text.isprintable() and not any(character.isspace() for character in text)


def _compile(model: str, part: str, schema: Mapping[str, object]) -> Draft202012Validator:
    try:
        return Draft202012Validator(dict(schema), validate_formats=True)
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        raise FlawedError(f"card {model}", [Flaw((part,), f"is not a JSON Schema: {reason}")]) from error


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _branches(schema: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = [branch for key in _COMBINATIONS for branch in cast("list[object]", schema.get(key, []))]
    return [branch for branch in found if isinstance(branch, dict)]


def types_in(schema: Mapping[str, object]) -> frozenset[str]:
    """The JSON types that the values of a schema may have; empty where it does not say."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return frozenset({declared})
    if isinstance(declared, list):
        return frozenset(str(name) for name in declared)
    options = schema.get("enum")
    if isinstance(options, list):
        return frozenset(json_type(option) for option in options)
    return frozenset().union(*(types_in(branch) for branch in _branches(schema)))


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
