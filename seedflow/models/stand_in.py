"""Values that a JSON Schema takes, made up for whoever stands in for a model: an answer has more fields than its images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, cast

from jsonschema_rs import Draft202012Validator

_MOST_TRIED: Final = 2_000
"""Values that are tried for one answer in all; a schema that takes none of them is beyond us."""
_MOST_ITEMS: Final = 100
_LONGEST_TEXT: Final = 1_000
_URL: Final = "https://stand-in.invalid/1"
_TEXTS: Final[Mapping[str, str]] = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "nobody@stand-in.invalid",
    "hostname": "stand-in.invalid",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000001",
}
"""A text of each format that is no URL."""
_PLAIN: Final = (
    "stand-in",
    "",
    "1",
    "A",
    _URL,
    f"{_URL}.png",
    f"{_URL}.jpg",
    "image/png",
    "png",
    "0001",
    "1.0",
)
_TYPES: Final = ("object", "string", "integer", "number", "boolean", "array", "null")


class _CannotError(Exception):
    """Nothing that was tried is what the schema takes."""


def make_up(schema: Mapping[str, object]) -> object:
    """A value that a schema takes, with no more in it than is required; None when none is found.

    Known are types, `enum`, `const`, bounds, formats, lists and objects to any depth, and combinations; of patterns those that a
    URL or a plain word matches.
    """
    try:
        return _Maker().make(schema)
    except _CannotError:
        return None


class _Maker:
    def __init__(self) -> None:
        self._left = _MOST_TRIED

    def make(self, schema: Mapping[str, object]) -> object:
        validator = Draft202012Validator(dict(schema), validate_formats=True)
        for flat in self._flatten(schema):
            for value in self._propose(flat):
                self._spend()
                if validator.is_valid(value):
                    return value
        raise _CannotError

    def _flatten(self, schema: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
        """The schema without combinations, once for each way to choose from them."""
        for key in ("allOf", "anyOf", "oneOf"):
            branches = [one for one in cast("list[object]", schema.get(key, [])) if isinstance(one, dict)]
            if not branches:
                continue
            rest = {name: value for name, value in schema.items() if name != key}
            if key == "allOf":
                for branch in branches:
                    rest = _join(rest, branch)
                yield from self._flatten(rest)
            else:
                for branch in branches:
                    self._spend()
                    yield from self._flatten(_join(rest, branch))
            return
        yield schema

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _CannotError

    def _propose(self, schema: Mapping[str, object]) -> Iterator[object]:
        if "const" in schema:
            yield schema["const"]
        for key in ("enum", "examples"):
            yield from islice(cast("list[object]", schema.get(key) or []), _MOST_ITEMS)
        if "default" in schema:
            yield schema["default"]
        declared = schema.get("type", _TYPES)
        for name in (declared,) if isinstance(declared, str) else cast("list[str]", declared):
            yield from self._propose_one(name, schema)

    def _propose_one(self, name: str, schema: Mapping[str, object]) -> Iterator[object]:
        match name:
            case "string":
                yield from _propose_texts(schema)
            case "integer" | "number":
                yield from _propose_numbers(schema)
            case "boolean":
                yield from (True, False)
            case "array":
                yield from self._propose_lists(schema)
            case "object":
                yield from self._propose_objects(schema)
            case _:
                yield None

    def _propose_lists(self, schema: Mapping[str, object]) -> Iterator[object]:
        count = schema.get("minItems", 0)
        if not isinstance(count, int) or count > _MOST_ITEMS:
            return
        first = [one for one in cast("list[object]", schema.get("prefixItems", [])) if isinstance(one, dict)]
        items = schema.get("items")
        later = items if isinstance(items, dict) else {}
        try:
            made = [self.make(first[place] if place < len(first) else later) for place in range(count)]
        except _CannotError:
            return
        yield made

    def _propose_objects(self, schema: Mapping[str, object]) -> Iterator[object]:
        properties, others = schema.get("properties"), schema.get("additionalProperties")
        known = properties if isinstance(properties, dict) else {}
        other = others if isinstance(others, dict) else {}
        made: dict[str, object] = {}
        try:
            for key in cast("list[str]", schema.get("required", [])):
                inner = known.get(key, other)
                made[key] = self.make(inner if isinstance(inner, dict) else {})
        except _CannotError:
            return
        yield made


def _propose_texts(schema: Mapping[str, object]) -> Iterator[str]:
    shortest = schema.get("minLength", 0)
    least = shortest if isinstance(shortest, int) and shortest <= _LONGEST_TEXT else 0
    named = str(schema.get("format", ""))
    likely = _TEXTS.get(named) or (_URL if named else None)
    for text in (*((likely,) if likely else ()), *_PLAIN):
        yield text.ljust(least, "1")
    longest = schema.get("maxLength")
    if isinstance(longest, int):
        yield "stand-in"[:longest]


def _propose_numbers(schema: Mapping[str, object]) -> Iterator[int | float]:
    yield from (1, 0)
    step = schema.get("multipleOf", 1)
    by = step if isinstance(step, (int, float)) and not isinstance(step, bool) else 1
    for key, away in (("minimum", 1), ("exclusiveMinimum", 1), ("maximum", -1), ("exclusiveMaximum", -1)):
        bound = schema.get(key)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool):
            inwards = (bound // by) * by
            yield from (bound, inwards, inwards + away * by, inwards + 2 * away * by, bound + away / 1000)


def _join(schema: Mapping[str, object], branch: Mapping[str, object]) -> dict[str, object]:
    """A schema that is both, roughly: what comes of it is judged by the whole one."""
    joined = {**schema, **branch}
    for key in ("required", "allOf"):
        if isinstance(one := schema.get(key), list) and isinstance(other := branch.get(key), list):
            joined[key] = [*one, *other]
    if isinstance(known := schema.get("properties"), dict) and isinstance(
        more := branch.get("properties"), dict
    ):
        both = {
            name: {**known[name], **more[name]}
            for name in known.keys() & more.keys()
            if isinstance(known[name], dict) and isinstance(more[name], dict)
        }
        joined["properties"] = {**known, **more, **both}
    return joined
