"""What an answer must be, how many images it may hold, how large they are and what they cost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from seedflow.images.facts import ImageFormat
from seedflow.models.model import Model

AUTO = {"sequential_image_generation": "auto"}
REFERENCE = ["https://reference.invalid/1"]


def test_the_uri_format_is_really_checked_in_answers(seedream: Model) -> None:
    assert seedream.judge_output({"images": ["https://pictures.example/1.jpg"]}) == []
    (found,) = seedream.judge_output({"images": ["https://pictures.example/1.jpg", "not a url"]})
    assert (found.code, found.path) == ("wrong-answer", ("images", 1))


@pytest.mark.parametrize(
    "answer",
    [{}, [], None, "text", {"images": []}, {"images": "https://a.example"}, {"images": [], "more": 1}],
)
def test_an_answer_that_breaks_the_cards_promise(seedream: Model, answer: object) -> None:
    assert {found.code for found in seedream.judge_output(answer)} == {"wrong-answer"}


def test_the_urls_of_an_answer_keep_their_order(seedream: Model, pencil: Model) -> None:
    assert seedream.image_urls({"images": ["https://b.example", "https://a.example"]}) == (
        "https://b.example",
        "https://a.example",
    )
    assert pencil.image_urls({"image": "https://a.example"}) == ("https://a.example",)
    for broken in (None, [], {}, {"images": None}, {"images": [1, None]}):
        assert seedream.image_urls(broken) == ()


def test_a_stand_in_answers_in_the_cards_own_shape(seedream: Model, pencil: Model) -> None:
    for model, urls in (
        (seedream, ["https://a.example", "https://b.example"]),
        (pencil, ["https://a.example"]),
    ):
        result = model.build_result(urls)
        assert model.judge_output(result) == []
        assert model.image_urls(result) == tuple(urls)


@pytest.mark.parametrize(
    ("params", "unknown", "bounds"),
    [
        ({}, (), (1, 1)),
        ({"max_images": 9}, (), (1, 1)),
        ({"sequential_image_generation": "disabled", "max_images": 9}, (), (1, 1)),
        ({**AUTO, "max_images": 4}, (), (1, 4)),
        ({**AUTO, "max_images": 99}, (), (1, 15)),
        (AUTO, (), (1, 15)),
        (AUTO, ("max_images",), (1, 15)),
        ({"max_images": 4}, ("sequential_image_generation",), (1, 4)),
        ({}, ("sequential_image_generation", "max_images"), (1, 15)),
        ({}, ("max_images", "prompt"), (1, 1)),
    ],
)
def test_how_many_images_one_call_may_give(
    seedream: Model, params: dict[str, object], unknown: tuple[str, ...], bounds: tuple[int, int]
) -> None:
    assert seedream.image_bounds(params, unknown) == bounds


def test_a_model_without_sets_gives_one(pencil: Model) -> None:
    assert pencil.image_bounds({"text": "fox"}) == (1, 1)


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, (2048, 2048)),
        ({"size": "4K"}, (4096, 4096)),
        ({"aspect_ratio": "16:9"}, (2848, 1600)),
        ({"aspect_ratio": "9:16"}, (1600, 2848)),
        ({"size": "4K", "aspect_ratio": "21:9"}, (6240, 2656)),
        ({"size": "4K", "aspect_ratio": "2:3"}, (3328, 4992)),
        ({"size": "8K"}, None),
        ({"size": None}, None),
        ({"aspect_ratio": "7:5"}, None),
    ],
)
def test_the_pixels_of_size_and_ratio(
    seedream: Model, params: dict[str, object], size: tuple[int, int] | None
) -> None:
    assert seedream.size_px(params) == size


@pytest.mark.parametrize(
    ("reference", "size"),
    [
        ((1000, 1000), (2048, 2048)),
        ((4000, 3000), (2304, 1728)),
        ((1080, 1920), (1600, 2848)),
        ((1000, 480), (2960, 1424)),
        ((10, 6000), (512, 8192)),
    ],
)
def test_matching_takes_the_references_ratio_and_the_tiers_pixels(
    seedream: Model, reference: tuple[int, int], size: tuple[int, int]
) -> None:
    params = {"aspect_ratio": "match_input_image", "image_input": REFERENCE}
    assert seedream.size_px(params, reference) == size
    assert seedream.size_px({"image_input": REFERENCE}, reference) == size, "it is also what is assumed"


def test_the_size_is_not_known_when_the_reference_is_not(seedream: Model, pencil: Model) -> None:
    assert seedream.size_px({"image_input": REFERENCE}) is None
    assert pencil.size_px({"text": "fox"}) is None


def test_assuming_changes_nothing_that_was_given(seedream: Model) -> None:
    given = {"prompt": "A", "size": "4K"}
    assert seedream.assume(given) == {
        "prompt": "A",
        "size": "4K",
        "aspect_ratio": "1:1",
        "sequential_image_generation": "disabled",
        "max_images": 1,
    }
    assert given == {"prompt": "A", "size": "4K"}


def test_prices_limits_and_formats(seedream: Model, pencil: Model) -> None:
    assert seedream.price_usd({}) == Decimal("0.04")
    assert seedream.price is not None
    assert seedream.price.as_of is not None
    assert pencil.price_usd({}) == Decimal("0.035"), "a price on the card is taken when the profile has none"
    assert (seedream.max_references, pencil.max_references) == (14, 2)
    assert (seedream.references_field, pencil.references_field) == ("image_input", "picture")
    assert set(seedream.output_formats) == set(ImageFormat)
