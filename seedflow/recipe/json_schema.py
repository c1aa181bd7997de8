"""pydantic's JSON Schema of the language made into one that editors complete and check with.

Added are what pydantic cannot know: free keys (`x-`), short forms, templates, and the parameters of models, which come
from their cards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.recipe.certain_schema import refuse_what_is_certain
from seedflow.recipe.schema_parts import EXPRESSION_SCHEMA, NAME_OF_ITS_OWN, TEMPLATE_SCHEMA, JsonSchema

_FREE_KEYS: Final = {"^x-": True}
_IMAGE: Final[JsonSchema] = {
    "type": ["string", "null"],
    "description": "A path, an https URL, or one `{{ }}`.",
}


def finish_schema(
    raw: JsonSchema, short_forms: Mapping[str, Mapping[str, Any]], catalog: Catalog
) -> JsonSchema:
    """The schema of a recipe, from what pydantic made of its classes.

    Args:
        raw: pydantic's; taken apart and changed.
        short_forms: for some classes, the schema of what may stand in place of the mapping.
        catalog: its default model gives the parameters that editors offer.
    """
    definitions: dict[str, JsonSchema] = raw.pop("$defs")
    for block in (raw, *definitions.values()):
        _finish_block(block)
    for name, short in short_forms.items():
        block = definitions[name]
        definitions[name] = {"description": block.pop("description", ""), "anyOf": [dict(short), block]}
    default = catalog.find(catalog.default_id)
    if default is None:
        raise ValueError(f"the default model {catalog.default_id} is not in the catalog")
    others = [
        model for name in catalog.ids if name != default.id and (model := catalog.find(name)) is not None
    ]
    definitions["Generate"] = _describe_request(default, catalog, closed=True)
    step = definitions["StepBlock"]
    request: JsonSchema = {"$ref": "#/$defs/Generate"}
    chosen: JsonSchema = {}
    if others:
        definitions["GenerateOther"] = _describe_other(others, catalog)
        names_other = {
            "type": "object",
            "required": ["model"],
            "properties": {"model": {"not": {"const": default.id}}},
        }
        chosen = _describe_chosen({"if": names_other, "else": request})
        request = {"if": names_other, "then": {"$ref": "#/$defs/GenerateOther"}}
    step["properties"]["generate"] = {"description": step["properties"]["generate"]["description"], **request}
    defaults = _describe_defaults([default, *others], catalog)
    raw["properties"]["defaults"] = {**defaults, "description": raw["properties"]["defaults"]["description"]}
    pairs = {**EXPRESSION_SCHEMA, "pattern": r"^\s*\{\{-?\s*zip\s*\("}
    step["properties"]["for_each"] = _either(pairs, step["properties"]["for_each"])
    refuse_what_is_certain(raw, definitions, [default, *others])
    renamed = {name: name.removesuffix("Block") for name in definitions}
    ordered: JsonSchema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A seedflow recipe",
        **{key: value for key, value in raw.items() if key != "title"},
        **chosen,
        "$defs": {renamed[name]: definition for name, definition in sorted(definitions.items())},
    }
    _rename(ordered, {f"#/$defs/{old}": f"#/$defs/{new}" for old, new in renamed.items()})
    return ordered


def _finish_block(block: JsonSchema) -> None:
    block.pop("title", None)
    block["patternProperties"] = dict(_FREE_KEYS)
    required = block.get("required", [])
    for name, key in block["properties"].items():
        key.pop("title", None)
        if key.get("default") in (None, [], {}):
            key.pop("default", None)
        if "patternProperties" in key:
            key["patternProperties"] = {**key["patternProperties"], **_FREE_KEYS}
            key["additionalProperties"] = False
        if name not in required and key.get("type") in ("object", "array", "boolean", "string"):
            key["type"] = [key["type"], "null"]
        if name not in required and "anyOf" in key and {"type": "null"} not in key["anyOf"]:
            key["anyOf"].append({"type": "null"})


def _describe_request(model: Model, catalog: Catalog, *, closed: bool) -> JsonSchema:
    """What stands behind `generate:` for one model."""
    schema: JsonSchema = {
        "description": f"One request to {model.id}. Its keys are the parameters on the model's card.",
        "type": ["object", "null"],
        "properties": {
            "model": _describe_model(catalog),
            **{name: _describe_parameter(name, model) for name in model.parameters},
        },
        "patternProperties": dict(_FREE_KEYS),
    }
    if closed:
        schema["additionalProperties"] = False
    return schema


def _describe_defaults(models: Sequence[Model], catalog: Catalog) -> JsonSchema:
    """What stands behind `defaults:`: the parameters of all models, each with what any of them takes."""
    schema = _describe_request(models[0], catalog, closed=True)
    for name in dict.fromkeys(name for model in models for name in model.parameters):
        forms = [_describe_parameter(name, model) for model in models if name in model.parameters]
        schema["properties"][name] = (
            forms[0] if len(forms) == 1 else {"description": forms[0]["description"], "anyOf": forms}
        )
    return schema


def _describe_chosen(request: JsonSchema) -> JsonSchema:
    """What is asked of each step's request unless `defaults:` name another model for all of them."""
    step = {"properties": {"generate": request}}
    return {
        "if": {"required": ["defaults"], "properties": {"defaults": {"required": ["model"]}}},
        "else": {"properties": {"steps": {"patternProperties": {NAME_OF_ITS_OWN: step}}}},
    }


