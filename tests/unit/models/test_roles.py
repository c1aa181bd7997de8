"""Which field of an answer holds the images, and which parameters can be prompt and references: never by the order of keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seedflow.diagnostics import Diagnostic
from seedflow.models.catalog import load_catalog
from seedflow.models.project import add_project_models

URL: dict[str, Any] = {"type": "string", "format": "uri"}
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
FACT = {"sureness": "I", "source": "invented"}
INPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "prompt": TEXT,
        "picture": TEXT,
        "pictures": {"type": "array", "items": URL},
        "either": {"anyOf": [URL, {"type": "array", "items": URL}]},
        "paper": {"type": "string", "enum": ["a5", "a4"]},
        "few": {"type": "array", "items": {"enum": ["a", "b"]}},
        "numbers": {"type": "array", "items": NUMBER},
        "objects": {"type": "array", "items": {"type": "object", "properties": {"url": URL}}},
        "day": {"type": "string", "format": "date"},
        "count": NUMBER,
    },
}


def load(
    folder: Path, fields: dict[str, Any], required: tuple[str, ...] = (), *, profile: Any = None, **card: Any
) -> tuple[Any, list[Diagnostic]]:
    output = {"type": "object", "properties": fields, "required": list(required)}
    data = {"model": "a/b", "input": INPUT, "output": output, **card}
    (folder / "b.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    if profile is not None:
        said = {"format": 1, "model": "a/b", "version": "2026-11-26", **profile}
        (folder / "b.profile.json").write_text(json.dumps(said, indent=1), encoding="utf-8")
    catalog, problems = add_project_models(load_catalog(), folder, "models")
    return catalog.find("a/b"), problems


CHOSEN = {
    "one of two types": ({"seed": NUMBER, "image": URL}, ("image",), "image"),
    "a list": ({"seed": NUMBER, "drawings": {"type": "array", "items": URL}}, (), "drawings"),
    "what says that it is a URL": ({"note": TEXT, "drawing": URL}, (), "drawing"),
    "by a pattern": ({"note": TEXT, "drawing": {"type": "string", "pattern": "^https://"}}, (), "drawing"),
    "in a branch": ({"note": TEXT, "drawing": {"anyOf": [{"type": "null"}, URL]}}, ("note",), "drawing"),
    "the usual name": ({"preview": URL, "image": URL}, (), "image"),
    "a usual name without a format": ({"note": TEXT, "images": {"type": "array", "items": TEXT}}, (), "images"),
    "what is required": ({"preview": URL, "drawing": URL}, ("drawing",), "drawing"),
    "a name before required": ({"image": URL, "id": TEXT}, ("id",), "image"),
    "no date": ({"made": {"type": "string", "format": "date-time"}, "drawing": TEXT}, (), "drawing"),
    "no state": ({"state": {"enum": ["done", "failed"]}, "drawing": TEXT}, (), "drawing"),
    "beside objects": ({"meta": {"type": "object"}, "image": TEXT}, (), "image"),
}  # fmt: skip # a row a line


@pytest.mark.parametrize(("fields", "required", "expected"), CHOSEN.values(), ids=CHOSEN)
def test_one_field_is_found_in_any_order(
    fields: dict[str, Any], required: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    for order in (fields, dict(reversed(fields.items()))):
        model, problems = load(tmp_path, order, required)
        assert problems == []
        assert model.profile.images_field == expected
        result = model.build_result(["https://pictures.invalid/1"])
        assert model.find_breach(result) is None
        assert model.image_urls(result) == ("https://pictures.invalid/1",)


OPEN = {
    "two alike": ({"a": URL, "b": URL}, "which field of the answer holds the URLs of images: `a` and `b` could"),
    "a name and a format": ({"image": TEXT, "log_url": URL}, "`image` and `log_url` could"),
    "beside objects": (
        {"state": TEXT, "result": {"type": "object", "properties": {"image": URL}}},
        "that `state` holds the URLs of images: they may be in `result`, which is not looked into",
    ),
}  # fmt: skip # a row a line


@pytest.mark.parametrize(("fields", "message"), OPEN.values(), ids=OPEN)
def test_what_is_not_certain_is_asked_for(fields: dict[str, Any], message: str, tmp_path: Path) -> None:
    for order in (fields, dict(reversed(fields.items()))):
        model, (problem,) = load(tmp_path, order)
        assert model is None
        assert str(problem.span).startswith("models/b.json:")
        assert problem.help == "say which in `answer.images` of a profile beside the card"
    assert message in load(tmp_path, fields)[1][0].message
    first = next(name for name in fields)
    model, problems = load(tmp_path, fields, profile={"answer": {"images": first, **FACT}})
    assert problems == []
    assert model.profile.images_field == first
    _, (problem,) = load(tmp_path, fields, profile={"answer": {"formats": ["png"], **FACT}})
    assert message in problem.message


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"drawing": NUMBER}, "`drawing` is a whole number"),
        (
            {"images": {"type": "array", "items": {"type": "object", "properties": {"url": URL}}}},
            "`images` is a list of objects",
        ),
        ({"result": {"type": "object", "properties": {"image": URL}}}, "`result` is an object"),
        ({"result": {"properties": {"image": URL}}}, "`result` is an object"),
        ({"a": NUMBER, "b": {"enum": ["x"]}}, "`a` is a whole number, `b` is one of a few values"),
        ({"images": {"type": "array", "items": {"type": "array", "items": URL}}}, "`images` is a list of lists"),
        ({"image": {"type": "string", "format": "date"}}, "`image` is a text of the format date"),
    ],
)  # fmt: skip # a row a line
@pytest.mark.parametrize("said", [False, True])
def test_an_answer_without_a_place_for_urls_is_told_when_the_folder_is_read(
    fields: dict[str, Any], found: str, *, said: bool, tmp_path: Path
) -> None:
    profile = {"answer": {"images": next(iter(fields)), **FACT}} if said else None
    model, (problem,) = load(tmp_path, fields, profile=profile)
    assert model is None
    assert (
        problem.message == f"`output.properties`: no field of the answer can hold the URLs of images: {found}"
    )
    assert "not from objects inside" in str(problem.help)


@pytest.mark.parametrize(("name", "found"), [("seed", "is a whole number"), ("meta", "is an object")])
def test_a_profile_does_not_name_a_field_that_cannot_hold_urls(name: str, found: str, tmp_path: Path) -> None:
    fields = {"seed": NUMBER, "meta": {"type": "object"}, "image": URL, "mask": URL}
    model, (problem,) = load(tmp_path, fields, profile={"answer": {"images": name, **FACT}})
    assert model is None
    assert f"the card's `{name}` {found}" in problem.message
    assert str(problem.span).startswith("models/b.profile.json:")
    assert problem.help == "fields that would do: image, mask"


def test_a_text_that_may_hold_anything_is_not_offered_in_place_of_objects(tmp_path: Path) -> None:
    fields = {"images": {"type": "array", "items": {"type": "object"}}, "prompt": TEXT}
    _, (problem,) = load(tmp_path, fields, profile={"answer": {"images": "images", **FACT}})
    assert (
        problem.help == "URLs are not read from objects: a model that gives them there alone cannot be used"
    )


@pytest.mark.parametrize("name", ["picture", "pictures", "either"])
def test_references_go_where_urls_can_stand(name: str, tmp_path: Path) -> None:
    model, problems = load(tmp_path, {"image": URL}, profile={"references": {"parameter": name, **FACT}})
    assert problems == []
    assert model.references_field == name


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("prompt", "holds the prompt"),
        ("paper", "is one of a few values"),
        ("few", "is a list of a few values"),
        ("numbers", "is a list of whole numbers"),
        ("objects", "is a list of objects"),
        ("day", "is a text of the format date"),
        ("count", "is a whole number"),
    ],
)
def test_references_go_nowhere_else(name: str, found: str, tmp_path: Path) -> None:
    model, (problem,) = load(tmp_path, {"image": URL}, profile={"references": {"parameter": name, **FACT}})
    assert model is None
    assert f"and the card's `{name}` {found}" in problem.message
    assert problem.help == "parameters that would do: picture, pictures, either"


def test_an_image_that_is_missing_is_asked_for_as_one(tmp_path: Path) -> None:
    needed = {"input": {**INPUT, "required": ["picture"]}}
    profile = {"references": {"parameter": "picture", **FACT}}
    model, _ = load(tmp_path, {"image": URL}, profile=profile, **needed)
    (problem,) = model.judge({"prompt": "A"})
    assert problem.help == "add `picture: …` (an image)"


def test_a_prompt_is_a_text(tmp_path: Path) -> None:
    odd = {"input": {"type": "object", "properties": {"prompt": NUMBER, "words": TEXT}}}
    model, (problem,) = load(tmp_path, {"image": URL}, **odd)
    assert model is None
    assert problem.message == "`input.properties.prompt`: is a whole number, and a prompt is a text"
    said = {"prompt": {"parameter": "words", **FACT}}
    model, problems = load(tmp_path, {"image": URL}, profile=said, **odd)
    assert problems == []
    assert model.prompt_field == "words"


def test_formats_may_be_left_out(tmp_path: Path) -> None:
    model, problems = load(tmp_path, {"image": URL}, profile={"answer": {"images": "image", **FACT}})
    assert problems == []
    assert [found.value for found in model.output_formats] == ["jpeg", "png", "webp"]
    chosen = {"parameter": "paper", "values": {"a5": "png", "a4": "webp"}}
    model, problems = load(tmp_path, {"image": URL}, profile={"answer": {"chosen_by": chosen, **FACT}})
    assert problems == []
    assert model.output_format({"paper": "a4"}) == "webp"
