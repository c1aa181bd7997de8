"""A profile is checked when it is loaded: its shape, and everything it says of its card."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seedflow.models.profile
from seedflow.errors import CatalogError
from seedflow.models.card import Card, parse_card
from seedflow.models.profile import parse_profile

FOLDER = Path(seedflow.models.profile.__file__).parent


@pytest.fixture
def seedream_card() -> Card:
    return parse_card(json.loads((FOLDER / "cards" / "bytedance-seedream-4.5.json").read_bytes()), "seedream")


@pytest.fixture
def data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "profiles" / "bytedance-seedream-4.5.json").read_bytes())
    return found


def test_the_shipped_profile_is_whole(data: dict[str, Any], seedream_card: Card) -> None:
    profile = parse_profile(data, seedream_card, "seedream")
    assert profile.pixels is not None
    for sizes in profile.pixels.sizes.values():
        for ratio, (width, height) in sizes.items():
            across, down = ratio.split(":")
            assert sizes[f"{down}:{across}"] == (height, width) if ratio != "21:9" else width > height


def test_every_fact_says_how_sure_it_is_and_where_it_comes_from(data: dict[str, Any]) -> None:
    facts = [value for value in data.values() if isinstance(value, dict)] + data["rules"]
    assert len(facts) > 10
    for fact in facts:
        assert fact["sureness"] in {"D", "L", "3", "I"}
        assert fact["source"]


def put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = data
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place[key]
        if value is ...:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value

    return change


def put_price_by(parameter: str, prices: dict[str, str]) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["price"] |= {"by": parameter, "usd_per_image": prices}

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("format", 2), "format: "),
        (put("version", "today"), "version: "),
        (put("surprise", 1), "surprise: there is no such key in a profile"),
        (
            put("references.parameter", "image_inputs"),
            "references.parameter: the card has no parameter image_inputs",
        ),
        (put("references.max_bytes", 10), "references.max_bytes: "),
        (put("references.source", ...), "references: "),
        (put("images.counted_by", "count"), "images.counted_by: the card has no parameter count"),
        (
            put("images.when", {"sequential_image_generation": "on"}),
            "images.when.sequential_image_generation: the card does not allow 'on'",
        ),
        (put("images.when", {"mode": "auto"}), "images.when: the card has no parameter mode"),
        (put("answer.images", "pictures"), "answer.images: the card's output has no pictures"),
        (put("answer.formats", ["gif"]), "answer.formats.0: "),
        (put("assumed.values.size", "3K"), "assumed.values.size: the card does not allow '3K'"),
        (put("pixels.sizes.2K.1:1", [2048]), "pixels.sizes.2K.1:1: "),
        (put("pixels.sizes.2K.1:1", ...), "pixels.sizes.2K: `1:1` is missing: the card's ratios are"),
        (put("pixels.sizes.4K", ...), "pixels.sizes: `4K` is missing: the card's tiers are 2K, 4K"),
        (put("pixels.sizes.2K.4:3", [1728, 2304]), "pixels.sizes.2K.4:3: 1728×2304 has another ratio"),
        (put("pixels.tier", "tier"), "pixels.tier: the card has no parameter tier"),
        (
            put("pixels.sizes.2K.1:1", [9000, 9000]),
            "pixels.sizes.2K.1:1: 9000×9000 are more pixels than are read",
        ),
        (put("pixels.written", True), "pixels.written: the card allows nothing but 2K, 4K"),
        (put("pixels.ratio", ...), "pixels.sizes.2K: expected one size"),
        (put("pixels.sizes.2K", [2048, 2048]), "pixels.sizes.2K: expected a size for each ratio"),
        (
            put("answer.chosen_by", {"parameter": "size", "values": {"2K": "png"}}),
            "answer.chosen_by.values: `4K` is missing: the card's values are 2K, 4K",
        ),
        (
            put("answer.chosen_by", {"parameter": "prompt", "values": {"p": "gif"}}),
            "answer.chosen_by.values.p: ",
        ),
        (
            put("absent", {"parameters": {"size": "x"}, "sureness": "I", "source": "x"}),
            "absent.parameters.size: the card has this parameter",
        ),
        (
            put("prompt", {"parameter": "text", "sureness": "I", "source": "x"}),
            "prompt.parameter: the card has no parameter text",
        ),
        (put("price.by", "size"), "price.usd_per_image: expected a price for each value"),
        (put("price.usd_per_image", {"2K": "1"}), "price.usd_per_image: expected one price"),
        (put("rules.0.kind", "one-of"), "rules.0"),
        (put("rules.0.options", ["a"]), "rules.0"),
        (put("rules.3.kind", "least-pixels"), "rules.3.parameter: its pixels are not written"),
        (put("price.usd_per_image", 0.04), "price.usd_per_image: "),
        (put("price.usd_per_image", "-1"), "price.usd_per_image: "),
        (put("price.usd_per_image", "10000"), "price.usd_per_image: "),
        (put("rules.0.kind", "python"), "rules.0.kind: "),
        (put("rules.0.limit", ...), "rules.0: "),
        (put("rules.0.severity", "fatal"), "rules.0.severity: "),
        (put("rules.0.parameter", "images"), "rules.0.parameter: the card has no parameter images"),
        (
            put("rules.0.message", "{count.real} references"),
            "rules.0.message: {count.real} stands for nothing here",
        ),
        (
            put("rules.0.message", "{count:,} references"),
            "rules.0.message: {count:,} stands for nothing here",
        ),
        (
            put("rules.0.help", "{images} come"),
            "rules.0.help: {images} stands for nothing here; such a rule may use",
        ),
        (put("rules.0.message", "{count"), "rules.0.message: "),
        (put("rules.0.needs", {"size": "2K"}), "rules.0"),
        (put("rules.5.needs", ...), "rules.5: "),
        (put("rules.6.when", ...), "rules.6: "),
        (put("version", "2026-02-30"), 'version: "2026-02-30" is no day'),
        (put("price.as_of", "2026-13-45"), 'price.as_of: "2026-13-45" is no day'),
        (put("rules.0.limits", 3), "rules.0.limits: there is no such key here"),
        (
            put("references.parameter", "max_images"),
            "references.parameter: expected a parameter that is a text or a list",
        ),
        (
            put("images.counted_by", "size"),
            "images.counted_by: expected a parameter that is a number, and the card's `size` is a text",
        ),
        (
            put("images.when", {"disable_safety_checker": 1}),
            "images.when.disable_safety_checker: is a whole number",
        ),
        (put("pixels.tier", "prompt"), "pixels.tier: expected a parameter with a few values to choose from"),
        (put("pixels.ratio", "max_images"), "pixels.ratio: expected a parameter that is a text"),
        (put("price.by", "prompt"), "price.by: expected a parameter with a few values"),
        (
            put("price.by", "image_input"),
            "price.by: expected a parameter that is a text, a number or true or false",
        ),
        (
            put_price_by("disable_safety_checker", {"yes": "0.01", "no": "0.02"}),
            "price.usd_per_image: `yes` is none of them: the card's values are true, false",
        ),
        (
            put_price_by("disable_safety_checker", {"true": "0.01"}),
            "price.usd_per_image: `false` is missing: the card's values are true, false",
        ),
        (put("rules.0.parameter", "size"), "rules.0.parameter: expected a parameter that is a list"),
        (put("rules.3.parameter", "max_images"), "rules.3.parameter: expected a parameter that is a text"),
        (put("images", ...), "rules.2.kind: the profile says nothing of sets"),
        (
            put("rules.7.when.aspect_ratio", "as_input"),
            "rules.7.when.aspect_ratio: the card does not allow 'as_input'",
        ),
    ],
)
def test_a_broken_profile_is_a_clear_error(
    data: dict[str, Any], seedream_card: Card, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    change(data)
    with pytest.raises(CatalogError, match=re.escape(message)) as caught:
        parse_profile(data, seedream_card, "seedream.json")
    assert caught.value.message.startswith("profile seedream.json cannot be used: ")


@pytest.mark.parametrize("broken", [None, [], "text", 3])
def test_a_profile_must_be_an_object(broken: object, seedream_card: Card) -> None:
    with pytest.raises(CatalogError, match="expected an object"):
        parse_profile(broken, seedream_card, "seedream.json")


def test_all_problems_of_a_profile_come_at_once(data: dict[str, Any], seedream_card: Card) -> None:
    put("references.parameter", "a")(data)
    put("images.counted_by", "b")(data)
    with pytest.raises(CatalogError, match=r"no parameter a; .*no parameter b"):
        parse_profile(data, seedream_card, "seedream.json")
