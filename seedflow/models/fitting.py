"""What a profile wants of a parameter that the card's parameter cannot give: a count that is a text, a rule on words of a list."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from seedflow.models.card import Card, json_type
from seedflow.models.flaws import Flaw
from seedflow.models.holding import describe_schema, may_hold_urls, name_types
from seedflow.models.roles import USUAL_PROMPT

Path = tuple[str | int, ...]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_TEXT: Final = frozenset({"string"})
_LIST: Final = frozenset({"array"})
_BOOLEAN: Final = frozenset({"boolean"})
_NUMBER: Final = frozenset({"integer", "number"})
_LIST_RULES: Final = frozenset({"most-items", "least-items", "most-items-and-images"})
_FREE_RULES: Final = frozenset({"only-with", "expects"})
_SHOWN_NAMES: Final = 8


def find_misfits(data: Mapping[str, Any], card: Card, unsure: Collection[str] = ()) -> Iterator[Flaw]:
    """The flaws of a profile that has the right shape and names parameters that the card has.

    `unsure` are keys of the profile of which parts are left out here: nothing is said that rests on what they lack.
    """
    yield from _wrong_days(data)
    yield from _wrong_references(data, card)
    for path, name, types in _wanted_types(data, unsure):
        yield from _wrong_type(path, name, types, card)
    yield from _wrong_deciders(data, card)
    for number, rule in enumerate(data.get("rules", ())):
        yield from _idle_rule(rule, ("rules", number), data, card, unsure)


def find_untyped(path: Path, values: Mapping[str, Any], card: Card) -> Iterator[Flaw]:
    """Values of a profile that are of another type than the card's parameter."""
    for name, value in values.items():
        types, found = card.types_of(name), json_type(value)
        fits = found in types or (found == "integer" and "number" in types)
        if types and not fits and card.options_of(name) is None:
            yield Flaw(
                (*path, name), f"is {name_types({found})}, and the card's `{name}` is {name_types(types)}"
            )


def _wrong_days(data: Mapping[str, Any]) -> Iterator[Flaw]:
    for path, text in (
        (("version",), data["version"]),
        (("price", "as_of"), data.get("price", _NOTHING).get("as_of")),
    ):
        try:
            date.fromisoformat(text if text is not None else "2026-01-01")
        except ValueError:
            yield Flaw(
                path,
                f'"{text}" is no day',
                "write a day of the calendar as YEAR-MONTH-DAY, such as `2026-11-25`",
            )


def _wrong_references(data: Mapping[str, Any], card: Card) -> Iterator[Flaw]:
    """References are URLs, and whoever writes a prompt writes no URL."""
    if "references" not in data:
        return
    name, prompt = data["references"]["parameter"], _find_prompt(data)
    schema = card.parameters.get(name)
    if schema is None or (name != prompt and may_hold_urls(schema)):
        return
    found = "holds the prompt" if name == prompt else f"is {describe_schema(schema)}"
    fitting = [other for other, inner in card.parameters.items() if other != prompt and may_hold_urls(inner)]
    path: Path = ("references", "parameter")
    message = f"expected a parameter that is a text or a list of texts, in which URLs of images may stand, and the card's `{name}` {found}"
    yield Flaw(path, message, _advise(fitting, path))


def _find_prompt(data: Mapping[str, Any]) -> str:
    name: str = data["prompt"]["parameter"] if "prompt" in data else USUAL_PROMPT
    return name


def _wanted_types(
    data: Mapping[str, Any], unsure: Collection[str]
) -> Iterator[tuple[Path, str, frozenset[str]]]:
    """Each parameter that a profile names, where, and of which types one must be there."""
    references = data.get("references", _NOTHING).get("parameter")
    if "prompt" in data:
        yield ("prompt", "parameter"), data["prompt"]["parameter"], _TEXT
    if images := data.get("images"):
        yield ("images", "counted_by"), images["counted_by"], _NUMBER
    if chosen := data.get("answer", _NOTHING).get("chosen_by"):
        yield ("answer", "chosen_by", "parameter"), chosen["parameter"], _TEXT
    for key in ("tier", "ratio"):
        if key in data.get("pixels", _NOTHING):
            yield ("pixels", key), data["pixels"][key], _TEXT
    if "by" in data.get("price", _NOTHING):
        yield ("price", "by"), data["price"]["by"], _TEXT | _NUMBER | _BOOLEAN
    for number, rule in enumerate(data.get("rules", ())):
        # References are judged as a list, however the wire wants them.
        if rule["kind"] in _LIST_RULES and rule["parameter"] != references and "references" not in unsure:
            yield ("rules", number, "parameter"), rule["parameter"], _LIST
        elif rule["kind"] not in _LIST_RULES | _FREE_RULES:
            yield ("rules", number, "parameter"), rule["parameter"], _TEXT


def _wrong_type(path: Path, name: str, wanted: frozenset[str], card: Card) -> Iterator[Flaw]:
    types = card.types_of(name)
    if not types or types & wanted:
        return
    fitting = [other for other in card.parameters if card.types_of(other) & wanted]
    message = (
        f"expected a parameter that is {name_types(wanted)}, and the card's `{name}` is {name_types(types)}"
    )
    yield Flaw(path, message, _advise(fitting, path))


def _wrong_deciders(data: Mapping[str, Any], card: Card) -> Iterator[Flaw]:
    """What decides sizes and prices is chosen from few values: neither the prompt nor the references are."""
    roles = {
        _find_prompt(data): "the prompt",
        data.get("references", _NOTHING).get("parameter"): "the images",
    }
    pixels, price = data.get("pixels", _NOTHING), data.get("price", _NOTHING)
    deciders = [(("pixels", key), pixels[key]) for key in ("tier", "ratio") if key in pixels]
    if "by" in price:
        deciders.append((("price", "by"), price["by"]))
    for path, name in deciders:
        if name in roles and name in card.parameters:
            fitting = [other for other in card.parameters if card.options_of(other) is not None]
            yield Flaw(
                path,
                f"expected a parameter with a few values to choose from, and `{name}` holds {roles[name]}",
                _advise(fitting, path),
            )


def _idle_rule(
    rule: Mapping[str, Any], path: Path, data: Mapping[str, Any], card: Card, unsure: Collection[str]
) -> Iterator[Flaw]:
    """Rules that nothing could ever break, or nothing ever keep."""
    if rule["kind"] == "most-items-and-images" and "images" not in data and "images" not in unsure:
        yield Flaw(
            (*path, "kind"),
            "the profile says nothing of sets, so this rule never holds anything",
            "say in `images` what decides how many images come, or use `most-items`",
        )
    options = card.options_of(rule["parameter"])
    for number, option in enumerate(rule.get("options", ())):
        if options is not None and option not in options:
            yield Flaw((*path, "options", number), f"the card does not allow {option!r}")


def _advise(fitting: list[str], path: Path) -> str:
    if fitting:
        more = ", …" if len(fitting) > _SHOWN_NAMES else ""
        return f"parameters that would do: {', '.join(fitting[:_SHOWN_NAMES])}{more}"
    part = f"rules.{path[1]}" if path[0] == "rules" else ".".join(map(str, path[:-1]))
    return f"the card has no such parameter; take `{part}` out"
