"""Answers that are made up for a card: whatever it requires besides the images, a stand-in has it too."""

from __future__ import annotations

import time
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from seedflow.models.catalog import build_catalog
from seedflow.models.model import Model
from seedflow.models.stand_in import make_up

URL: dict[str, Any] = {"type": "string", "format": "uri"}
ADDRESS = "https://pictures.invalid/1"


def model_of(output: dict[str, Any]) -> Model:
    card = {"model": "a/b", "input": {"properties": {"prompt": {"type": "string"}}}, "output": output}
    return build_catalog([("card", card)], [], "a/b").models["a/b"]


@pytest.mark.parametrize(
    "field",
    [
        URL,
        {"type": "string", "pattern": "^https://"},
        {"anyOf": [URL, {"type": "null"}]},
        {"anyOf": [{"type": "null"}, URL]},
        {"type": ["string", "null"], "format": "uri"},
        {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^https://"}},
        {"anyOf": [URL, {"type": "array", "items": URL}]},
        {},
    ],
)
def test_the_field_of_the_images_has_its_form(field: dict[str, Any]) -> None:
    model = model_of({"type": "object", "properties": {"image": field}, "required": ["image"]})
    result = model.build_result([ADDRESS])
    assert model.find_breach(result) is None
    assert model.image_urls(result) == (ADDRESS,)


@pytest.mark.parametrize(
    "other",
    [
        {"type": "integer"},
        {"type": "integer", "minimum": 7, "multipleOf": 5},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
        {"type": "integer", "maximum": -3},
        {"const": "done"},
        {"enum": [None, "x"]},
        {"type": "boolean"},
        {"type": "null"},
        {"type": "string", "minLength": 40},
        {"type": "string", "maxLength": 2},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "pattern": "^https://"},
        {"type": "string", "pattern": "^[a-z]{2}$", "examples": ["en"]},
        {"type": "array", "minItems": 2, "items": {"type": "number", "minimum": 0.5}},
        {"type": "array", "minItems": 2, "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        {
            "type": "object",
            "properties": {"width": {"type": "integer", "minimum": 64}, "more": {"type": "string"}},
            "required": ["width"],
            "additionalProperties": False,
        },
        {"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}},
        {"anyOf": [{"type": "string", "pattern": "^[0-9]{9}$"}, {"type": "integer", "minimum": 3}]},
        {"allOf": [{"type": "integer"}, {"minimum": 12}, {"maximum": 12}]},
        {"oneOf": [{"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}]},
    ],
    ids=str,
)
def test_required_fields_are_made_up(other: dict[str, Any]) -> None:
    output = {
        "type": "object",
        "properties": {"other": other, "image": URL},
        "required": ["image", "other"],
        "additionalProperties": False,
    }
    model = model_of(output)
    result = model.build_result([ADDRESS])
    assert model.find_breach(result) is None
    assert result.keys() == {"other", "image"}


def test_nothing_is_added_that_is_not_required() -> None:
    output = {
        "type": "object",
        "properties": {"seed": {"type": "integer"}, "image": URL},
        "required": ["image"],
    }
    assert model_of(output).build_result([ADDRESS]) == {"image": ADDRESS}


def test_what_is_beyond_it_is_told_as_a_breach() -> None:
    odd = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    model = model_of({"properties": {"image": URL, "hash": odd}, "required": ["image", "hash"]})
    assert model.find_breach(model.build_result([ADDRESS])) == '"hash" is a required property'


def branch(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string", "pattern": "^never$"}
    for _ in range(depth):
        found = {"anyOf": [found, found]}
    return found


@pytest.mark.parametrize(
    "schema",
    [
        branch(10),
        {"type": "array", "minItems": 10**12},
        {"type": "string", "minLength": 10**12},
        {"type": "array", "minItems": 90, "items": {"type": "array", "minItems": 90, "items": {"type": "array",
         "minItems": 90, "items": {"type": "string", "pattern": "^never$"}}}},
    ],
    ids=["branches", "items", "letters", "nested"],
)  # fmt: skip # a row a line
def test_a_schema_that_takes_nothing_of_ours_is_given_up_soon(schema: dict[str, Any]) -> None:
    started = time.monotonic()
    assert make_up(schema) is None
    assert time.monotonic() - started < 10


def test_what_is_made_up_is_valid() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "required": ["b"]}}, "required": ["a"]}
    assert Draft202012Validator(schema).is_valid(make_up(schema))
