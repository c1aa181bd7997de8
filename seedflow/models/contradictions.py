"""What a profile says of its card that is not so: parameters, values, sizes and words of messages that do not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from string import Formatter
from types import MappingProxyType
from typing import Any

from seedflow.diagnostics.suggest import find_near
from seedflow.images.header import MAX_PIXELS
from seedflow.models.card import Card, spell_choice
from seedflow.models.fitting import find_misfits, find_untyped
from seedflow.models.flaws import Flaw
from seedflow.models.holding import describe_schema, holds_objects, says_urls
from seedflow.models.roles import list_images_fields

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_MOST_DEVIATION = 0.03
_WEBP_SIDE_PX = 16_383
_COUNTED = ("count", "limit", "excess")
_MESSAGE_FIELDS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "most-items": _COUNTED,
        "least-items": _COUNTED,
        "most-words": _COUNTED,
        "most-characters": _COUNTED,
        "most-items-and-images": (*_COUNTED, "items", "images"),
        "one-of": ("value",),
        "least-pixels": (*_COUNTED, "value"),
        "most-pixels": (*_COUNTED, "value"),
        "only-with": (),
        "expects": (),
    }
)
"""What `message` and `help` of each kind of rule may print."""

Path = tuple[str | int, ...]


def find_contradictions(data: Mapping[str, Any], card: Card, unsure: Collection[str] = ()) -> Iterator[Flaw]:
    """The flaws of a profile that has the right shape.

    Args:
        data: the profile.
        card: what it is of; one without an id may be of any model.
        unsure: keys of the profile of which parts are left out here: nothing is said that rests on what they lack.
    """
    if card.id and data["model"] != card.id:
        yield Flaw(("model",), f"it is of {data['model']}, and the card is of {card.id}")
    for path, name in _named_parameters(data):
        if name not in card.parameters:
            yield Flaw(path, f"the card has no parameter {name}")
    for path, values in _named_values(data):
        yield from _wrong_values(path, values, card)
    for name in data.get("absent", _NOTHING).get("parameters", ()):
        if name in card.parameters:
            yield Flaw(("absent", "parameters", name), "the card has this parameter")
    if "answer" in data:
        yield from _wrong_answer(data["answer"], card)
    if pixels := data.get("pixels"):
        yield from _wrong_sizes(pixels, card, data.get("answer", _NOTHING).get("formats", ()))
    if price := data.get("price"):
        yield from _wrong_price(price, card)
    for number, rule in enumerate(data.get("rules", ())):
        yield from _wrong_rule(rule, ("rules", number), data, unsure)
    yield from find_misfits(data, card, unsure)


def _named_parameters(data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for key in ("prompt", "references"):
        if key in data:
            yield (key, "parameter"), data[key]["parameter"]
    if images := data.get("images"):
        yield ("images", "counted_by"), images["counted_by"]
    if chosen := data.get("answer", _NOTHING).get("chosen_by"):
        yield ("answer", "chosen_by", "parameter"), chosen["parameter"]
    if pixels := data.get("pixels"):
        for key in ("tier", "ratio"):
            if key in pixels:
                yield ("pixels", key), pixels[key]
    if "by" in data.get("price", _NOTHING):
        yield ("price", "by"), data["price"]["by"]
    for number, rule in enumerate(data.get("rules", ())):
        yield ("rules", number, "parameter"), rule["parameter"]


def _named_values(data: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if images := data.get("images"):
        yield ("images", "when"), images.get("when", _NOTHING)
    if assumed := data.get("assumed"):
        yield ("assumed", "values"), assumed["values"]
        yield ("assumed", "without_references"), assumed.get("without_references", _NOTHING)
    for number, rule in enumerate(data.get("rules", ())):
        yield ("rules", number, "when"), rule.get("when", _NOTHING)
        yield ("rules", number, "needs"), rule.get("needs", _NOTHING)


def _wrong_values(path: Path, values: Mapping[str, Any], card: Card) -> Iterator[Flaw]:
    for name, value in values.items():
        options = card.options_of(name)
        if name not in card.parameters:
            yield Flaw(path, f"the card has no parameter {name}")
        elif options is not None and value not in options:
            yield Flaw((*path, name), f"the card does not allow {value!r}")
    yield from find_untyped(
        path, {name: value for name, value in values.items() if name in card.parameters}, card
    )


def _wrong_answer(answer: Mapping[str, Any], card: Card) -> Iterator[Flaw]:
    if "images" in answer:
        yield from _wrong_images_field(answer["images"], card)
    chosen = answer.get("chosen_by")
    if chosen is None:
        return
    path: Path = ("answer", "chosen_by", "values")
    options = card.options_of(chosen["parameter"])
    if options is not None:
        yield from _wrong_choices(path, "value", map(spell_choice, options), chosen["values"])
    for value, text in chosen["values"].items():
        if text not in answer.get("formats", (text,)):
            yield Flaw((*path, value), f"{text} is none of answer.formats")


def _wrong_choices(path: Path, what: str, allowed: Iterable[str], found: Collection[str]) -> Iterator[Flaw]:
    """What a profile says of each choice that the card has, and of no other."""
    allowed = list(allowed)
    known = f"the card's {what}s are {', '.join(allowed)}"
    missing = [one for one in allowed if one not in found]
    others = [one for one in found if one not in allowed]
    for one in others:
        near = find_near(one, missing)
        yield Flaw(path, f"`{one}` is none of them: {known}", f"did you mean `{near}`?" if near else None)
    if missing and not others:
        yield Flaw(path, f"`{missing[0]}` is missing: {known}", f"add `{missing[0]}`")


def _wrong_images_field(name: str, card: Card) -> Iterator[Flaw]:
    path: Path = ("answer", "images")
    fitting = list_images_fields(card)
    advice = f"fields that would do: {', '.join(fitting)}" if fitting else None
    if name not in card.answer_fields:
        yield Flaw(path, f"the card's output has no {name}", advice)
    elif fitting and name not in fitting:  # where no field would do, the card is told so
        found = describe_schema(card.answer_fields[name])
        message = f"expected a field that is a text or a list of texts, in which URLs of images may stand, and the card's `{name}` is {found}"
        field = card.answer_fields[name]
        objects = isinstance(field, Mapping) and holds_objects(field)
        if objects and not any(says_urls(card.answer_fields[one]) for one in fitting):
            advice = "URLs are not read from objects: a model that gives them there alone cannot be used"
        yield Flaw(path, message, advice)


def _wrong_sizes(pixels: Mapping[str, Any], card: Card, formats: Sequence[str]) -> Iterator[Flaw]:
    path: Path = ("pixels", "sizes")
    tiers = card.options_of(pixels["tier"])
    if tiers is not None:
        yield from _wrong_choices(path, "tier", map(spell_choice, tiers), pixels["sizes"])
    if tiers is not None and pixels.get("written"):
        yield Flaw(("pixels", "written"), f"the card allows nothing but {', '.join(map(str, tiers))}")
    ratios = card.options_of(pixels["ratio"]) if "ratio" in pixels else None
    for tier, sizes in pixels["sizes"].items():
        if isinstance(sizes, dict) is not ("ratio" in pixels):
            expected = (
                "a size for each ratio" if "ratio" in pixels else "one size, since no ratio is asked for"
            )
            yield Flaw((*path, tier), f"expected {expected}")
        elif isinstance(sizes, dict):
            yield from _wrong_ratios(sizes, ratios, pixels.get("as_reference"), (*path, tier))
    yield from _too_large(pixels["sizes"], path, formats)


def _wrong_ratios(
    sizes: Mapping[str, Any], ratios: tuple[object, ...] | None, as_reference: str | None, path: Path
) -> Iterator[Flaw]:
    asked = set(map(spell_choice, ratios or sizes)) - {as_reference}
    yield from _wrong_choices(path, "ratio", sorted(asked), sizes)
    for ratio, (width, height) in sizes.items():
        across, _, down = ratio.partition(":")
        if not (across.isdecimal() and down.isdecimal() and int(across) and int(down)):
            yield Flaw(path, f"`{ratio}` is not a ratio, expected two whole numbers such as `3:2`")
        elif abs(width / height * int(down) / int(across) - 1) > _MOST_DEVIATION:
            yield Flaw((*path, ratio), f"{width}×{height} has another ratio")


def _too_large(sizes: Mapping[str, Any], path: Path, formats: Sequence[str]) -> Iterator[Flaw]:
    """Pictures that could not be drawn, or would not be taken when they came."""
    for tier, found in sizes.items():
        for ratio, (width, height) in found.items() if isinstance(found, dict) else (("", found),):
            place = (*path, tier, ratio) if ratio else (*path, tier)
            if width * height > MAX_PIXELS:
                yield Flaw(place, f"{width}×{height} are more pixels than are read, {MAX_PIXELS:,}")
            elif max(width, height) > _WEBP_SIDE_PX and "webp" in formats[:1]:
                yield Flaw(place, f"a side of WebP has at most {_WEBP_SIDE_PX:,} px")


def _wrong_price(price: Mapping[str, Any], card: Card) -> Iterator[Flaw]:
    several = isinstance(price["usd_per_image"], dict)
    if several is not ("by" in price):
        expected = "a price for each value of `by`" if "by" in price else "one price, or `by` beside it"
        yield Flaw(("price", "usd_per_image"), f"expected {expected}")
    elif several:
        choices = card.choices_of(price["by"])
        if choices is not None:
            yield from _wrong_choices(("price", "usd_per_image"), "value", choices, price["usd_per_image"])


def _wrong_rule(
    rule: Mapping[str, Any], path: Path, data: Mapping[str, Any], unsure: Collection[str]
) -> Iterator[Flaw]:
    for key in ("message", "help"):
        for field in _fields_of(rule.get(key, "")):
            known = _MESSAGE_FIELDS[rule["kind"]]
            if field not in known:
                may = ", ".join(f"{{{name}}}" for name in known)
                stands = f"such a rule may use {may}" if may else "such a rule has none"
                yield Flaw((*path, key), f"{{{field}}} stands for nothing here; {stands}")
    if rule["kind"] in {"least-pixels", "most-pixels"} and "pixels" not in unsure:
        pixels = data.get("pixels", _NOTHING)
        if pixels.get("tier") != rule["parameter"] or not pixels.get("written"):
            yield Flaw((*path, "parameter"), "its pixels are not written: see pixels.written")


def _fields_of(text: str) -> Iterator[str]:
    try:
        for _, field, spec, conversion in Formatter().parse(text):
            if field is not None:
                yield field + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
    except ValueError as error:
        yield str(error)