def _describe_other(models: Sequence[Model], catalog: Catalog) -> JsonSchema:
    """What stands behind `generate:` for models that are not the default; any key where a template names the model."""
    return {
        "description": "One request to another model. Its keys are the parameters on that model's card.",
        "type": "object",
        "properties": {"model": _describe_model(catalog)},
        "allOf": [
            {
                "if": {"properties": {"model": {"const": model.id}}},
                "then": _describe_request(model, catalog, closed=True),
            }
            for model in models
        ],
    }


def _describe_model(catalog: Catalog) -> JsonSchema:
    return {
        "description": f"The model. Without it: {catalog.default_id}.",
        "anyOf": [{"enum": list(catalog.ids)}, dict(TEMPLATE_SCHEMA), {"type": "null"}],
    }


def _describe_parameter(name: str, model: Model) -> JsonSchema:
    if name == model.references_field:
        return _describe_references(name, model)
    card = dict(model.parameters[name])
    described = card.pop("description", None) or f"`{name}` of {model.id}{_describe_values(card)}."
    if card.get("type") == "string" and "enum" not in card:
        card["type"] = ["string", "number", "boolean"]
    if name == model.prompt_field:
        card["pattern"] = r"\S"
    return {"description": described, "anyOf": [card, dict(TEMPLATE_SCHEMA), {"type": "null"}]}


def _describe_values(card: Mapping[str, Any]) -> str:
    if "enum" in card:
        return f": {', '.join(str(value) for value in card['enum'])}"
    if "minimum" in card and "maximum" in card:
        return f": {card['minimum']} to {card['maximum']}"
    return {"string": ", a text", "boolean": ": true or false", "integer": ", a whole number"}.get(
        card.get("type", ""), ""
    )


def _describe_references(name: str, model: Model) -> JsonSchema:
    images = {"anyOf": [dict(_IMAGE), {"type": "array", "items": dict(_IMAGE)}]}
    most = f" At most {model.max_references}." if model.max_references is not None else ""
    return {
        "description": f"The images that go into the request: a list, or a mapping of names to images, which the prompt "
        f"calls `{{{{ ref.NAME }}}}`. `{name}` of {model.id}.{most}",
        "anyOf": [
            dict(_IMAGE),
            {"type": "array", "items": dict(_IMAGE)},
            {
                "type": "object",
                "patternProperties": {NAME_OF_ITS_OWN: images, **_FREE_KEYS},
                "additionalProperties": False,
            },
        ],
    }


def _either(first: JsonSchema, second: JsonSchema) -> JsonSchema:
    """One of two schemas, with the description of the second."""
    return {"description": second.pop("description", ""), "anyOf": [first, second]}


def _rename(value: object, references: Mapping[str, str]) -> None:
    """Give every `$ref` in a tree its new target."""
    if isinstance(value, dict):
        if value.get("$ref") in references:
            value["$ref"] = references[value["$ref"]]
        for item in value.values():
            _rename(item, references)
    elif isinstance(value, list):
        for item in value:
            _rename(item, references)
