"""A validator's errors in our own words: what was found, what the card allows, and what may have been meant."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from jsonschema_rs import ValidationError

from seedflow.diagnostics import Severity
from seedflow.diagnostics.printable import make_printable
from seedflow.diagnostics.suggest import find_near
from seedflow.models.card import Card, json_type
from seedflow.models.problem import Problem

Path = tuple[str | int, ...]

_LEAST_PIXELS = 100
"""Of a picture's shorter side; no ratio is spelled with such numbers."""
_RATIO = re.compile(r"0*([1-9][0-9]{0,4}):0*([1-9][0-9]{0,4})", re.ASCII)
_TIER = re.compile(r"([1-9][0-9]?) ?[kK]", re.ASCII)
_SHOWN_CHARACTERS = 60
_SHOWN_OPTIONS = 24
_TYPE_WORDS: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_COMPARISONS: Mapping[str, str] = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_VALUE_LISTS = frozenset({"enum", "const"})


def explain_input(
    errors: Iterable[ValidationError],
    card: Card,
    *,
    complete: bool,
    missing: Sequence[str],
    absent: Mapping[str, str],
    images: str | None = None,
) -> list[Problem]:
    """Problems of an input. `images` is the parameter that takes references.

    `missing` are the required parameters that are missing for certain, `absent` says what to do instead of some that
    only other models have. When the input is not `complete` (a value is not
    known yet), what the schema says of the object as a whole is left for later, unknown names excepted.
    """
    problems = [
        Problem(
            (),
            f"the required parameter `{name}` is missing",
            Severity.ERROR,
            code="missing-parameter",
            help=f"add `{name}: …` ({'an image' if name == images else _wanted(card.types_of(name))})",
        )
        for name in missing
    ]
    kept = [error for error in errors if _can_tell(error, complete=complete)]
    for problem in _explain_all(kept, (), card):
        is_absent = problem.code == "unknown-parameter" and problem.path[0] in absent
        problems.append(explain_unknown(str(problem.path[0]), card, absent) if is_absent else problem)
    return problems


def explain_unknown(name: str, card: Card, absent: Mapping[str, str]) -> Problem:
    """The problem of a parameter that the card does not have."""
    near = find_near(name, card.parameters)
    instead = absent.get(name) or (f"did you mean `{near}`?" if near else None)
    return Problem(
        (name,),
        f"`{card.id}` has no parameter `{describe(name)[1:-1]}`",
        Severity.ERROR,
        code="unknown-parameter",
        help=instead or f"its parameters are {', '.join(card.parameters)}",
    )


def explain_output(errors: Iterable[ValidationError], model: str) -> list[Problem]:
    """Problems of an answer, which nobody can correct."""
    return [
        Problem(
            tuple(error.instance_path),
            f"the answer is not what the card of {model} promises: {breach}",
            Severity.ERROR,
            code="wrong-answer",
        )
        for error in errors
        for breach in explain_breaches([error])
    ]


def explain_breaches(errors: Iterable[ValidationError]) -> Iterator[str]:
    """What is wrong with an answer, and where in it: the validator's own words, kept short."""
    for error in errors:
        place = make_printable(".".join(map(str, error.instance_path)))
        where = f"in `{_shorten(place, 2 * _SHOWN_CHARACTERS)}`, " if place else ""
        found, message = error.instance, error.message
        if isinstance(found, str) and message.startswith(whole := json.dumps(found, ensure_ascii=False)):
            message = describe(found) + message.removeprefix(
                whole
            )  # a long URL would hide what is wrong with it
        yield where + _shorten(message, 2 * _SHOWN_CHARACTERS)


def describe(value: object) -> str:
    """A value as messages show it: text in quotes, at most 60 characters; only the kind of lists and mappings."""
    match json_type(value):
        case "array":
            return "a list"
        case "object":
            return "a mapping"
        case _:
            return _shorten(json.dumps(value, ensure_ascii=False), _SHOWN_CHARACTERS)


