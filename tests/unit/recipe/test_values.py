"""Values: in dependency order, each once, cycles whole, all problems in one go."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.model import Recipe
from seedflow.recipe.values import order_values, resolve_values


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def recipe_with(values: str, catalog: Catalog) -> tuple[Recipe, list[Diagnostic]]:
    text = f"seedflow: 1\nname: tale\nvalues:\n{values}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n"
    recipe, problems = parse_recipe(Source("r.yaml", text), catalog, folder=Path(), default_name="r")
    assert recipe is not None
    return recipe, problems


def marked(span: Span | None) -> str:
    assert span is not None
    return span.source.text[span.start : span.end]


def test_values_are_worked_out_after_those_that_they_use(catalog: Catalog) -> None:
    recipe, problems = recipe_with(
        """
  c: "{{ values.b }}!"
  b: "{{ inputs.hero }} of {{ recipe.name }} {{ values.n }}"
  n: 3
  twice: "{{ values.n * 2 }}"
  l: "{{ ['x', values.n] }}"
""",
        catalog,
    )
    assert problems == []
    values, wrong = resolve_values(recipe, {"hero": "{{ fox }}"})
    assert wrong == []
    assert values == {
        "c": "{{ fox }} of tale 3!",
        "b": "{{ fox }} of tale 3",
        "n": 3,
        "twice": 6,
        "l": ["x", 3],
    }
    assert list(values) == ["c", "b", "n", "twice", "l"]


def test_a_cycle_is_shown_whole_with_each_place(catalog: Catalog) -> None:
    _, problems = recipe_with(
        '  a: "{{ values.c }}"\n  b: "{{ values.a }}"\n  c: "x {{ values.b }}"\n  d: "{{ values.a }}"',
        catalog,
    )
    (found,) = problems
    assert found.code == "value-cycle"
    assert "a → c → b → a" in found.message
    assert [marked(other.span) for other in found.related] == ["values.c", "values.b", "values.a"]


def test_a_value_that_uses_itself(catalog: Catalog) -> None:
    _, problems = recipe_with('  a: "{{ values.a }}"', catalog)
    assert [(found.code, marked(found.span)) for found in problems] == [("value-cycle", "values.a")]


def test_each_cycle_is_reported_once(catalog: Catalog) -> None:
    _, problems = recipe_with(
        '  a: "{{ values.b }}"\n  b: "{{ values.a }}"\n  c: "{{ values.d }} {{ values.a }}"\n  d: "{{ values.c }}"',
        catalog,
    )
    assert [found.code for found in problems] == ["value-cycle"] * 2


def test_all_values_are_worked_out_and_all_problems_told(catalog: Catalog) -> None:
    recipe, _ = recipe_with(
        '  a: "{{ inputs.hero.name }}"\n  b: "{{ 1 // 0 }}"\n  uses_a: "{{ values.a }}"\n  fine: "{{ inputs.hero }}"',
        catalog,
    )
    values, problems = resolve_values(recipe, {"hero": "fox"})
    assert values is None
    assert len(problems) == 2
    assert all(found.span is not None for found in problems)


def test_no_values_are_no_values(catalog: Catalog) -> None:
    recipe, _ = recipe_with("  x-note: 1", catalog)
    assert resolve_values(recipe, {}) == ({}, [])


def test_long_chains_neither_recurse_nor_take_long(catalog: Catalog) -> None:
    chain = (
        "\n".join(f'  v{number}: "{{{{ values.v{number + 1} }}}}"' for number in range(5000))
        + "\n  v5000: end"
    )
    recipe, problems = recipe_with(chain, catalog)
    assert problems == []
    start = time.process_time()
    values, wrong = resolve_values(recipe, {})
    assert wrong == []
    assert values is not None
    assert values["v0"] == "end"
    assert time.process_time() - start < 2


def test_the_order_names_every_value_outside_cycles_once(catalog: Catalog) -> None:
    recipe, _ = recipe_with(
        '  a: "{{ values.b }} {{ values.b }}"\n  b: x\n  c: "{{ values.c }}"\n  d: "{{ values.c }}"', catalog
    )
    order = order_values(recipe.values)
    assert order.names == ("b", "a")
    assert len(order.problems) == 1
