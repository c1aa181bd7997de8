"""`recipe:` and `with:`: which file is meant, each read once, and never without an end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from seedflow.diagnostics import Diagnostic
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import load_recipe
from seedflow.recipe.model import Call, Recipe
from seedflow.recipe.used_recipes import MAX_DEPTH

CATALOG = load_catalog()
GIVES = 'outputs: {images: "{{ steps.s.images }}"}\n'
LEAF = "seedflow: 1\nsteps: {s: {generate: {prompt: x}}}\n" + GIVES

Load = Callable[..., tuple[Recipe | None, list[Diagnostic]]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes recipes and loads the first."""

    def run(**texts: str) -> tuple[Recipe | None, list[Diagnostic]]:
        for name, text in texts.items():
            path = tmp_path / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return load_recipe(tmp_path / f"{next(iter(texts))}.yaml", CATALOG, name="main.yaml")

    return run


def using(*targets: str, more: str = "") -> str:
    steps = ", ".join(f"s{number or ''}: {{recipe: {target}{more}}}" for number, target in enumerate(targets))
    return f"seedflow: 1\nsteps: {{{steps}}}\n" + GIVES


def call_of(recipe: Recipe | None, step: str = "s") -> Call:
    assert recipe is not None
    call = recipe.steps[step].call
    assert call is not None
    return call


def test_a_path_starts_in_the_folder_of_the_recipe_that_spells_it(load: Load, tmp_path: Path) -> None:
    recipe, problems = load(main=using("./parts/a.yaml"), parts__a=using("../b.yaml"), b=LEAF)
    assert problems == []
    inner = call_of(recipe).recipe
    assert inner is not None
    assert inner.folder == tmp_path / "parts"
    assert inner.source.name == "parts/a.yaml"
    assert call_of(inner).recipe is not None
    assert call_of(inner).recipe.source.name == "b.yaml"


def test_a_file_is_read_once_and_its_problems_are_said_once(load: Load) -> None:
    recipe, problems = load(main=using("./b.yaml", "./b.yaml"), b=LEAF + "zzz: 1\n")
    assert [(found.code, str(found.span)) for found in problems] == [("unknown-key", "b.yaml:4:1")]
    assert call_of(recipe).recipe is call_of(recipe, "s1").recipe


@pytest.mark.parametrize("text", ["", "\0\1\2", "[a]"])
def test_a_file_that_is_no_recipe_is_told_with_who_uses_it(load: Load, text: str) -> None:
    _, problems = load(main=using("./b.yaml"), b=text)
    assert problems
    for found in problems:
        assert [str(related.span) for related in found.related] == ["main.yaml:2:21"]


def test_a_bare_name_ships_with_seedflow(load: Load) -> None:
    recipe, problems = load(main=using("storybook"))
    assert problems == []
    call = call_of(recipe)
    assert (call.target, call.recipe and call.recipe.name) == ("storybook", "storybook")


def test_arguments_keep_their_nodes_and_templates(load: Load) -> None:
    recipe, problems = load(
        main=using("./b.yaml", more=', with: {a: 007, b: "{{ steps.s.images }}", c: [x, y], d: ~, x-e: 1}'),
        b=LEAF,
    )
    assert problems == []
    arguments = call_of(recipe).arguments
    assert list(arguments) == ["a", "b", "c"]
    assert arguments["a"].node.span.source.text[arguments["a"].node.start :].startswith("007")
    assert arguments["b"].expression.references[0].step == "s"


@pytest.mark.parametrize(
    ("target", "code", "help_part"),
    [
        ("./beta.yml", "recipe-missing", "did you mean `./beta.yaml`?"),
        ("./beta", "recipe-missing", "did you mean `./beta.yaml`?"),
        ("./none/x.yaml", "recipe-missing", "starts in the folder"),
        ("beta.yaml", "bad-recipe", "write `./beta.yaml`"),
        ("beta", "recipe-missing", "write `./beta.yaml`"),
        ("storybok", "recipe-missing", "did you mean `storybook`?"),
        ("/beta.yaml", "bad-recipe", "from this recipe's folder"),
        ("'~/beta.yaml'", "bad-recipe", "from this recipe's folder"),
        ("https://h.invalid/x.yaml", "bad-recipe", "from this recipe's folder"),
        ("library/beta", "not-yet", "beside this one"),
        ('"{{ inputs.x }}"', "bad-recipe", "`when:`"),
        ("./plain.yaml", "used-without-outputs", "add `outputs:`"),
        ("./sub", "not-a-file", "a text file"),
    ],
)
def test_what_cannot_be_used_is_said_where_it_is_named(
    load: Load, tmp_path: Path, target: str, code: str, help_part: str
) -> None:
    (tmp_path / "sub").mkdir()
    plain = LEAF.replace(GIVES, "")
    recipe, problems = load(main=using(target), beta=LEAF, plain=plain)
    (found,) = problems
    assert found.code == code
    assert found.span is not None
    assert found.span.source.name == "main.yaml"
    assert found.help is not None
    assert help_part in found.help
    assert call_of(recipe).recipe is None


@pytest.mark.parametrize("text", ["{}", "[a]"])
def test_a_recipe_is_named_by_a_text(load: Load, text: str) -> None:
    _, problems = load(main=using(text))
    assert [found.code for found in problems] == ["wrong-type"]


def test_recipes_that_use_each_other_are_a_cycle_that_names_them(load: Load) -> None:
    _, problems = load(main=using("./b.yaml"), b=using("./c.yaml"), c=using("./main.yaml"))
    (found,) = problems
    assert found.code == "cycle"
    assert "main.yaml → b.yaml → c.yaml → main.yaml" in found.message
    assert [str(place.span) for place in found.related] == ["main.yaml:2:21", "b.yaml:2:21"]
    _, problems = load(main=using("./main.yaml"))
    assert [found.code for found in problems] == ["cycle"]


def test_a_chain_of_recipes_has_an_end(load: Load) -> None:
    texts = {f"r{at}": using(f"./r{at + 1}.yaml") for at in range(MAX_DEPTH + 2)}
    _, problems = load(**texts, **{f"r{MAX_DEPTH + 2}": LEAF})
    assert [found.code for found in problems] == ["recipes-too-deep"]
    texts = {f"r{at}": using(f"./r{at + 1}.yaml") for at in range(MAX_DEPTH - 1)}
    _, problems = load(**texts, **{f"r{MAX_DEPTH - 1}": LEAF})  # as many recipes as the message says
    assert problems == []
    texts = {f"r{at}": using(f"./r{at + 1}.yaml") for at in range(MAX_DEPTH)}
    _, (problem,) = load(**texts, **{f"r{MAX_DEPTH}": LEAF})
    assert problem.message == f"more than {MAX_DEPTH} recipes use each other here, one behind the other"


def test_recipes_that_double_each_other_are_refused_before_anybody_inlines_them(load: Load) -> None:
    texts = {f"r{at}": using(*(f"./r{at + 1}.yaml",) * 8) for at in range(8)}
    _, problems = load(**texts, r8=LEAF)
    assert {found.code for found in problems} == {"too-many-steps"}