def _can_tell(error: ValidationError, *, complete: bool) -> bool:
    """Whether an error holds, given that parameters may be missing because they are not known yet."""
    if error.instance_path:
        return True
    if error.kind.name == "required":
        return False
    return complete or error.kind.name == "additionalProperties"


def _explain_all(errors: Sequence[ValidationError], prefix: Path, card: Card) -> Iterator[Problem]:
    """One problem for each place where one explains the others: the allowed values, else the type, else all."""
    listed = {tuple(error.instance_path) for error in errors if error.kind.name in _VALUE_LISTS}
    mistyped = {tuple(error.instance_path) for error in errors if error.kind.name == "type"} - listed
    for error in errors:
        place = tuple(error.instance_path)
        if place in listed and error.kind.name not in _VALUE_LISTS:
            continue
        if place in mistyped and error.kind.name != "type":
            continue
        yield from _explain(error, (*prefix, *place), card)


def _explain(error: ValidationError, path: Path, card: Card) -> Iterator[Problem]:
    details = error.kind.as_dict()
    match error.kind.name:
        case "additionalProperties" if not path:
            yield from (explain_unknown(str(name), card, {}) for name in details["unexpected"])
        case "type":
            yield _wrong_type(path, error.instance, details["types"])
        case "enum":
            yield _wrong_value(path, error.instance, details["options"])
        case "const":
            yield _wrong_value(path, error.instance, [details["expected_value"]])
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" as bound:
            allowed = f"{_COMPARISONS[bound]} {details['limit']}"
            message = f"{_name(path)} is {describe(error.instance)}, but must be {allowed}"
            yield Problem(
                path, message, Severity.ERROR, code="out-of-range", help=f"give a value of {allowed}"
            )
        case "format" if details["format"] in {"uri", "iri"}:
            yield _not_a_uri(path, error.instance)
        case "maxItems" if isinstance(error.instance, list):
            message = (
                f"{_name(path)} has {_count_items(error.instance)}, but may have at most {details['limit']}"
            )
            excess = len(error.instance) - details["limit"]
            yield Problem(
                path, message, Severity.ERROR, code="too-many-values", help=f"leave out {excess} of them"
            )
        case "minItems" if isinstance(error.instance, list):
            message = (
                f"{_name(path)} has {_count_items(error.instance)}, but must have at least {details['limit']}"
            )
            yield Problem(
                path,
                message,
                Severity.ERROR,
                code="too-few-values",
                help="add what is missing, or leave it out",
            )
        case "anyOf" | "oneOf" if details.get("context"):
            yield from _explain_branches(error, path, card, details["context"])
        case other:
            message = f"{_name(path)} is {describe(error.instance)}, which the card does not allow"
            constraint = ", ".join(f"{key} {describe(value)}" for key, value in details.items())
            yield Problem(
                path, message, Severity.ERROR, code="not-allowed", help=_join_rule(other, constraint)
            )


def _explain_branches(
    error: ValidationError, path: Path, card: Card, branches: Sequence[Sequence[ValidationError]]
) -> Iterator[Problem]:
    """The problems of the branch that was meant: the first whose type fits; a wrong type when none does."""
    depth = len(error.instance_path)
    types: list[str] = []
    for branch in branches:
        refused = [
            found for found in branch if found.kind.name == "type" and len(found.instance_path) == depth
        ]
        if not refused:
            yield from _explain_all(branch, path[: len(path) - depth], card)
            return
        types.extend(name for found in refused for name in found.kind.as_dict()["types"])
    yield _wrong_type(path, error.instance, list(dict.fromkeys(types)))


def _wrong_type(path: Path, value: object, types: Sequence[str]) -> Problem:
    message = f"{_name(path)} is {describe(value)}, but must be {_wanted(types)}"
    return Problem(path, message, Severity.ERROR, code="wrong-type", help=_other_spelling(value, types))


