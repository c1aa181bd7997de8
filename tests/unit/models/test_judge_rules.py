"""The profile of Seedream 4.5 holds what its schema does not say, each rule with its severity."""

from __future__ import annotations

import time

import pytest

from seedflow.diagnostics import Severity
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.models.model import Model


def urls(count: int) -> list[str]:
    return [f"https://reference.invalid/{number}" for number in range(count)]


def say(model: Model, params: dict[str, object], **options: object) -> list[str]:
    """Problems as `code severity path`."""
    return [
        f"{found.code} {found.severity} {'.'.join(map(str, found.path))}"
        for found in model.judge({"prompt": "A", **params}, **options)
    ]


AUTO = {"sequential_image_generation": "auto"}


@pytest.mark.parametrize(
    ("count", "found"),
    [
        (10, []),
        (11, ["too-many-values warning image_input"]),
        (14, ["too-many-values warning image_input"]),
        (15, ["too-many-values error image_input"]),
    ],
)
def test_fourteen_references_are_the_most_and_more_than_ten_doubtful(
    seedream: Model, count: int, found: list[str]
) -> None:
    assert say(seedream, {"image_input": urls(count)}) == found


@pytest.mark.parametrize(
    ("images", "references", "fits"),
    [(5, 10, True), (6, 10, False), (15, 1, False), (14, 1, True), (15, 0, True)],
)
def test_references_and_images_are_fifteen_together(
    seedream: Model, images: int, references: int, *, fits: bool
) -> None:
    params = {**AUTO, "max_images": images, "image_input": urls(references)}
    assert say(seedream, params) == ([] if fits else ["too-many-together error image_input"])


def test_the_sum_waits_until_both_are_known(seedream: Model) -> None:
    params = {**AUTO, "image_input": urls(10)}
    assert say(seedream, params, unknown={"max_images"}) == []
    assert (
        say(seedream, {"max_images": 15, "image_input": urls(10)}, unknown={"sequential_image_generation"})
        == []
    )
    assert say(seedream, {**AUTO, "max_images": 15}, unknown={"image_input"}) == []


def test_the_sum_names_its_parts(seedream: Model) -> None:
    (found,) = seedream.judge({"prompt": "A", **AUTO, "max_images": 12, "image_input": urls(5)})
    assert "5 references and 12 images are 17 together" in found.message
    assert found.help is not None
    assert "2 in all" in found.help


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("word " * 600, []),
        ("word " * 601, ["long-text warning prompt"]),
        ("w " * 601, ["long-text warning prompt"]),
        ("x" * 4000, []),
        ("x" * 4001, ["long-text warning prompt"]),
        ("longer " * 601, ["long-text warning prompt"] * 2),
    ],
)
def test_long_prompts_are_warned_of(seedream: Model, prompt: str, found: list[str]) -> None:
    assert say(seedream, {"prompt": prompt}) == found


def test_max_images_does_nothing_without_auto(seedream: Model) -> None:
    assert say(seedream, {"max_images": 3}) == ["no-effect warning max_images"]
    assert say(seedream, {"max_images": 3, "sequential_image_generation": "disabled"}) == [
        "no-effect warning max_images"
    ]
    assert say(seedream, {"max_images": 3, **AUTO}) == []
    assert say(seedream, {"max_images": 3}, unknown={"sequential_image_generation"}) == []


def test_auto_should_say_how_many(seedream: Model) -> None:
    assert say(seedream, AUTO) == ["parameter-expected warning sequential_image_generation"]
    assert say(seedream, AUTO, unknown={"max_images"}) == []
    assert say(seedream, AUTO, partial=True) == []


def test_matching_needs_exactly_one_reference(seedream: Model) -> None:
    match = {"aspect_ratio": "match_input_image"}
    assert say(seedream, match) == ["too-few-values error aspect_ratio"]
    assert say(seedream, {**match, "image_input": []}) == ["too-few-values error aspect_ratio"]
    assert say(seedream, {**match, "image_input": urls(1)}) == []
    assert say(seedream, {**match, "image_input": urls(2)}) == ["too-many-values warning image_input"]
    assert say(seedream, {**match, "image_input": urls(15)}) == ["too-many-values error image_input"]


def test_a_rule_is_silent_about_a_value_that_the_card_refuses(seedream: Model) -> None:
    assert say(seedream, {"max_images": "3"}) == ["wrong-type error max_images"]
    assert say(seedream, {"image_input": "a"}) == ["wrong-type error image_input"]


def test_rules_are_data_for_any_model(pencil: Model) -> None:
    (found,) = pencil.judge({"text": "a clockwork fox"})
    assert (found.code, found.severity, found.message, found.help) == (
        "long-text",
        Severity.ERROR,
        "15 characters, 10 fit",
        "drop 5",
    )


def facts(size_bytes: int, width_px: int, height_px: int) -> ImageFacts:
    return ImageFacts("sha256:00", size_bytes, width_px, height_px, ImageFormat.JPEG)


def test_large_references_are_refused_by_bytes_and_doubted_by_pixels(seedream: Model) -> None:
    assert seedream.judge_reference(facts(10_000_000, 6000, 6000)) == []
    (heavy,) = seedream.judge_reference(facts(10_000_001, 100, 100))
    (wide,) = seedream.judge_reference(facts(1000, 100, 6001))
    assert (heavy.code, heavy.severity) == ("large-reference", Severity.ERROR)
    assert (wide.code, wide.severity) == ("large-reference", Severity.WARNING)
    assert "100×6001" in wide.message


def test_ten_thousand_requests_are_judged_in_a_third_of_a_second(seedream: Model) -> None:
    requests = [
        {
            "prompt": f"a fox {number} " * 20,
            "image_input": urls(3),
            "size": "2K",
            "aspect_ratio": "4:3",
            **AUTO,
            "max_images": 3,
        }
        for number in range(10_000)
    ]
    seedream.judge(requests[0])
    started = time.process_time()
    assert not any(seedream.judge(params) for params in requests)
    assert time.process_time() - started < 0.3
