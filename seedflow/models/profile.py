"""A model's profile: facts that its card's schema does not say, as versioned data with where each comes from.

A profile decides nothing about identity: editing it never makes anything be paid again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from jsonschema_rs import Draft202012Validator

from seedflow.diagnostics import Severity
from seedflow.errors import CatalogError
from seedflow.images.facts import ImageFormat
from seedflow.models.card import Card
from seedflow.models.rules import Rule, RuleKind

NOTHING: Mapping[str, Any] = MappingProxyType({})

_SCHEMA_FILE = Path(__file__).with_name("profile.schema.json")
_MOST_DEVIATION = 0.03
_MESSAGE_FIELDS = frozenset({"count", "limit", "excess", "items", "images"})


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that something may be, and how bad it is to pass it."""

    limit: int
    severity: Severity


@dataclass(frozen=True, slots=True)
class ReferenceLimits:
    """What one reference image may be: bytes, and pixels of its longer side. None where nothing is known."""

    max_bytes: Bound | None
    max_side_px: Bound | None


@dataclass(frozen=True, slots=True)
class ImageCount:
    """`counted_by` names the parameter that bounds the images of a call, which holds when others have the values of `when`."""

    counted_by: str
    when: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Pixels:
    """Width and height by tier and ratio.

    `as_reference` is the ratio that means "as the first reference"; a size that is worked out from one has as many
    pixels as the tier's square and is a multiple of `step_px`.
    """

    tier: str
    ratio: str
    as_reference: str | None
    step_px: int
    sizes: Mapping[str, Mapping[str, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Price:
    """What one image of an answer costs. `as_of` is the day it was looked up, None when the user's settings say it."""

    usd: Decimal
    source: str
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything known of a model beyond its card. `version` is the day of its last change."""

    model: str
    version: str
    references_field: str | None
    reference_limits: ReferenceLimits
    image_count: ImageCount | None
    images_field: str | None
    formats: tuple[ImageFormat, ...]
    assumed: Mapping[str, object]
    assumed_without_references: Mapping[str, object]
    pixels: Pixels | None
    price: Price | None
    rules: tuple[Rule, ...]


def parse_profile(data: object, card: Card, name: str) -> Profile:
    """Read the profile of a card; `name` is what messages call it.

    Raises:
        CatalogError: it has not the shape of `profile.schema.json`, or speaks of parameters, values or messages that
            do not exist; all problems in one message.
    """
    problems = [
        f"{'.'.join(map(str, error.instance_path)) or 'the profile'}: {error.message}"
        for error in _profile_validator().iter_errors(data)
    ]
    if not problems and isinstance(data, dict):
        problems = list(_contradictions(data, card))
    if problems or not isinstance(data, dict):
        raise CatalogError(f"profile {name} cannot be used: {'; '.join(problems)}")
    references, answer, assumed = (data.get(key, NOTHING) for key in ("references", "answer", "assumed"))
    return Profile(
        model=data["model"],
        version=data["version"],
        references_field=references.get("parameter"),
        reference_limits=ReferenceLimits(
            _bound(references.get("max_bytes")), _bound(references.get("max_side_px"))
        ),
        image_count=_image_count(data.get("images")),
        images_field=answer.get("images"),
        formats=tuple(ImageFormat(text) for text in answer.get("formats", ImageFormat)),
        assumed=MappingProxyType(assumed.get("values", {})),
        assumed_without_references=MappingProxyType(assumed.get("without_references", {})),
        pixels=_pixels(data.get("pixels")),
        price=_price(data.get("price")),
        rules=tuple(_rule(rule) for rule in data.get("rules", ())),
    )


def empty_profile(card: Card) -> Profile:
    """What is known of a model that has a card only."""
    return Profile(
        model=card.id,
        version="",
        references_field=None,
        reference_limits=ReferenceLimits(None, None),
        image_count=None,
        images_field=None,
        formats=tuple(ImageFormat),
        assumed=NOTHING,
        assumed_without_references=NOTHING,
        pixels=None,
        price=None,
        rules=(),
    )


@cache
def _profile_validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(_SCHEMA_FILE.read_text(encoding="utf-8")), validate_formats=True)


def _contradictions(data: Mapping[str, Any], card: Card) -> Iterator[str]:
    """What a profile says of a card that is not so."""
    if data["model"] != card.id:
        yield f"model: it is of {data['model']}, and the card is of {card.id}"
    for place, name in _named_parameters(data):
        if name not in card.parameters:
            yield f"{place}: the card has no parameter {name}"
    for place, values in _named_values(data):
        for name, value in values.items():
            options = card.options_of(name)
            if name not in card.parameters:
                yield f"{place}: the card has no parameter {name}"
            elif options is not None and value not in options:
                yield f"{place}.{name}: the card does not allow {value!r}"
    if "answer" in data and data["answer"]["images"] not in _answer_fields(card):
        yield f"answer.images: the card's output has no {data['answer']['images']}"
    for number, rule in enumerate(data.get("rules", ())):
        for key in ("message", "help"):
            for field in _fields_of(rule.get(key, "")):
                if field not in _MESSAGE_FIELDS:
                    yield f"rules.{number}.{key}: {{{field}}} is none of {', '.join(sorted(_MESSAGE_FIELDS))}"
    if pixels := data.get("pixels"):
        yield from _wrong_sizes(pixels, card)


def _named_parameters(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if references := data.get("references"):
        yield "references.parameter", references["parameter"]
    if images := data.get("images"):
        yield "images.counted_by", images["counted_by"]
    if pixels := data.get("pixels"):
        yield "pixels.tier", pixels["tier"]
        yield "pixels.ratio", pixels["ratio"]
    for number, rule in enumerate(data.get("rules", ())):
        yield f"rules.{number}.parameter", rule["parameter"]


def _named_values(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if images := data.get("images"):
        yield "images.when", images["when"]
    if assumed := data.get("assumed"):
        yield "assumed.values", assumed["values"]
        yield "assumed.without_references", assumed.get("without_references", NOTHING)
    for number, rule in enumerate(data.get("rules", ())):
        yield f"rules.{number}.when", rule.get("when", NOTHING)
        yield f"rules.{number}.needs", rule.get("needs", NOTHING)


def _wrong_sizes(pixels: Mapping[str, Any], card: Card) -> Iterator[str]:
    tiers, ratios = card.options_of(pixels["tier"]), card.options_of(pixels["ratio"])
    if tiers is not None and set(tiers) != set(pixels["sizes"]):
        yield f"pixels.sizes: the card's tiers are {', '.join(map(str, tiers))}"
    for tier, sizes in pixels["sizes"].items():
        asked = set(ratios or sizes) - {pixels.get("as_reference")}
        if asked != set(sizes):
            yield f"pixels.sizes.{tier}: the card's ratios are {', '.join(sorted(map(str, asked)))}"
        for ratio, (width, height) in sizes.items():
            across, _, down = ratio.partition(":")
            if not (across.isdecimal() and down.isdecimal() and int(down)):
                yield f"pixels.sizes.{tier}: {ratio} is not a ratio"
            elif abs(width / height * int(down) / int(across) - 1) > _MOST_DEVIATION:
                yield f"pixels.sizes.{tier}.{ratio}: {width}×{height} has another ratio"


def _fields_of(text: str) -> Iterator[str]:
    try:
        yield from (field for _, field, _, _ in Formatter().parse(text) if field is not None)
    except ValueError as error:
        yield str(error)


def _answer_fields(card: Card) -> Mapping[str, object]:
    properties = card.output.get("properties")
    return properties if isinstance(properties, dict) else {}


def _bound(data: Mapping[str, Any] | None) -> Bound | None:
    return None if data is None else Bound(data["limit"], Severity(data["severity"]))


def _image_count(data: Mapping[str, Any] | None) -> ImageCount | None:
    return None if data is None else ImageCount(data["counted_by"], MappingProxyType(data["when"]))


def _price(data: Mapping[str, Any] | None) -> Price | None:
    return None if data is None else Price(Decimal(data["usd_per_image"]), data["source"], data["as_of"])


def _pixels(data: Mapping[str, Any] | None) -> Pixels | None:
    if data is None:
        return None
    sizes = {
        tier: MappingProxyType({ratio: (width, height) for ratio, (width, height) in by_ratio.items()})
        for tier, by_ratio in data["sizes"].items()
    }
    return Pixels(
        data["tier"], data["ratio"], data.get("as_reference"), data.get("step_px", 1), MappingProxyType(sizes)
    )


def _rule(data: Mapping[str, Any]) -> Rule:
    return Rule(
        kind=RuleKind(data["kind"]),
        parameter=data["parameter"],
        severity=Severity(data["severity"]),
        message=data["message"],
        help=data.get("help"),
        limit=data.get("limit", 0),
        when=MappingProxyType(data.get("when", {})),
        needs=MappingProxyType(data.get("needs", {})),
        sureness=data["sureness"],
        source=data["source"],
    )
