"""A validator's errors about a card or a profile as flaws: at the key that is wrong, in our own words, with what to write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from jsonschema_rs import Draft202012Validator, ValidationError

from seedflow.diagnostics.suggest import find_near
from seedflow.models.explain import describe
from seedflow.models.flaws import Flaw

Path = tuple[str | int, ...]

_META_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
"""Known to the validator itself; nothing is fetched."""
_TYPES: Final[Mapping[str, str]] = {
    "string": "a text in quotes",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "an object",
    "null": "`null`",
}
_BOUNDS: Final[Mapping[str, str]] = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_PATTERNS: Final[Mapping[str, str]] = {
    "^[0-9]{4}-": "a day, such as `2026-11-25`",
    "^[0-9]+(": 'dollars as a text, such as `"0.04"`',
}
"""What a pattern of a profile's schema means, by how it begins."""


def find_shape_flaws(
    errors: Iterable[ValidationError], known: Mapping[Path, Collection[str]]
) -> Iterator[Flaw]:
    """The flaws of a file that has not the shape of its schema.

    Args:
        errors: what a validator found.
        known: the keys that may stand at a place, a `0` for every item of a list; for suggestions.
    """
    for error in errors:
        path = tuple(error.instance_path)
        details = error.kind.as_dict()
        if error.kind.name == "additionalProperties":
            keys = known.get(tuple(0 if isinstance(step, int) else step for step in path), ())
            yield from (_unknown_key(str(name), path, keys) for name in details["unexpected"])
        elif error.kind.name == "required":
            yield Flaw(path, f"`{details['property']}` is missing", f"add `{details['property']}`")
        elif error.kind.name == "falseSchema":
            yield Flaw(path, f"a rule of this kind has no `{path[-1]}`", f"take `{path[-1]}` out")
        else:
            yield Flaw(path, f"is {describe(error.instance)}, expected {_expected(error, details)}")


def find_schema_flaws(schema: Mapping[str, object], path: Path) -> list[Flaw]:
    """What is wrong with a JSON Schema as one, each at the key where it is.

    Args:
        schema: one that cannot be compiled.
        path: where it stands in its file.
    """
    errors = list(_schema_validator().iter_errors(dict(schema)))
    if errors:
        return [_schema_flaw(error, (*path, *error.instance_path)) for error in errors]
    try:
        Draft202012Validator(dict(schema), validate_formats=True)
    except ValueError as error:
        return [Flaw(path, f"is not a JSON Schema: {str(error).partition(chr(10))[0]}")]
    return []


@cache
def _schema_validator() -> Draft202012Validator:
    return Draft202012Validator({"$ref": _META_SCHEMA}, validate_formats=True)


def _schema_flaw(error: ValidationError, path: Path) -> Flaw:
    details = error.kind.as_dict()
    if path[-1] == "type":
        names = error.instance if isinstance(error.instance, list) else [error.instance]
        wrong = next((name for name in names if not isinstance(name, str) or name not in _TYPES), None)
        if wrong is not None:
            near = find_near(wrong, _TYPES) if isinstance(wrong, str) else None
            message = f"is not a JSON Schema: {describe(wrong)} is no type; the types are {', '.join(_TYPES)}"
            return Flaw(path, message, f"did you mean `{near}`?" if near else "write one of these")
    return Flaw(
        path, f"is not a JSON Schema: it is {describe(error.instance)}, expected {_expected(error, details)}"
    )


def _unknown_key(name: str, path: Path, known: Collection[str]) -> Flaw:
    near = find_near(name, known)
    advice = f"did you mean `{near}`?" if near else f"its keys are {', '.join(known)}" if known else None
    return Flaw(
        (*path, name),
        "there is no such key in a profile" if not path else "there is no such key here",
        advice,
    )


def _expected(error: ValidationError, details: Mapping[str, object]) -> str:
    match error.kind.name, details:
        case "type", {"types": [*types]}:
            return " or ".join(_TYPES.get(str(name), str(name)) for name in types)
        case "enum", {"options": [*options]}:
            return " or ".join(describe(option) for option in options)
        case "const", {"expected_value": value}:
            return describe(value)
        case "pattern", {"pattern": str(pattern)}:
            meant = (words for start, words in _PATTERNS.items() if pattern.startswith(start))
            return next(meant, f"what matches `{pattern}`")
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" as bound, {"limit": limit}:
            return f"{_BOUNDS[bound]} {limit}"
        case "minLength" | "minProperties", _:
            return "something in it"
        case "minItems", {"limit": limit}:
            return f"at least {limit} of them"
        case "maxItems", {"limit": limit}:
            return f"at most {limit} of them"
        case "format", {"format": "regex"}:
            return "a regular expression"
        case "uniqueItems", _:
            return "each one once"
        case _:
            return f"something else: {error.message}"
