"""What a JSON Schema of a card can hold, as far as one can tell without a value: URLs of images; and the same in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeGuard

from seedflow.models.card import json_type, types_in

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "string": "a text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "array": "a list",
        "object": "an object",
        "null": "null",
    }
)
_SEVERAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "string": "texts",
        "integer": "whole numbers",
        "number": "numbers",
        "boolean": "true or false",
        "array": "lists",
        "object": "objects",
        "null": "null",
    }
)
_IMPLIED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "properties": "object",
        "items": "array",
        "prefixItems": "array",
        "format": "string",
        "pattern": "string",
        "minimum": "number",
        "maximum": "number",
    }
)
"""Keys that are written for values of one type alone; a schema with them and without a type means that type."""
_URL_FORMATS: Final = ("uri", "iri", "url")
_URL_PATTERN: Final = "^http"


def may_hold_urls(schema: object, *, listed: bool = True) -> bool:
    """Whether the values may be URLs of any image: a text that is not chosen from a few, or, if `listed`, a list of such texts.

    A schema that says nothing of its values may hold everything.
    """
    if not isinstance(schema, Mapping):
        return schema is not False
    if "enum" in schema or "const" in schema:
        return False
    kinds = _kinds_of(schema)
    as_text = "string" in kinds and _is_url_format(schema.get("format", "uri"))
    as_list = listed and "array" in kinds and may_hold_urls(schema.get("items", True), listed=False)
    if kinds and not as_text and not as_list:
        return False
    either = [branch for key in ("anyOf", "oneOf") if _is_list(found := schema.get(key)) for branch in found]
    every = found if _is_list(found := schema.get("allOf")) else []
    return (not either or any(may_hold_urls(branch, listed=listed) for branch in either)) and all(
        may_hold_urls(branch, listed=listed) for branch in every
    )


def says_urls(schema: object) -> bool:
    """Whether a schema that may hold URLs says itself that it does, by its format or pattern."""
    if not isinstance(schema, Mapping):
        return False
    pattern = schema.get("pattern")
    if _is_url_format(schema.get("format")) or (
        isinstance(pattern, str) and pattern.startswith(_URL_PATTERN)
    ):
        return True
    branches = [
        branch
        for key in ("anyOf", "oneOf", "allOf")
        if _is_list(found := schema.get(key))
        for branch in found
    ]
    return says_urls(schema.get("items")) or any(map(says_urls, branches))


def holds_objects(schema: Mapping[str, object]) -> bool:
    """Whether there are objects in it, in which URLs would not be found."""
    kinds = _kinds_of(schema)
    items = schema.get("items")
    return "object" in kinds or ("array" in kinds and isinstance(items, Mapping) and holds_objects(items))


def describe_schema(schema: object) -> str:
    """What the values are, for messages: "a list of objects"."""
    if not isinstance(schema, Mapping):
        return "anything" if schema is not False else "nothing"
    if "enum" in schema or "const" in schema:
        return "one of a few values"
    kinds, items = types_in(schema) or _kinds_of(schema), schema.get("items")
    if kinds == {"array"} and isinstance(items, Mapping) and (inner := _kinds_of(items)):
        few = "enum" in items or "const" in items
        return f"a list of {'a few values' if few else ' or '.join(_name(inner, _SEVERAL))}"
    if kinds == {"string"} and "format" in schema:
        return f"a text of the format {schema['format']}"
    return name_types(kinds) if kinds else "anything"


def name_types(types: frozenset[str] | set[str]) -> str:
    """JSON types in words: "a text or a list"."""
    *first, last = _name(types, _WORDS) or ["something else"]
    return f"{', '.join(first)} or {last}" if first else last


def _name(types: frozenset[str] | set[str], words: Mapping[str, str]) -> list[str]:
    shown = types - {"integer"} if "number" in types else types
    return [word for name, word in words.items() if name in shown]


def _kinds_of(schema: Mapping[str, object]) -> frozenset[str]:
    """The types that a schema has by itself, combinations apart; empty where it does not say."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return frozenset({declared})
    if isinstance(declared, list):
        return frozenset(map(str, declared))
    if _is_list(options := schema.get("enum")):
        return frozenset(map(json_type, options))
    return frozenset(kind for key, kind in _IMPLIED.items() if key in schema)


def _is_url_format(name: object) -> bool:
    return isinstance(name, str) and any(part in name.casefold() for part in _URL_FORMATS)


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
