"""The rules of profiles: facts about a model beyond its schema, with a severity, and editing them never costs anything."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

import seedflow.models
from tests.golden.pencil import CARD, PROFILE
from tests.rules.desk import Desk

PROFILES = Path(seedflow.models.__file__).parent / "profiles"


def generate(parameters: str, prompt: str = "A fox") -> str:
    return f"steps: {{page: {{generate: {{prompt: {prompt}, {parameters}}}}}}}"


def references(count: int) -> str:
    return "image_input: [" + ", ".join(f"https://pictures.example/{n}.jpg" for n in range(count)) + "]"


SET = "sequential_image_generation: auto, max_images: {}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (generate(references(10)), []),
        (generate(references(11)), ["too-many-values?"]),
        (generate(references(14)), ["too-many-values?"]),
        (generate(references(15)), ["too-many-values"]),
        (generate(references(10) + ", " + SET.format(5)), []),
        (generate(references(10) + ", " + SET.format(6)), ["too-many-together"]),
        (generate("size: 2K", "fox " * 600), []),
        (generate("size: 2K", "fox " * 601), ["long-text?"]),
        (generate("size: 2K", "f" * 4000), []),
        (generate("size: 2K", "f" * 4001), ["long-text?"]),
        (generate("max_images: 3"), ["no-effect?"]),
        (generate("sequential_image_generation: disabled, max_images: 3"), ["no-effect?"]),
        (generate("sequential_image_generation: auto"), ["parameter-expected?"]),
        (generate(SET.format(3)), []),
        (generate("aspect_ratio: match_input_image"), ["too-few-values"]),
        (generate("aspect_ratio: match_input_image, " + references(1)), []),
        (generate("aspect_ratio: match_input_image, " + references(2)), ["too-many-values?"]),
    ],
)  # fmt: skip # a row a line
def test_facts_beyond_the_schema_have_a_severity(desk: Desk, text: str, said: list[str]) -> None:
    """At most 14 references (more than 10: warning), with `max_images` at most 15, and so on for each number of the rule."""
    assert desk.codes(text) == said


def test_pixel_sizes_and_prices_are_data_of_the_profile(desk: Desk) -> None:
    """Pixels for each `size` and ratio, and the price per image."""
    text = generate("size: 4K, aspect_ratio: 16:9")
    profile = json.loads((PROFILES / "bytedance-seedream-4.5.json").read_text())
    assert desk.tasks(text)["page"].list_cost_usd.high == Decimal(str(profile["price"]["usd_per_image"]))
    [image] = desk.run(text).tasks[0].images
    assert [image.facts.width_px, image.facts.height_px] == profile["pixels"]["sizes"]["4K"]["16:9"]


def test_profiles_are_versioned() -> None:
    profiles = [json.loads(path.read_text()) for path in PROFILES.glob("*.json")]
    assert len(profiles) >= 4
    assert [profile["model"] for profile in profiles if not profile.get("version")] == []


def test_editing_a_card_a_profile_or_a_price_never_makes_anything_be_paid_again(desk: Desk) -> None:
    """What was asked is the same request, whatever is known of its model by now."""
    recipe = "steps: {drawing: {generate: {model: studio/pencil-1, text: A fox, paper: a5}}}"
    card, profile = deepcopy(CARD), deepcopy(PROFILE)
    desk.write("seedflow.yaml", "models: our-models\n")
    desk.write("our-models/pencil.json", json.dumps(card))
    desk.write("our-models/pencil.profile.json", json.dumps(profile))
    assert desk.run(recipe).calls == 1
    card["input"]["properties"]["hardness"] = {"type": "integer", "default": 2}
    profile["version"] = "2099-01-01"
    profile["price"]["usd_per_image"] = {"a5": "9.99", "a4": "9.99"}
    profile["pixels"]["sizes"]["a5"] = [42, 60]
    desk.write("our-models/pencil.json", json.dumps(card))
    desk.write("our-models/pencil.profile.json", json.dumps(profile))
    desk.write("seedflow.yaml", "models: our-models\nprices: {studio/pencil-1: 0.5}\n")
    assert desk.run(recipe).calls == 0


def test_a_picture_with_a_longer_side_than_the_model_takes_is_a_warning(desk: Desk) -> None:
    for width_px, said in ((6000, []), (6001, ["large-reference?"])):
        Image.new("RGB", (width_px, 3000)).save(desk.folder / "wide.png")
        assert desk.codes(generate("image_input: wide.png")) == said
