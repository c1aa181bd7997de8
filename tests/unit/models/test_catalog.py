"""The catalog is data: cards and profiles that are broken are named, and prices can be replaced."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import seedflow
from seedflow.errors import CatalogError, ExitCode
from seedflow.models.catalog import build_catalog, load_catalog
from seedflow.models.model import SHIPPED
from seedflow.models.rules import RuleKind

HOUSE = Path(seedflow.__file__).parent


def test_the_shipped_catalog_has_the_default_model() -> None:
    catalog = load_catalog()
    assert catalog.default_id in catalog.ids
    assert catalog.find(catalog.default_id) is not None
    assert catalog.find("nobody/nothing") is None
    assert catalog.reference_fields == {"image_input", "image"}
    assert [model.origin for model in catalog.sorted_models] == [SHIPPED] * 4


def test_every_kind_of_rule_is_in_use() -> None:
    rules = [rule for model in load_catalog().sorted_models for rule in model.profile.rules]
    assert {rule.kind for rule in rules} == set(RuleKind)


def test_no_code_names_a_model_but_the_default_in_one_place() -> None:
    pattern = re.compile(r"[\"'](?:bytedance|seedream)[^\"'\n]*[\"']")
    named = [
        (path.relative_to(HOUSE).as_posix(), found)
        for folder in ("models", "images", "providers")
        for path in sorted((HOUSE / folder).rglob("*.py"))
        for found in pattern.findall(path.read_text(encoding="utf-8"))
    ]
    assert named == [("models/catalog.py", '"bytedance/seedream-4.5"')]


def test_a_project_may_have_its_own_prices() -> None:
    prices = {"bytedance/seedream-4.5": Decimal("0.03"), "nobody/nothing": Decimal(1)}
    own = load_catalog(prices).find("bytedance/seedream-4.5")
    shipped = load_catalog().find("bytedance/seedream-4.5")
    assert own is not None
    assert shipped is not None
    assert own.price_usd({}) == Decimal("0.03")
    assert own.price is not None
    assert (own.price.source, own.price.as_of) == ("settings", None)
    assert shipped.price_usd({}) == Decimal("0.04")
    assert own.judge({"prompt": "A"}) == []


def test_a_card_alone_is_enough(card: dict[str, Any]) -> None:
    model = build_catalog([("pencil", card)], [], card["model"]).find(card["model"])
    assert model is not None
    assert model.references_field is None
    assert model.judge({"text": "a clockwork fox"}) == []
    assert model.image_urls(model.build_result(["https://a.example"])) == ("https://a.example",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": ""}, "model: must be the model's id"),
        ({"model": "two words"}, "model: must be the model's id"),
        ({"model": None}, "model: must be the model's id"),
        ({"input": []}, "input: must be a JSON Schema"),
        ({"output": 1}, "output: must be a JSON Schema"),
        ({"input": {"type": "object"}}, "input.properties: must map each parameter"),
        ({"output": {"properties": {}}}, "output.properties: must map each field of an answer"),
        (
            {"input": {"properties": {"a": 1}}},
            "input.properties.a: must be the JSON Schema of this parameter",
        ),
        (
            {"input": {"properties": {"model": {}}}},
            "input.properties.model: no parameter can be called model",
        ),
        ({"input": {"properties": {"x-a": {}}}}, "input.properties.x-a: no parameter can be called x-a"),
        ({"input": {"properties": {"a": {}}, "required": "text"}}, "input.required: must be a list"),
        ({"input": {"properties": {"a": {}}, "required": ["b"]}}, "input.required: must be a list of names"),
        (
            {"input": {"properties": {"a": {"items": [{"$ref": "https://cards.example/a.json"}]}}}},
            "input.properties.a.items.0.$ref: references are not followed",
        ),
        ({"price_per_image_usd": "free"}, "price_per_image_usd: must be a number"),
        ({"price_per_image_usd": -1}, "price_per_image_usd: must be a number"),
        ({"price_per_image_usd": True}, "price_per_image_usd: must be a number"),
    ],
)
def test_a_broken_card_is_a_clear_error(card: dict[str, Any], change: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogError, match=re.escape(message)) as caught:
        build_catalog([("pencil.json", card | change)], [], "studio/pencil-1")
    assert "pencil.json" in caught.value.message
    assert caught.value.exit_code is ExitCode.BUG


def test_a_card_whose_schema_is_none_is_named_when_it_judges(card: dict[str, Any]) -> None:
    card["input"]["properties"]["text"] = {"type": "strin"}
    model = build_catalog([("pencil", card)], [], card["model"]).find(card["model"])
    assert model is not None
    with pytest.raises(CatalogError, match="input: is not a JSON Schema"):
        model.judge({"text": "fox"})


def test_cards_and_profiles_must_fit_together(card: dict[str, Any], profile: dict[str, Any]) -> None:
    with pytest.raises(CatalogError, match="another card"):
        build_catalog([("a", card), ("b", card)], [], card["model"])
    with pytest.raises(CatalogError, match="another profile"):
        build_catalog([("a", card)], [("a", profile), ("b", profile)], card["model"])
    with pytest.raises(CatalogError, match="no card of 'studio/pencil-2'"):
        build_catalog([("a", card)], [("a", profile | {"model": "studio/pencil-2"})], card["model"])
    with pytest.raises(CatalogError, match="no card of None"):
        build_catalog([("a", card)], [("a", [])], card["model"])
    with pytest.raises(CatalogError, match="default model studio/pen has no card"):
        build_catalog([("a", card)], [], "studio/pen")
