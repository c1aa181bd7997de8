"""The rules of compatibility: the version is required, newer ones are told from misspelt ones, and editors get the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.project import Project
from tests.rules.desk import Desk

STEPS = "steps: {page: {generate: {prompt: A}}}\n"


def codes(desk: Desk, text: str) -> list[str]:
    example = desk.open("seedflow: 1\n")
    example.path.write_text(text, encoding="utf-8")
    return [found.code for found in example.check()]


def test_seedflow_1_is_required(desk: Desk) -> None:
    assert codes(desk, STEPS) == ["missing-key"]
    assert codes(desk, f"seedflow: 1\n{STEPS}") == []


@pytest.mark.parametrize("version", ["0", "one", "'1'", "1.0", "true", "[1]", "-1"])
def test_anything_else_is_no_version(desk: Desk, version: str) -> None:
    assert codes(desk, f"seedflow: {version}\n{STEPS}") != []


@pytest.mark.parametrize("version", ["2", "3", "17"])
def test_a_newer_language_is_answered_with_what_is_known(desk: Desk, version: str) -> None:
    """Nothing else is said of such a recipe, whatever keys it has: they may be known to the newer one."""
    example = desk.open("seedflow: 1\n")
    example.path.write_text(f"seedflow: {version}\nmodels: {{new: 1}}\n{STEPS}", encoding="utf-8")
    [found] = example.check()
    assert (found.code, found.help) == ("newer-language", "update seedflow")
    assert f"version {version}" in found.message
    assert "version 1" in found.message


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('  best: {choose: {from: "{{ steps.page.images }}"}}', "choose"),
        ("  small: {transform: {resize: {width: 100}}}", "transform"),
        ("  shared: {recipe: team/cast}", "team/cast"),
    ],
)
def test_words_that_come_later_are_answered_with_not_yet(desk: Desk, text: str, word: str) -> None:
    """At their place, and the rest of the file is still read."""
    recipe = f'steps:\n  page: {{generate: {{prompt: A}}}}\n{text}\n  last: {{generate: {{prompt: "{{{{ inputs.x }}}}"}}}}\n'
    found = desk.say(recipe)
    assert f"not-yet «{word}»" in found
    assert "unknown-input «x»" in found


def test_the_schema_is_published_with_a_description_on_every_key(tmp_path: Path) -> None:
    """`seedflow schema`, so that editors complete and check."""
    project = Project(tmp_path)
    schema = json.loads(project.seedflow("schema").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    silent = [path for path, key in walk(schema, "") if "description" not in key and "$ref" not in key]
    assert silent == []


def walk(schema: object, path: str) -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(schema, list):
        for item in schema:
            yield from walk(item, path)
    elif isinstance(schema, dict):
        for name, value in schema.items():
            if name in ("if", "else", "not"):  # conditions, not keys
                continue
            # A mapping of the language takes `x-` keys; without them it is a rule about keys that stand elsewhere.
            takes_keys = "patternProperties" in schema or "description" in schema
            if name == "properties" and takes_keys and isinstance(value, dict):
                yield from ((f"{path}/{key}", one) for key, one in value.items() if isinstance(one, dict))
            yield from walk(value, f"{path}/{name}")
