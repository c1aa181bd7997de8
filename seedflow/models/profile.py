"""A model's profile: facts that its card's schema does not say, as versioned data with where each comes from.

A profile decides nothing about identity: editing it never makes anything be paid again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jsonschema_rs import Draft202012Validator

from seedflow.diagnostics import Severity
from seedflow.diagnostics.suggest import find_near
from seedflow.images.facts import ImageFormat
from seedflow.models.card import Card
from seedflow.models.contradictions import find_contradictions
from seedflow.models.flaws import Flaw, FlawedError
from seedflow.models.roles import USUAL_PROMPT, find_images_field, find_open
from seedflow.models.rules import Rule, RuleKind
from seedflow.models.shape import find_shape_flaws
from seedflow.models.sound import find_sound_parts

NOTHING: Mapping[str, Any] = MappingProxyType({})

_SCHEMA_FILE = Path(__file__).with_name("profile.schema.json")


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

    `ratio` is None when no parameter asks for one; each tier has one size then, under the empty ratio. `as_reference` is
    the ratio that means "as the first reference"; a size that is worked out from one has as many pixels as the tier's
    square and is a multiple of `step_px`. `written` says that the tier's parameter also takes WIDTHxHEIGHT.
    """

    tier: str
    ratio: str | None
    as_reference: str | None
    step_px: int
    written: bool
    sizes: Mapping[str, Mapping[str, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Price:
    """What one image of an answer costs. `as_of` is the day it was looked up, None when the user's settings say it.

    Where the parameter `by` decides, `usd` is the highest price and `usd_by_value` has one for each of its values.
    """

    usd: Decimal
    source: str
    as_of: str | None = None
    by: str | None = None
    usd_by_value: Mapping[str, Decimal] = field(default_factory=lambda: NOTHING)

    @property
    def least_usd(self) -> Decimal:
        """The lowest price."""
        return min(self.usd_by_value.values(), default=self.usd)


@dataclass(frozen=True, slots=True)
class ChosenFormat:
    """`parameter` asks for a format of the answer's images; `values` says which format each of its values means."""

    parameter: str
    values: Mapping[str, ImageFormat]


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything known of a model beyond its card. `version` is the day of its last change."""

    model: str
    version: str
    prompt_field: str | None
    references_field: str | None
    reference_limits: ReferenceLimits
    image_count: ImageCount | None
    images_field: str | None
    formats: tuple[ImageFormat, ...]
    chosen_format: ChosenFormat | None
    assumed: Mapping[str, object]
    assumed_without_references: Mapping[str, object]
    pixels: Pixels | None
    price: Price | None
    absent: Mapping[str, str]
    rules: tuple[Rule, ...]


def parse_profile(data: object, card: Card, name: str) -> Profile:
    """Read the profile of a card; `name` is what messages call it.

    Raises:
        FlawedError: it has not the shape of `profile.schema.json`, or speaks of parameters, values or messages that
            do not exist; all flaws in one.
    """
    flaws = find_profile_flaws(data, card)
    if flaws or not isinstance(data, dict):
        raise FlawedError(f"profile {name}", flaws)
    references, answer, assumed = (data.get(key, NOTHING) for key in ("references", "answer", "assumed"))
    return Profile(
        model=data["model"],
        version=data["version"],
        prompt_field=data["prompt"]["parameter"] if "prompt" in data else _usual_prompt(card),
        references_field=references.get("parameter"),
        reference_limits=ReferenceLimits(
            _bound(references.get("max_bytes")), _bound(references.get("max_side_px"))
        ),
        image_count=_image_count(data.get("images")),
        images_field=answer.get("images") or find_images_field(card),
        formats=tuple(ImageFormat(text) for text in answer.get("formats", ImageFormat)),
        chosen_format=_chosen_format(answer.get("chosen_by")),
        assumed=MappingProxyType(assumed.get("values", {})),
        assumed_without_references=MappingProxyType(assumed.get("without_references", {})),
        pixels=_pixels(data.get("pixels")),
        price=_price(data.get("price")),
        absent=MappingProxyType(data.get("absent", NOTHING).get("parameters", {})),
        rules=tuple(_rule(rule, data.get("pixels")) for rule in data.get("rules", ())),
    )


def find_profile_flaws(data: object, card: Card | None) -> list[Flaw]:
    """Everything that is wrong with a profile; by its shape alone where nothing is known of its card."""
    validator, known = _profile_validator(), _known_keys()
    flaws = list(find_shape_flaws(validator.iter_errors(data), known))
    if card is None:
        return flaws
    if not flaws and isinstance(data, dict):
        return list(find_contradictions(data, card))
    sound = find_sound_parts(data, validator, known, card.id)
    if sound is not None:
        flaws += map(sound.place, find_contradictions(sound.data, card, sound.unsure))
    return flaws


def find_open_roles(card: Card, data: object) -> list[Flaw]:
    """What neither a card nor its profile says, as flaws of the card; `data` is None where there is no profile."""
    answer = data.get("answer", {}) if isinstance(data, dict) else {}
    # A part of the wrong shape is told as that, and may be meant to say it.
    misspelt = isinstance(data, dict) and "answer" not in data and _says(data, "answer", ())
    says_images = misspelt or _says(answer, "images", ("answer",))
    return list(find_open(card, says_prompt=_says(data, "prompt", ()), says_images=says_images))


def _says(data: object, key: str, path: tuple[str, ...]) -> bool:
    """Whether a part of a profile has a key, or one that is not known and may be meant to be it."""
    if not isinstance(data, dict):
        return data is not None
    known = _known_keys()[path]
    return key in data or any(find_near(str(name), known) == key for name in data if name not in known)


def empty_profile(card: Card) -> Profile:
    """What is known of a model that has a card only."""
    return Profile(
        model=card.id,
        version="",
        prompt_field=_usual_prompt(card),
        references_field=None,
        reference_limits=ReferenceLimits(None, None),
        image_count=None,
        images_field=find_images_field(card),
        formats=tuple(ImageFormat),
        chosen_format=None,
        assumed=NOTHING,
        assumed_without_references=NOTHING,
        pixels=None,
        price=None,
        absent=NOTHING,
        rules=(),
    )


def _usual_prompt(card: Card) -> str | None:
    return USUAL_PROMPT if USUAL_PROMPT in card.parameters else None


@cache
def _profile_validator() -> Draft202012Validator:
    return Draft202012Validator(_profile_schema(), validate_formats=True)


@cache
def _profile_schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_SCHEMA_FILE.read_text(encoding="utf-8"))
    return found


@cache
def _known_keys() -> Mapping[tuple[str | int, ...], tuple[str, ...]]:
    """The keys that a profile may have at each place, a `0` standing for every item of a list."""
    return dict(_walk_keys(_profile_schema(), ()))


def _walk_keys(
    schema: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], tuple[str, ...]]]:
    schema = _profile_schema()["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    properties = schema.get("properties", NOTHING)
    if properties:
        yield path, tuple(properties)
    for key, inner in properties.items():
        yield from _walk_keys(inner, (*path, key))
    if "items" in schema:
        yield from _walk_keys(schema["items"], (*path, 0))


def _bound(data: Mapping[str, Any] | None) -> Bound | None:
    return None if data is None else Bound(data["limit"], Severity(data["severity"]))


def _image_count(data: Mapping[str, Any] | None) -> ImageCount | None:
    return None if data is None else ImageCount(data["counted_by"], MappingProxyType(data.get("when", {})))


def _chosen_format(data: Mapping[str, Any] | None) -> ChosenFormat | None:
    if data is None:
        return None
    values = {value: ImageFormat(text) for value, text in data["values"].items()}
    return ChosenFormat(data["parameter"], MappingProxyType(values))


def _price(data: Mapping[str, Any] | None) -> Price | None:
    if data is None:
        return None
    prices = data["usd_per_image"]
    if isinstance(prices, str):
        return Price(Decimal(prices), data["source"], data["as_of"])
    usd_by_value = {value: Decimal(text) for value, text in prices.items()}
    return Price(
        max(usd_by_value.values()), data["source"], data["as_of"], data["by"], MappingProxyType(usd_by_value)
    )


def _pixels(data: Mapping[str, Any] | None) -> Pixels | None:
    if data is None:
        return None
    sizes = {
        tier: MappingProxyType(
            {ratio: (width, height) for ratio, (width, height) in sizes.items()}
            if isinstance(sizes, dict)
            else {"": (sizes[0], sizes[1])}
        )
        for tier, sizes in data["sizes"].items()
    }
    return Pixels(
        data["tier"],
        data.get("ratio"),
        data.get("as_reference"),
        data.get("step_px", 1),
        data.get("written", False),
        MappingProxyType(sizes),
    )


def _rule(data: Mapping[str, Any], pixels: Mapping[str, Any] | None) -> Rule:
    name = data["parameter"]
    return Rule(
        kind=RuleKind(data["kind"]),
        parameter=name,
        severity=Severity(data["severity"]),
        message=data["message"],
        help=data.get("help"),
        limit=data.get("limit", 0),
        options=tuple(data.get("options", ())),
        or_pixels=pixels is not None and pixels["tier"] == name and pixels.get("written", False),
        when=MappingProxyType(data.get("when", {})),
        needs=MappingProxyType(data.get("needs", {})),
        sureness=data["sureness"],
        source=data["source"],
    )
