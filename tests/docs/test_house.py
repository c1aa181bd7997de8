"""The pages about the house agree with the house: rooms, layers, the language's keys and words, the API, the version."""

from __future__ import annotations

import re
import tomllib

import pytest

import seedflow
from seedflow.recipe.blocks import Block
from seedflow.recipe.schema import build_json_schema
from seedflow.recipe.words import INPUT_LATER, STEP_LATER
from tests.docs.pages import DOCS, ROOT, get_page

HOUSE = get_page("docs/house.md")
LANGUAGE = get_page("docs/language.md")


def test_rooms_are_the_layers_of_the_contract_and_the_folders() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    layers = [set(layer.split(" | ")) for layer in contract["layers"] if layer != "__main__"]
    told = [set(re.findall(r"`(\w+)`", row[1])) for row in HOUSE.rows("Rooms")[: len(layers)]]
    assert told == layers
    folders = {path.name for path in (ROOT / "seedflow").iterdir() if (path / "__init__.py").is_file()}
    assert folders <= set().union(*layers)


def test_files_that_the_house_names_exist() -> None:
    for name in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", HOUSE.text):
        assert (ROOT / "seedflow" / name).is_file() or (ROOT / name).is_file(), name


def test_folders_of_tests_are_told() -> None:
    told = {row[0].strip("`") for row in HOUSE.rows("Tests")}
    there = {
        f"tests/{path.name}"
        for path in (ROOT / "tests").iterdir()
        if path.is_dir() and any(path.rglob("*.py"))
    }
    assert there <= told


def blocks() -> list[type[Block]]:
    build_json_schema()
    found: list[type[Block]] = [Block]
    for block in found:
        found.extend(block.__subclasses__())
    return found[1:]


def test_the_language_has_every_key_of_the_schema() -> None:
    rows = {
        key
        for line in LANGUAGE.prose.splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    missing = {
        f"{block.__name__}.{key}" for block in blocks() for key in block.known_keys() if key not in rows
    }
    assert missing == set()


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("The long form", {"LoopBlock"}),
        ("expect", {"ExpectBlock", "ImagesBlock"}),
        ("iterate", {"IterateBlock"}),
        ("Outputs", {"OutputBlock"}),
        ("Limits", {"LimitsBlock"}),
        ("Named references", {"RefWordsBlock"}),
    ],
)
def test_the_language_has_no_key_that_the_schema_lacks(section: str, names: set[str]) -> None:
    known = {key for block in blocks() if block.__name__ in names for key in block.known_keys()}
    assert {key for row in LANGUAGE.rows(section) for key in re.findall(r"`(\w+)`", row[0])} == known


def test_the_options_that_go_with_a_kind_are_those_of_the_specification() -> None:
    both = {"for_each", "when", "needs", "description", "tags", "was"}
    of_generate = {"takes", "expect", "iterate"}
    told = {
        key: row[1]
        for row in get_page("docs/reference/recipe.md").rows("steps")
        if len(row) == 3
        for key in re.findall(r"`(\w+)`", row[0])
    }
    assert told == {
        **dict.fromkeys(both, "both"),
        **dict.fromkeys(of_generate, "`generate`"),
        "with": "`recipe`",
    }
    step = next(block for block in blocks() if block.__name__ == "StepBlock")
    assert set(step.known_keys()) == {*told, "generate", "recipe"}


def test_the_language_tells_every_word_that_comes_later() -> None:
    told = LANGUAGE.section("What comes later")
    words = {*STEP_LATER, *INPUT_LATER}
    assert {word for word in words if f"`{word}" not in told} == set()


def test_every_name_of_the_api_is_told() -> None:
    page = get_page("docs/reference/api.md")
    assert {name for name in seedflow.__all__ if f"`{name}" not in page.text} == {"__version__"}


def test_the_reference_lists_all_its_pages() -> None:
    linked = {link.target for link in get_page("docs/reference/README.md").links}
    there = {path.name for path in (DOCS / "reference").glob("*.md")} - {"README.md"}
    assert there <= linked


def test_the_newest_change_is_of_this_version() -> None:
    versions = re.findall(r"^## (\S+)", get_page("docs/changelog.md").text, re.MULTILINE)
    assert versions[0] == seedflow.__version__
