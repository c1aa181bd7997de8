"""Every recipe in the documentation is one: it checks without a word, or says exactly what its page says it says."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest

from seedflow.diagnostics import Source, has_errors
from seedflow.plan.model import Action, Unknown
from seedflow.recipe.schema import build_json_schema
from seedflow.settings.load import load_settings
from seedflow.text.nodes import Mapping, Node, Scalar
from seedflow.text.reader import read_yaml
from tests.docs.pages import DIAGNOSTICS, PAGES, ROOT, Fence
from tests.docs.recipes import Example, is_whole, make_example, spell, without_notes, write_recipe

TESTED_BY_THEIR_ROOMS = {
    "docs/reference/settings.md": "tests/unit/settings/test_reference.py",
    "docs/reference/diagnostics/settings.md": "tests/unit/settings/test_reference.py",
    "docs/reference/diagnostics/checks.md": "tests/unit/checks/test_documented.py",
    "docs/reference/diagnostics/graph.md": "tests/unit/checks/test_documented.py",
    "docs/reference/templates.md": "tests/docs/test_template_reference.py",
    "docs/reference/diagnostics/template.md": "tests/docs/test_template_reference.py",
    "docs/reference/recipe.md": "tests/docs/test_recipe_pages.py",
    "docs/reference/inputs.md": "tests/docs/test_recipe_pages.py",
    "docs/reference/diagnostics/recipe.md": "tests/docs/test_recipe_diagnostics.py",
    "docs/reference/picks.md": "tests/unit/recipe/test_picks_pages.py",
    "docs/reference/diagnostics/picks.md": "tests/unit/recipe/test_picks_pages.py",
    "docs/reference/diagnostics/tables.md": "tests/docs/test_table_diagnostics.py",
    "docs/reference/diagnostics/text.md": "tests/unit/text/test_documented.py",
}
"""Pages whose ```yaml fences another test reads, each in its own way."""

SETTINGS = "seedflow.yaml"

YAML = [
    fence
    for page in PAGES
    if page.name not in TESTED_BY_THEIR_ROOMS
    for fence in page.fences
    if fence.language == "yaml"
    and fence.marks.get("file") != SETTINGS
    and "faults" not in fence.marks
    and "with its files" not in fence.marks
]


def effects() -> list[tuple[Fence, Fence]]:
    """Each recipe with the fence behind it that says what it asks, sends or publishes."""
    found = []
    for page in PAGES:
        for before, after in zip(page.fences, page.fences[1:], strict=False):
            if {"asks", "sends", "publishes"} & set(after.marks):
                found.append((before, after))
    return found


def expected_codes(fence: Fence) -> list[str]:
    if fence.page.path.parent == DIAGNOSTICS and fence.page.path.name != "README.md":
        return [fence.section]
    return [fence.marks["causes"]] if "causes" in fence.marks else []


@pytest.mark.parametrize(("page", "test"), TESTED_BY_THEIR_ROOMS.items(), ids=list(TESTED_BY_THEIR_ROOMS))
def test_a_page_left_to_its_room_is_read_by_a_test_of_that_room(page: str, test: str) -> None:
    assert (ROOT / page).is_file()
    assert Path(page).name in (ROOT / test).read_text()


@pytest.mark.parametrize("fence", YAML, ids=[fence.id for fence in YAML])
def test_a_recipe_is_right_or_causes_exactly_its_code(fence: Fence, tmp_path: Path) -> None:
    assert is_whole(fence) or "part of" in fence.marks, (
        f"{fence.id} is no whole recipe; mark it with <!-- part of: … -->"
    )
    example = make_example(write_recipe(fence), tmp_path)
    found = list(example.check())
    expected = expected_codes(fence)
    if expected and not has_errors(found) and expected[0] not in {one.code for one in found}:
        found = list(example.plan().diagnostics)
    codes = list(dict.fromkeys(one.code for one in without_notes(tuple(found))))
    assert codes == expected, spell(found)


RECIPES = [fence for fence in YAML if is_whole(fence) and not expected_codes(fence)]


@pytest.mark.parametrize("fence", RECIPES, ids=[fence.id for fence in RECIPES])
def test_a_recipe_that_is_right_can_be_planned_with_its_defaults(fence: Fence, tmp_path: Path) -> None:
    planned = make_example(fence.text, tmp_path).plan()
    assert planned.ok, spell(planned.diagnostics)


@pytest.mark.parametrize("fence", RECIPES, ids=[fence.id for fence in RECIPES])
def test_editors_accept_a_recipe_that_is_right(fence: Fence) -> None:
    root, _ = read_yaml(Source("recipe.yaml", fence.text))
    assert root is not None
    validator = jsonschema_rs.Draft202012Validator(build_json_schema())
    assert [str(error) for error in validator.iter_errors(plain(root))] == []


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.resolve()
    if isinstance(node, Mapping):
        return {entry.key.value: plain(entry.value) for entry in node}
    return [plain(item) for item in node.items]


def asked(example: Example) -> list[tuple[str, dict[str, object]]]:
    """Address and parameters of each task that is not skipped, once everything is known."""
    plan = example.plan().plan
    assert plan is not None
    if any(
        task.tasks is not None or any(isinstance(value, Unknown) for value in task.params.values())
        for task in plan.tasks
    ):
        example.run()
        plan = example.plan().plan
        assert plan is not None
    return [(task.address, dict(task.params)) for task in plan.tasks if task.action is not Action.SKIP]


def spell_beside_the_prompt(params: dict[str, object]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in params.items() if key != "prompt")


EFFECTS = effects()


@pytest.mark.parametrize(("recipe", "effect"), EFFECTS, ids=[effect.id for _, effect in EFFECTS])
def test_a_recipe_does_what_its_page_says(recipe: Fence, effect: Fence, tmp_path: Path) -> None:
    assert recipe.language == "yaml", f"{effect.id} stands behind no recipe"
    example = make_example(write_recipe(recipe), tmp_path)
    if "asks" in effect.marks:
        written = [tuple(line.split("  ", 1)) for line in effect.text.splitlines()]
        found = [(address, params["prompt"]) for address, params in asked(example)]
        assert found == [(address, prompt.strip()) for address, prompt in written]
        return
    if "sends" in effect.marks:
        written = [tuple(line.split("  ", 1)) for line in effect.text.splitlines()]
        found = [(address, spell_beside_the_prompt(params)) for address, params in asked(example)]
        assert found == [(address, params.strip()) for address, params in written]
        return
    result = example.run()
    folder = tmp_path / "outputs" / "sketch" / "recipe"
    published = sorted(
        str(file.path.relative_to(folder)) for files in result.outputs.values() for file in files
    )
    assert published == effect.text.splitlines()


SETTINGS_FILES = [fence for page in PAGES for fence in page.fences if fence.marks.get("file") == SETTINGS]


@pytest.mark.parametrize("fence", SETTINGS_FILES, ids=[fence.id for fence in SETTINGS_FILES])
def test_a_settings_file_is_read_without_a_word(fence: Fence, tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text(fence.text, encoding="utf-8")
    (tmp_path / "models").mkdir()
    settings = load_settings(tmp_path, environment={}, user_file=tmp_path / "none.yaml")
    assert spell(settings.diagnostics) == []


def test_there_are_examples_to_test() -> None:
    assert len(YAML) > 20
    assert len(EFFECTS) > 10