def _other_spelling(value: object, types: Sequence[str]) -> str | None:
    """How the value would have to be written, where one can tell."""
    found = json_type(value)
    if found == "string" and _reads_as(str(value), types):
        return f"write `{value}`, without quotes"
    if "string" in types and found in {"integer", "number", "boolean"}:
        return f'write `"{describe(value)}"`, in quotes'
    if found == "array" and "string" in types and isinstance(value, list):
        return "write one text; for a request with each of them, repeat the step with `for_each`"
    if "array" in types and found in {"string", "integer", "number"}:
        return "write a list: put it into `[ ]`"
    if types == ["boolean"]:
        return "write `true` or `false`"
    return None


def _reads_as(text: str, types: Sequence[str]) -> bool:
    readers: Mapping[str, Callable[[str], object]] = {"integer": int, "number": float}
    if "boolean" in types and text in {"true", "false"}:
        return True
    for name, read in readers.items():
        if name in types:
            try:
                read(text)
            except ValueError:
                continue
            return True
    return False


def _wrong_value(path: Path, value: object, options: Sequence[object]) -> Problem:
    shown = ", ".join(describe(option) for option in options[:_SHOWN_OPTIONS])
    more = ", …" if len(options) > _SHOWN_OPTIONS else ""
    allowed = f"allowed {'is' if len(options) == 1 else 'are'} {shown}{more}"
    near = find_nearest(value, options)
    return Problem(
        path,
        f"{_name(path)} is {describe(value)}; {allowed}",
        Severity.ERROR,
        code="wrong-value",
        help=f"did you mean `{near}`?" if near else "choose one of these",
    )


def find_nearest(value: object, options: Sequence[object]) -> str | None:
    """The option that a value is most likely meant for, or None."""
    if not isinstance(value, str):
        return None
    texts = [option for option in options if isinstance(option, str)]
    folded = {option.casefold(): option for option in reversed(texts)}
    for read in (_read_ratio, _read_tier):
        near = _nearest_of(value.strip(), texts, read)
        if near is not None:
            return near
    separated = value.strip().casefold().replace("x", ":").replace("/", ":").replace(" ", "")
    return folded.get(value.strip().casefold()) or folded.get(separated) or find_near(value, texts)


def _nearest_of(text: str, options: Sequence[str], read: Callable[[str], float | None]) -> str | None:
    """Of options that are read as numbers the one whose pictures look most alike: `5:4` is nearer to `4:3` than to `3:4`."""
    wanted = read(text)
    known = {option: number for option in options if (number := read(option)) is not None}
    if wanted is None or not known:
        return None
    return min(known, key=lambda option: abs(math.log(known[option] / wanted)))


def _read_ratio(text: str) -> float | None:
    found = _RATIO.fullmatch(text)
    return int(found[1]) / int(found[2]) if found else None


def is_size(value: object) -> bool:
    """Whether a ratio is spelled with the width and height of a picture: `2048:1536`."""
    found = _RATIO.fullmatch(value.strip()) if isinstance(value, str) else None
    return found is not None and min(int(found[1]), int(found[2])) >= _LEAST_PIXELS


def _read_tier(text: str) -> float | None:
    found = _TIER.fullmatch(text)
    return int(found[1]) if found else None


def _count_items(items: Sequence[object]) -> str:
    return f"{len(items)} item{'' if len(items) == 1 else 's'}"


def _not_a_uri(path: Path, value: object) -> Problem:
    near = None
    if isinstance(value, str) and " " in value.strip() and "://" in value:
        near = "write `%20` for each space"
    message = f"{_name(path)} is {describe(value)}, which is not a URL"
    return Problem(
        path,
        message,
        Severity.ERROR,
        code="not-a-uri",
        help=near or "give a whole URL that starts with `https://`",
    )


def _name(path: Path) -> str:
    """How messages call a place: "`image_input[2]`", counted from 0 as in templates."""
    if not path:
        return "the input"
    first, *rest = path
    below = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)
    return f"`{first}{below}`"


def _wanted(types: Iterable[str]) -> str:
    words = [_TYPE_WORDS.get(name, name) for name in types]
    return " or ".join(words) if words else "a value"


def _join_rule(keyword: str, constraint: str) -> str:
    return f"its rule is {keyword}: {constraint}" if constraint else f"its rule is {keyword}"


def _shorten(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
