"""What the other models of the catalog take and give, in the words of their own cards, by data alone."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import seedflow
from seedflow.images.facts import ImageFormat
from seedflow.models.catalog import build_catalog, load_catalog
from seedflow.models.model import Model
from seedflow.models.problem import Problem

URL = "https://pictures.example/1.jpg"
CATALOG = load_catalog()
LITE = CATALOG.models["bytedance/seedream-5-lite"]
PRO = CATALOG.models["bytedance/seedream-5-pro"]
NANO = CATALOG.models["google/nano-banana-2"]


def found(model: Model, **params: object) -> list[tuple[str, str, str]]:
    problems = model.judge({"prompt": "A fox", **params})
    return [(problem.severity.value, problem.code, str(problem.path[0])) for problem in problems]


def only(model: Model, **params: object) -> Problem:
    (problem,) = model.judge({"prompt": "A fox", **params})
    return problem


@pytest.mark.parametrize(
    ("model", "field", "most"),
    [(NANO, "image_input", 3), (PRO, "image", 10), (LITE, "image_input", 14)],
    ids=lambda value: getattr(value, "id", value),
)
def test_references_have_their_own_field_and_limit(model: Model, field: str, most: int) -> None:
    assert (model.references_field, model.max_references, model.takes_reference_list) == (field, most, True)
    assert found(model, **{field: [URL] * most}) == []
    assert found(model, **{field: [URL] * (most + 1)}) == [("error", "too-many-values", field)]
    assert found(model, **{field: [URL]}) == [], "a single reference is a list of one"


TOO_LARGE = "ask for fewer pixels: a picture has 40,000,000 at most, and 65,500 along a side"


@pytest.mark.parametrize("size", ["1K", "2K", "1536x864", "1280x720", "2048x2048"])
def test_pro_takes_a_tier_or_pixels(size: str) -> None:
    assert found(PRO, size=size) == []


@pytest.mark.parametrize(
    ("size", "hint"),
    [
        ("4K", "choose one of these"),
        ("1k", "did you mean `1K`?"),
        ("1536 x 864", "did you mean `1536x864`?"),
        ("1536×864", "did you mean `1536x864`?"),
        ("1536*864", "did you mean `1536x864`?"),
        ("16:9", "choose one of these"),
        ("0x0", "choose one of these"),
        ("99999x99999", TOO_LARGE),
        ("60000x60000", TOO_LARGE),
        ("9999x9999", TOO_LARGE),
        ("", "choose one of these"),
    ],
)
def test_pro_refuses_any_other_size(size: str, hint: str) -> None:
    problem = only(PRO, size=size)
    assert (problem.code, problem.path, problem.help) == ("wrong-value", ("size",), hint)


def test_pro_warns_of_pixels_that_it_is_not_known_to_make() -> None:
    assert found(PRO, size="640x480") == [("warning", "out-of-range", "size")]
    assert found(PRO, size="4096x4096") == [("warning", "out-of-range", "size")]
    assert "16,777,216 pixels" in only(PRO, size="4096x4096").message


@pytest.mark.parametrize(
    ("model", "params", "size"),
    [
        (PRO, {}, (2048, 2048)),
        (PRO, {"size": "1K"}, (1024, 1024)),
        (PRO, {"size": "1536x864"}, (1536, 864)),
        (PRO, {"size": "864x1536"}, (864, 1536)),
        (NANO, {}, (1024, 1024)),
        (NANO, {"resolution": "4K", "aspect_ratio": "21:9"}, (6336, 2688)),
        (NANO, {"resolution": "2K", "aspect_ratio": "4:5"}, (1856, 2304)),
        (LITE, {"size": "3K", "aspect_ratio": "16:9"}, (4096, 2304)),
        (LITE, {"aspect_ratio": "3:4"}, (1728, 2304)),
    ],
)
def test_sizes_come_from_each_models_own_words(
    model: Model, params: dict[str, object], size: tuple[int, int]
) -> None:
    assert model.size_px(params) == size


def test_nano_matches_a_measured_reference() -> None:
    params = {"image_input": [URL], "resolution": "2K"}
    assert NANO.size_px(params) is None
    assert NANO.size_px(params, (3000, 2000)) == (2528, 1696)


@pytest.mark.parametrize(
    ("model", "params", "ratio"),
    [
        (PRO, {"size": "1536x864"}, 16 / 9),
        (PRO, {"size": "2K"}, None),
        (PRO, {}, None),
        (NANO, {"aspect_ratio": "3:2", "resolution": "1K"}, 1264 / 848),
        (NANO, {"aspect_ratio": "3:2"}, 1.5),
        (NANO, {"aspect_ratio": "match_input_image"}, None),
        (LITE, {}, None),
    ],
)
def test_a_ratio_is_asked_for_by_words_only(
    model: Model, params: dict[str, object], ratio: float | None
) -> None:
    asked = model.asked_ratio(params)
    assert (None if asked is None else asked.width_to_height) == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("model", "params", "expected"),
    [
        (NANO, {"output_format": "jpg"}, ImageFormat.JPEG),
        (NANO, {"output_format": "png"}, ImageFormat.PNG),
        (NANO, {}, None),
        (LITE, {"output_format": "jpeg"}, ImageFormat.JPEG),
        (LITE, {"output_format": "png"}, ImageFormat.PNG),
        (PRO, {}, None),
    ],
)
def test_formats_are_asked_for_in_each_models_own_words(
    model: Model, params: dict[str, object], expected: ImageFormat | None
) -> None:
    assert model.output_format(params) is expected


def test_answers_have_each_models_own_key() -> None:
    assert NANO.build_result([URL]) == {"image": URL}
    assert PRO.build_result([URL]) == {"images": [URL]}
    assert LITE.build_result([URL, URL]) == {"images": [URL, URL]}
    for model in (NANO, PRO, LITE):
        result = model.build_result([URL])
        assert model.judge_output(result) == []
        assert model.image_urls(result) == (URL,)
    assert NANO.judge_output({"images": [URL]}) != []


def test_only_lite_gives_sets() -> None:
    everything = {"sequential_image_generation": "auto", "max_images": 4}
    assert LITE.image_bounds(everything) == (1, 4)
    assert NANO.image_bounds({}) == PRO.image_bounds({}) == (1, 1)
    for model in (NANO, PRO):
        assert found(model, **everything) == [
            ("error", "unknown-parameter", "sequential_image_generation"),
            ("error", "unknown-parameter", "max_images"),
        ]


@pytest.mark.parametrize(
    ("model", "name", "hint"),
    [
        (NANO, "size", "`resolution`"),
        (NANO, "max_images", "one image for each request"),
        (PRO, "aspect_ratio", "`size`"),
        (PRO, "image_input", "`image`"),
        (LITE, "resolution", "`size`"),
        (LITE, "disable_safety_checker", "no such switch"),
    ],
)
def test_a_parameter_of_another_model_is_told_what_to_use_instead(model: Model, name: str, hint: str) -> None:
    problem = model.explain_unknown(name)
    assert problem.help is not None
    assert hint in problem.help
    assert [other.help for other in model.judge({"prompt": "A fox", name: "2K"})] == [problem.help]


@pytest.mark.parametrize("model", [NANO, LITE], ids=lambda model: model.id)
def test_matching_needs_one_reference(model: Model) -> None:
    ratio = {"aspect_ratio": "match_input_image"}
    assert found(model, **ratio) == [("error", "too-few-values", "aspect_ratio")]
    assert found(model, **ratio, image_input=[URL]) == []
    assert found(model, **ratio, image_input=[URL, URL]) == [("warning", "too-many-values", "image_input")]


def test_references_and_images_of_a_set_are_limited_together() -> None:
    params = {"image_input": [URL] * 10, "sequential_image_generation": "auto"}
    assert found(LITE, **params, max_images=5) == []
    assert found(LITE, **params, max_images=6) == [("error", "too-many-together", "image_input")]


def test_prices_are_those_that_are_known() -> None:
    assert LITE.price_usd({}) == Decimal("0.035")
    assert LITE.price is not None
    assert LITE.price.source == "the model's card"
    assert NANO.price_usd({"resolution": "4K"}) is None
    assert PRO.price_usd({}) is None


def test_a_price_may_depend_on_a_parameter(card: dict[str, Any], profile: dict[str, Any]) -> None:
    price = {
        "by": "tone",
        "usd_per_image": {"light": "0.01", "dark": "0.03"},
        "as_of": "2026-11-01",
        "sureness": "I",
        "source": "invented",
    }
    catalog = build_catalog([("pencil", card)], [("pencil", profile | {"price": price})], card["model"])
    model = catalog.models[card["model"]]
    assert model.price_usd({"tone": "light"}) == Decimal("0.01")
    assert model.price_usd({"tone": "dark"}) == Decimal("0.03")
    assert model.price_usd({}) == Decimal("0.03"), "left out or not known yet: the highest"
    assert model.price_usd({"tone": object()}) == Decimal("0.03")
    assert model.price is not None
    assert model.price.least_usd == Decimal("0.01")
    own = catalog.with_prices({model.id: Decimal("0.05")}).models[model.id]
    assert own.price_usd({"tone": "light"}) == Decimal("0.05"), "the settings say one price"


@pytest.mark.parametrize(
    ("schema", "prices", "params"),
    [
        ({"type": "boolean"}, {"true": "0.01", "false": "0.03"}, {True: "0.01", False: "0.03"}),
        (
            {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
            {"true": "0.01", "false": "0.03"},
            {True: "0.01", False: "0.03"},
        ),
        (
            {"type": "integer", "enum": [1, 2]},
            {"1": "0.01", "2": "0.03"},
            {1: "0.01", 2: "0.03"},
        ),
    ],
)
def test_a_price_may_depend_on_a_switch_or_a_number(
    card: dict[str, Any],
    profile: dict[str, Any],
    schema: dict[str, Any],
    prices: dict[str, str],
    params: dict[int, str],
) -> None:
    price = {
        "by": "watermark",
        "usd_per_image": prices,
        "as_of": "2026-11-01",
        "sureness": "I",
        "source": "invented",
    }
    card["input"]["properties"]["watermark"] = schema
    catalog = build_catalog([("pencil", card)], [("pencil", profile | {"price": price})], card["model"])
    model = catalog.models[card["model"]]
    for value, usd in params.items():
        assert model.price_usd({"watermark": value}) == Decimal(usd), value
        as_float = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        assert model.price_usd({"watermark": as_float}) == Decimal(usd), "written 1.0"
    assert model.price_usd({}) == Decimal("0.03"), "left out or not known yet: the highest"


def test_a_field_that_takes_no_list_gets_the_reference_itself(
    card: dict[str, Any], profile: dict[str, Any]
) -> None:
    card["input"]["properties"]["picture"] = {"type": "string", "format": "uri"}
    model = build_catalog([("pencil", card)], [("pencil", profile)], card["model"]).models[card["model"]]
    assert (model.takes_reference_list, model.max_references) == (False, 1)
    assert model.judge({"text": "a fox", "picture": [URL]}) == []
    assert [problem.code for problem in model.judge({"text": "a fox", "picture": ["a b"]})] == ["not-a-uri"]
    assert [problem.code for problem in model.judge({"text": "a fox", "picture": [URL, URL]})] == [
        "too-many-values"
    ]


def test_no_code_knows_what_only_one_models_card_says() -> None:
    """Parameters, tiers and prices of models are data. Left out are those that are words of the language, too."""
    house = Path(seedflow.__file__).parent
    common = {"prompt", "image", "size", "aspect_ratio"}
    words = {name for model in CATALOG.sorted_models for name in model.parameters} - common
    words |= {"1K", "2K", "3K", "4K", "match_input_image", "jpg"}
    pattern = re.compile(rf"[\"']({'|'.join(sorted(words))})[\"']")
    allowed = {
        ("images/facts.py", "jpg"),  # the extension of a file
        ("models/problem.py", "image_input"),  # an example in a docstring
        ("recipe/words.py", "max_images"),  # what some write for `images` under `limits`
    }
    named = {
        (path.relative_to(house).as_posix(), word)
        for path in sorted(house.rglob("*.py"))
        for word in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert named <= allowed
