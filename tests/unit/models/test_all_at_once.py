"""Whatever can be judged of a card and its profile is told together: no mistake waits behind another one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import seedflow.models.profile
from seedflow.models.card import parse_card
from seedflow.models.catalog import load_catalog
from seedflow.models.profile import find_profile_flaws
from seedflow.models.project import add_project_models

FOLDER = Path(seedflow.models.profile.__file__).parent
SHIPPED = "bytedance-seedream-4.5.json"
CARD = parse_card(json.loads((FOLDER / "cards" / SHIPPED).read_bytes()), "seedream")
PROFILE: dict[str, Any] = json.loads((FOLDER / "profiles" / SHIPPED).read_bytes())


def change(data: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    place: Any = data
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value


def flaws_of(changes: dict[str, object]) -> list[str]:
    data = copy.deepcopy(PROFILE)
    for path, value in changes.items():
        change(data, path, value)
    return sorted(".".join(map(str, flaw.path)) for flaw in find_profile_flaws(data, CARD))


TOGETHER: dict[str, tuple[dict[str, object], list[str]]] = {
    "an unknown key": (
        {"foo": 1, "references.parameter": "nope", "answer.images": "drawings"},
        ["answer.images", "foo", "references.parameter"],
    ),
    "a rule that lacks a key": (
        {"rules.6.when": ..., "rules.7.message": "{what}", "rules.5.needs": {"nope": 1}},
        ["rules.5.needs", "rules.6", "rules.7.message"],
    ),
    "a rule of no kind": (
        {"rules.0.kind": "python", "rules.7.message": "{what}"},
        ["rules.0.kind", "rules.7.message"],
    ),
    "a rule that is none": ({"rules": [1, {**PROFILE["rules"][0], "help": "{what}"}]}, ["rules.0", "rules.1.help"]),
    "an unknown format": (
        {"answer.formats": ["gif"], "answer.images": "drawings"},
        ["answer.formats.0", "answer.images"],
    ),
    "a missing source": ({"pixels.source": ..., "pixels.tier": "nope"}, ["pixels", "pixels.tier"]),
    "an unknown key of a part": ({"pixels.foo": 1, "pixels.ratio": "nope"}, ["pixels.foo", "pixels.ratio"]),
    "a limit": (
        {"references.max_bytes": 3, "references.parameter": "nope"},
        ["references.max_bytes", "references.parameter"],
    ),
    "what every profile has": (
        {"format": 2, "version": "x", "model": 3, "answer.images": "drawings"},
        ["answer.images", "format", "model", "version"],
    ),
    "values of both kinds": (
        {"assumed.values.size": [1], "images.when": {"mode": "auto"}},
        ["assumed.values.size", "images.when"],
    ),
}  # fmt: skip # a row a line


@pytest.mark.parametrize(("changes", "expected"), TOGETHER.values(), ids=TOGETHER)
def test_one_mistake_hides_no_other(changes: dict[str, object], expected: list[str]) -> None:
    assert flaws_of(changes) == expected


ALONE: dict[str, tuple[dict[str, object], list[str]]] = {
    "sets that rules count on": ({"images.counted_by": 3}, ["images.counted_by"]),
    "a misspelt part": ({"image": PROFILE["images"], "images": ...}, ["image"]),
    "references that rules count": (
        {"references.parameter": 4, "rules.0.parameter": "prompt"},
        ["references.parameter"],
    ),
    "pixels by ratio": ({"pixels.ratio": 5}, ["pixels.ratio"]),
    "a misspelt ratio": ({"pixels.ratoi": "aspect_ratio", "pixels.ratio": ...}, ["pixels.ratoi"]),
    "a size": ({"pixels.sizes.2K.1:1": "large"}, ["pixels.sizes.2K.1:1"]),
    "a price": ({"price.usd_per_image": {"2K": "1", "4K": 2}, "price.by": "size"}, ["price.usd_per_image.4K"]),
    "a chosen format": (
        {"answer.chosen_by": {"parameter": "size", "values": {"2K": "gif", "4K": "png"}}},
        ["answer.chosen_by.values.2K"],
    ),
    "an unknown key that is harmless elsewhere": ({"references.message": "x"}, ["references.message"]),
}  # fmt: skip # a row a line


@pytest.mark.parametrize(("changes", "expected"), ALONE.values(), ids=ALONE)
def test_nothing_is_said_that_follows_from_another_mistake(
    changes: dict[str, object], expected: list[str]
) -> None:
    assert flaws_of(changes) == expected


def read(folder: Path, card: Any, profile: Any) -> list[str]:
    (folder / "pencil.json").write_text(json.dumps(card), encoding="utf-8")
    (folder / "pencil.profile.json").write_text(json.dumps(profile), encoding="utf-8")
    catalog, problems = add_project_models(load_catalog(), folder, "models")
    assert catalog.ids == load_catalog().ids, "a model with a flaw is left out"
    return [
        f"{problem.span.source.name.removeprefix('models/')} {problem.message.partition(': ')[0]}"
        for problem in problems
        if problem.span is not None
    ]


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("price_per_image_usd", "free", "`price_per_image_usd`"),
        ("model", "two words", "`model`"),
        ("input.required", ["nope"], "`input.required`"),
        ("input.properties.tone", 1, "`input.properties.tone`"),
        ("input.properties.tone", {"type": "strin"}, "`input.properties.tone.type`"),
        ("input.properties.tone", {"$ref": "file:///etc/hostname"}, "`input.properties.tone.$ref`"),
        ("output.properties", {"image": {"type": "integer"}}, "`output.properties`"),
    ],
)
def test_a_mistake_in_a_card_hides_none_of_its_profile(
    path: str, value: object, place: str, tmp_path: Path, card: dict[str, Any], profile: dict[str, Any]
) -> None:
    change(card, path, value)
    profile["references"]["parameter"] = "nope"
    profile["rules"][0]["when"] = {"tone": "light"}
    assert read(tmp_path, card, profile) == [
        f"pencil.json {place}",
        "pencil.profile.json `references.parameter`",
    ]


@pytest.mark.parametrize("broken", [[], {"model": "a/b"}, {"model": "a/b", "input": {}, "output": 3}])
def test_the_form_of_a_profile_is_judged_without_a_card(
    broken: Any, tmp_path: Path, profile: dict[str, Any]
) -> None:
    profile["foo"] = 1
    profile["references"]["parameter"] = "nope"
    *of_card, last = read(tmp_path, broken, profile)
    assert of_card
    assert last == "pencil.profile.json `foo`"


def test_flaws_of_both_kinds_of_one_card_come_together(
    tmp_path: Path, card: dict[str, Any], profile: dict[str, Any]
) -> None:
    card["price_per_image_usd"] = "free"
    card["input"]["properties"]["text"]["minLength"] = -1
    card["output"]["properties"]["image"] = 1
    assert read(tmp_path, card, profile) == [
        "pencil.json `output.properties.image`",
        "pencil.json `price_per_image_usd`",
        "pencil.json `input.properties.text.minLength`",
    ]
