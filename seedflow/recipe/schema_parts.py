"""Parts of the JSON Schema that several keys have: expressions, templates, settings, and what stands behind a key or does not."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

JsonSchema: TypeAlias = dict[str, Any]

EXPRESSION_SCHEMA: Final[JsonSchema] = {"type": "string", "pattern": r"^\s*\{\{[\s\S]*\}\}\s*$"}
"""Exactly one `{{ }}`."""

SWITCH_SCHEMA: Final[JsonSchema] = {"anyOf": [EXPRESSION_SCHEMA, {"type": "boolean"}]}
"""`true` or `false`, or one `{{ }}` that gives it."""

EXPRESSION_OR_LIST_SCHEMA: Final[JsonSchema] = {"anyOf": [EXPRESSION_SCHEMA, {"type": "array"}]}

EXPRESSION_OR_SCALARS_SCHEMA: Final[JsonSchema] = {
    "anyOf": [EXPRESSION_SCHEMA, {"type": "array", "items": {"type": ["string", "number", "boolean"]}}]
}
"""One `{{ }}` that gives a list, or a list of what has a key of its own."""

TEMPLATE_SCHEMA: Final[JsonSchema] = {"type": "string", "pattern": r"\{\{|\{%"}
"""A text with something to work out in it."""

NAME_OF_ITS_OWN: Final = "^[a-z][a-z0-9_]*$"
"""What names look like that a recipe gives."""


def whole_up_to(most: int) -> JsonSchema:
    """A whole number from 1 to a greatest, or one `{{ }}` that gives it."""
    return {"anyOf": [EXPRESSION_SCHEMA, {"type": "integer", "minimum": 1, "maximum": most}]}


def given(key: str) -> JsonSchema:
    """A mapping in which something stands behind a key."""
    return having(key, {"not": {"type": "null"}})


def having(key: str, value: JsonSchema) -> JsonSchema:
    """A mapping with a key, and behind it such a value."""
    return {"required": [key], **taking(key, value)}


def taking(key: str, value: JsonSchema) -> JsonSchema:
    """A mapping in which such a value stands behind a key, if that is there."""
    return {"properties": {key: value}}
