"""What the JSON Schema refuses beyond the type of each value: keys that are missing or do not go together, where the place itself proves it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from seedflow.models.model import Model
from seedflow.recipe.input_schema import TYPES_BY_KEY
from seedflow.recipe.model import InputType, Otherwise
from seedflow.recipe.option_schema import EXPECTED
from seedflow.recipe.schema_parts import NAME_OF_ITS_OWN, TEMPLATE_SCHEMA, JsonSchema, given, having, taking
from seedflow.recipe.step_kinds import OPTIONS_BY_KIND
from seedflow.recipe.words import PLACES

_KINDS: Final = ("generate", "recipe")
_NOTHING: Final[JsonSchema] = {"type": "null"}
_SCALAR: Final[JsonSchema] = {"type": ["string", "number", "boolean", "null"]}
_DEFAULTS: Final[Mapping[InputType, JsonSchema]] = {
    InputType.TEXT: _SCALAR,
    InputType.CHOICE: _SCALAR,
    InputType.IMAGE: {**_SCALAR, "pattern": r"\S"},
    InputType.NUMBER: {"type": ["number", "null"]},
    InputType.INTEGER: {"type": ["integer", "null"]},
    InputType.BOOLEAN: {"type": ["boolean", "null"]},
    InputType.LIST: {"type": ["array", "string", "null"]},
    InputType.TABLE: {"type": ["array", "string", "null"]},
}
"""What may stand behind `default`; that of images and of tables may be a folder or a file."""


def refuse_what_is_certain(
    recipe: JsonSchema, definitions: Mapping[str, JsonSchema], models: Sequence[Model]
) -> None:
    """Add to the schema of a recipe and of its parts what the language refuses for certain.

    Args:
        recipe: the schema of the whole; changed.
        definitions: those of its parts by the names of their classes; changed.
        models: what a request may be for.
    """
    # Where all keys are free ones there is no step; nor is there one where no key is.
    recipe["properties"]["steps"]["not"] = {"propertyNames": {"pattern": "^x-"}}
    common = (name for name in models[0].required if all(name in model.required for model in models))
    _add(recipe, *map(_want_parameter, common))
    definitions["StepBlock"]["oneOf"] = [_describe_kind(kind) for kind in _KINDS]
    alone = {"items": {"type": ["string", "number", "boolean"]}}
    _add(definitions["LoopBlock"], {"if": {"not": given("key")}, "then": taking("in", alone)})
    retry = having("otherwise", {"const": Otherwise.RETRY.value})
    _add(
        definitions["ExpectBlock"],
        {"anyOf": [given(key) for key in EXPECTED]},
        {"if": given("attempts"), "then": retry},
    )
    wordings = definitions["RefWordsBlock"]
    for key, places in PLACES.items():
        patterns = [re.escape(place) for place in places] or [r"\S"]
        _add(wordings, *({"if": given(key), "then": taking(key, {"pattern": one})} for one in patterns))
    for name in ("ItemBlock", "ColumnBlock", "InputBlock"):
        block = definitions[name]
        _add(block, *_check_types(_find_mapping(block)["properties"]))


def _describe_kind(kind: str) -> JsonSchema:
    """A step of one kind, without the other kinds and what goes with them alone."""
    everything = {*_KINDS}.union(*(OPTIONS_BY_KIND[one] for one in _KINDS))
    strange = sorted(everything - OPTIONS_BY_KIND[kind] - {kind})
    return {**given(kind), "not": {"anyOf": [given(key) for key in strange]}}


def _check_types(keys: Mapping[str, JsonSchema]) -> Iterator[JsonSchema]:
    """Which keys of a definition go with which types, which a type needs, and what its default is."""
    for key, types in TYPES_BY_KEY.items():
        if key in keys:
            yield {
                "if": given(key),
                "then": taking("type", {"enum": [kind.value for kind in InputType if kind in types]}),
            }
    yield {"if": _is_type(InputType.LIST), "then": given("of")}
    yield {
        "if": _is_type(InputType.CHOICE),
        "then": having("options", {"type": "array", "minItems": 1}),
    }
    if "default" in keys:
        for kind, default in _DEFAULTS.items():
            yield {"if": _is_type(kind), "then": taking("default", default)}
        images = having("of", {"anyOf": [{"const": InputType.IMAGE.value}, _is_type(InputType.IMAGE)]})
        yield {
            "if": {**_is_type(InputType.LIST), "not": images},
            "then": taking("default", {"type": ["array", "null"]}),
        }


def _is_type(kind: InputType) -> JsonSchema:
    return {"type": "object", **having("type", {"const": kind.value})}


def _want_parameter(name: str) -> JsonSchema:
    """A parameter that each request has to have, unless `defaults` give it or a template says what model it is for."""
    open_model = {"type": "object", **having("model", TEMPLATE_SCHEMA)}
    elsewhere = having("defaults", {"anyOf": [{"type": "object", **given(name)}, open_model]})
    request = {"if": {"type": "object", "not": open_model}, "then": given(name)}
    steps = {"patternProperties": {NAME_OF_ITS_OWN: taking("generate", request)}}
    return {"if": {"not": elsewhere}, "then": taking("steps", steps)}


def _add(block: JsonSchema, *rules: JsonSchema) -> None:
    _find_mapping(block).setdefault("allOf", []).extend(rules)


def _find_mapping(block: JsonSchema) -> JsonSchema:
    """The schema of a block's mapping, beside which there may be that of its short form."""
    found: JsonSchema = next((one for one in block.get("anyOf", ()) if "properties" in one), block)
    return found
