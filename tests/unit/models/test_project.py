"""A project's models: a file makes a model, and whatever is wrong with a file is said at its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedflow.diagnostics import Diagnostic
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.models.places import find_place
from seedflow.models.project import add_project_models

SHIPPED = load_catalog()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "models"
    found.mkdir()
    return found


def read(folder: Path) -> tuple[Catalog, list[Diagnostic]]:
    return add_project_models(SHIPPED, folder, "models")


def write(folder: Path, name: str, data: object) -> None:
    (folder / name).write_text(json.dumps(data, indent=2), encoding="utf-8")


def test_a_card_alone_is_a_model(folder: Path, card: dict[str, Any]) -> None:
    write(folder, "pencil.json", card)
    catalog, problems = read(folder)
    assert problems == []
    assert catalog.ids == (*SHIPPED.ids, "studio/pencil-1")
    model = catalog.models["studio/pencil-1"]
    assert (model.origin, model.references_field) == ("models/pencil.json", None)
    assert model.price_usd({}) is not None


def test_a_profile_beside_a_card_is_its_profile(
    folder: Path, card: dict[str, Any], profile: dict[str, Any]
) -> None:
    write(folder, "pencil.json", card)
    write(folder, "pencil.profile.json", profile)
    catalog, problems = read(folder)
    assert problems == []
    assert catalog.models["studio/pencil-1"].references_field == "picture"
    assert "picture" in catalog.reference_fields


def test_other_files_and_folders_are_left_alone(folder: Path, card: dict[str, Any]) -> None:
    (folder / "README.md").write_text("Our models")
    (folder / "old").mkdir()
    write(folder / "old", "pencil.json", card)
    write(folder, "._pencil.json", "written by a file manager")
    catalog, problems = read(folder)
    assert (catalog.ids, problems) == (SHIPPED.ids, [])


def expect(folder: Path, code: str, message: str, place: str | None) -> None:
    catalog, problems = read(folder)
    assert [problem.code for problem in problems] == [code]
    assert message in problems[0].message
    assert (None if problems[0].span is None else str(problems[0].span)) == place
    assert problems[0].help is not None
    assert catalog.ids == SHIPPED.ids, "a model with a flaw is left out"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("", "this is not JSON", "models/pencil.json:1:1"),
        ('{"model": "a/b",\n  // ours\n}', "this is not JSON", "models/pencil.json:2:3"),
        ("[]", "must be a JSON object with `model`", "models/pencil.json:1:1"),
        ('{\n  "model": "two words", "input": {"properties": {"a": {}}}, "output": {"properties": {"b": {}}}\n}',
         "`model`: must be the model's id", "models/pencil.json:2:3"),
        ('{"a": 1, "a": 2}', "the key `a` stands twice in this object", "models/pencil.json:1:10"),
        ('{\n "x": {"a": 1,\n "\\u0061": [{"a": 2}]}}', "the key `a` stands twice", "models/pencil.json:3:2"),
        ('{"a": NaN}', "there is no `NaN`", "models/pencil.json:1:7"),
        ('{"a": ["NaN"],\n "b": -Infinity}', "there is no `-Infinity`", "models/pencil.json:2:7"),
        ('{\n "a": "\\ud83d\\ude00 \\\\ud800 \\ud800"}', "`\\ud800` is half of a surrogate pair", "models/pencil.json:2:29"),
        ("[" * 80 + "]" * 80, "nested more than 64 levels deep", None),
        ("[" * 100_000, "nested more than 64 levels deep", None),
        ("\udcff", "is not UTF-8: there is the byte 0xFF", "models/pencil.json:1:1"),
        ("\ufeff{\n \"é\": \"\udce9\"}", "the byte 0xE9", "models/pencil.json:2:8"),
        (" " * 1_100_000, "is larger than 1 MiB", None),
    ],
)  # fmt: skip # a row a line
def test_a_file_that_is_no_card_is_told_with_its_place(
    folder: Path, text: str, message: str, place: str | None
) -> None:
    (folder / "pencil.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    expect(folder, "unusable-model", message, place)


def test_a_byte_order_mark_is_dropped(folder: Path, card: dict[str, Any]) -> None:
    (folder / "pencil.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(card).encode())
    assert read(folder)[1] == []


def test_a_schema_that_is_none_is_told_when_it_is_loaded(folder: Path, card: dict[str, Any]) -> None:
    card["input"]["properties"]["text"] = {"type": "strin"}
    write(folder, "pencil.json", card)
    expect(
        folder, "unusable-model", "`input.properties.text.type`: is not a JSON Schema: \"strin\" is no type",
        "models/pencil.json:7:9",
    )  # fmt: skip # a row a line
    assert read(folder)[1][0].help == "did you mean `string`?"


def test_every_flaw_of_a_schema_has_its_place(folder: Path, card: dict[str, Any]) -> None:
    card["input"]["properties"]["text"] = {"type": ["string", "date"], "minLength": -1}
    card["output"]["properties"]["image"] = {"enum": "x", "pattern": "("}
    write(folder, "pencil.json", card)
    text = (folder / "pencil.json").read_text()
    found = {
        problem.message: text[problem.span.start : problem.span.end]
        for problem in read(folder)[1]
        if problem.span is not None
    }
    assert found == {
        "`input.properties.text.type`: is not a JSON Schema: \"date\" is no type; the types are "
        "string, integer, number, boolean, array, object, null": '"type"',
        "`input.properties.text.minLength`: is not a JSON Schema: it is -1, expected at least 0": '"minLength"',
        "`output.properties.image.enum`: is not a JSON Schema: it is \"x\", expected a list": '"enum"',
        "`output.properties.image.pattern`: is not a JSON Schema: it is \"(\", expected a regular expression":
            '"pattern"',
    }  # fmt: skip # a row a line


def test_an_unknown_key_of_a_profile_is_told_where_it_stands(
    folder: Path, card: dict[str, Any], profile: dict[str, Any]
) -> None:
    profile["refrences"] = profile.pop("references")
    write(folder, "pencil.json", card)
    write(folder, "pencil.profile.json", profile)
    expect(
        folder, "unusable-model", "`refrences`: there is no such key in a profile",
        "models/pencil.profile.json:17:3",
    )  # fmt: skip # a row a line
    assert read(folder)[1][0].help == "did you mean `references`?"


@pytest.mark.parametrize("odd", [{"x": 1}, ["a4"], 4])
def test_a_value_of_a_card_that_is_no_text_has_no_size(
    folder: Path, card: dict[str, Any], profile: dict[str, Any], odd: object
) -> None:
    card["input"]["properties"]["paper"] = {"enum": ["a5", odd]}
    profile["pixels"] = {
        "tier": "paper", "sizes": {"a5": [840, 1192], "a4": [1192, 1680]}, "sureness": "I", "source": "invented"
    }  # fmt: skip # a row a line
    write(folder, "pencil.json", card)
    write(folder, "pencil.profile.json", profile)
    catalog, problems = read(folder)
    assert catalog.ids == SHIPPED.ids
    assert [problem.message for problem in problems if "the card's tiers are a5, " in problem.message]


def test_a_link_out_of_the_project_is_not_read(folder: Path, card: dict[str, Any], tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-secret"
    outside.write_text("a secret", encoding="utf-8")
    (folder / "pencil.json").symlink_to(outside)
    catalog, problems = add_project_models(SHIPPED, folder, "models", tmp_path)
    assert [(problem.code, problem.span) for problem in problems] == [("unusable-model", None)]
    assert "leads out of the project" in problems[0].message
    assert catalog.ids == SHIPPED.ids
    write(tmp_path, "shared.json", card)
    (folder / "pencil.json").unlink()
    (folder / "pencil.json").symlink_to(tmp_path / "shared.json")
    assert add_project_models(SHIPPED, folder, "models", tmp_path)[1] == []


def test_a_schema_that_points_elsewhere_is_not_followed(folder: Path, card: dict[str, Any]) -> None:
    card["input"]["properties"]["text"] = {"$ref": "file:///etc/hostname"}
    write(folder, "pencil.json", card)
    expect(
        folder, "unusable-model", "`input.properties.text.$ref`: references are not followed",
        "models/pencil.json:7:9",
    )  # fmt: skip # a row a line


def test_every_flaw_of_a_profile_has_its_place(
    folder: Path, card: dict[str, Any], profile: dict[str, Any]
) -> None:
    profile["references"]["parameter"] = "pictures"
    profile["rules"][0]["message"] = "{what}"
    write(folder, "pencil.json", card)
    write(folder, "pencil.profile.json", profile)
    catalog, problems = read(folder)
    assert "studio/pencil-1" not in catalog.ids
    text = (folder / "pencil.profile.json").read_text()
    assert [
        (problem.message, None if problem.span is None else text[problem.span.start : problem.span.end])
        for problem in problems
    ] == [
        ("`references.parameter`: the card has no parameter pictures", '"parameter"'),
        (
            "`rules.0.message`: {what} stands for nothing here; such a rule may use {count}, {limit}, {excess}",
            '"message"',
        ),
    ]


def test_a_profile_of_another_model_is_refused(
    folder: Path, card: dict[str, Any], profile: dict[str, Any]
) -> None:
    write(folder, "pencil.json", card)
    write(folder, "pencil.profile.json", profile | {"model": "studio/pencil-2"})
    expect(folder, "unusable-model", "it is of studio/pencil-2", "models/pencil.profile.json:3:3")


def test_a_profile_without_a_card_is_told(folder: Path, profile: dict[str, Any]) -> None:
    write(folder, "pencil.profile.json", profile)
    expect(folder, "unusable-model", "there is no pencil.json beside it", None)


def test_a_model_that_ships_is_not_replaced(folder: Path, card: dict[str, Any]) -> None:
    write(folder, "mine.json", card | {"model": SHIPPED.default_id})
    expect(folder, "model-taken", "ships with seedflow", "models/mine.json:2:3")
    assert read(folder)[0].models[SHIPPED.default_id] is SHIPPED.models[SHIPPED.default_id]


def test_two_cards_of_one_model_are_not_told_apart(folder: Path, card: dict[str, Any]) -> None:
    write(folder, "a.json", card)
    write(folder, "b.json", card)
    catalog, problems = read(folder)
    assert catalog.models["studio/pencil-1"].origin == "models/a.json"
    assert [(problem.code, str(problem.span)) for problem in problems] == [
        ("model-taken", "models/b.json:2:3")
    ]
    assert "models/a.json:2:3" in problems[0].message


def test_what_is_no_file_is_told(folder: Path) -> None:
    (folder / "pencil.json").mkdir()
    expect(folder, "unusable-model", "models/pencil.json is not a file", None)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    catalog, problems = add_project_models(SHIPPED, tmp_path / "gone", "gone")
    assert catalog.ids == SHIPPED.ids
    assert [problem.code for problem in problems] == ["unusable-model"]
    assert "gone cannot be read" in problems[0].message


def test_a_folder_full_of_other_things_is_not_read(folder: Path) -> None:
    for number in range(501):
        (folder / f"{number}.json").touch()
    expect(folder, "unusable-model", "has 501 files", None)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def walk(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    members: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(found for key, inner in members for found in walk(inner, (*path, key)))]


@settings(deadline=None)
@given(values, st.sampled_from([None, 1, 4]), st.booleans())
def test_every_value_of_a_json_text_has_its_place(
    value: object, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for path in walk(value)[1:]:
        start, end = find_place(text, path)
        if isinstance(path[-1], str):
            assert json.loads(text[start:end]) == path[-1]
        else:
            place: Any = value
            for step in path:
                place = place[step]
            assert json.loads(text[start:end]) == place


@settings(deadline=None, max_examples=60)
@given(values, values)
def test_no_file_brings_it_down(
    tmp_path_factory: pytest.TempPathFactory, card: object, profile: object
) -> None:
    folder = tmp_path_factory.mktemp("models")
    whole: Callable[[str], object] = lambda name: {  # noqa: E731 - two of a kind
        "model": name, "input": {"properties": {"prompt": {}, "more": card if isinstance(card, dict) else {}}},
        "output": {"properties": {"images": {}}},
    }  # fmt: skip # a row a line
    write(folder, "a.json", card)
    write(folder, "b.json", whole("studio/b"))
    write(folder, "b.profile.json", profile)
    write(folder, "c.json", whole("studio/c"))
    shape = profile if isinstance(profile, dict) else {"rules": profile}
    write(folder, "c.profile.json", {"format": 1, "model": "studio/c", "version": "2026-01-01", **shape})
    _, problems = read(folder)
    assert all(problem.message and problem.help for problem in problems)
