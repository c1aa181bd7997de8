"""A recipe's text to what the checks say of it, short enough to stand in a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from seedflow.checks.run_all import check_graph, sort_diagnostics
from seedflow.diagnostics import Diagnostic, Source, has_errors
from seedflow.graph.build import build_graph
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe.load import parse_recipe
from tests.docs.used_recipes import write_used_recipes

WASTE = frozenset(("same-request", "unused-step"))
"""Said of many a recipe that is written for something else; `test_waste.py` asks for them."""

Check = Callable[[str], list[Diagnostic]]
Say = Callable[[str], list[str]]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def check(check_all_of: Check) -> Check:
    """The same without those of `WASTE`."""
    return lambda text: [found for found in check_all_of(text) if found.code not in WASTE]


@pytest.fixture
def check_all_of(catalog: Catalog, tmp_path: Path) -> Check:
    """The diagnostics of graph and checks for a recipe that loads; its paths start in the test's folder, with `parts`."""
    write_used_recipes(tmp_path)

    def run(text: str) -> list[Diagnostic]:
        source = Source("recipe.yaml", "seedflow: 1\n" + dedent(text))
        recipe, problems = parse_recipe(source, catalog, folder=tmp_path, default_name="recipe")
        assert not has_errors(problems), [str(problem) for problem in problems]
        assert recipe is not None
        graph, found = build_graph(recipe, catalog)
        return [*found, *check_graph(graph, catalog)]

    return run


@pytest.fixture
def say(check: Check) -> Say:
    """The same as `code «the text that it points at»`, warnings with a `?`."""

    def run(text: str) -> list[str]:
        return [describe(found) for found in check(text)]

    return run


@pytest.fixture
def say_all(check_all_of: Check) -> Say:
    """`say` with everything that there is to say."""
    return lambda text: [describe(found) for found in check_all_of(text)]


@pytest.fixture
def check_all(check_really_all: Check) -> Check:
    """The same without those of `WASTE`."""
    return lambda text: [one for one in check_really_all(text) if one.code not in WASTE]


@pytest.fixture
def check_really_all(catalog: Catalog, tmp_path: Path) -> Check:
    """What loading, graph and checks say of a recipe's text together."""

    def run(text: str) -> list[Diagnostic]:
        source = Source("recipe.yaml", text)
        recipe, found = parse_recipe(source, catalog, folder=tmp_path, default_name="recipe")
        assert recipe is not None
        graph, wrong = build_graph(recipe, catalog)
        return sort_diagnostics([*found, *wrong, *check_graph(graph, catalog)])

    return run


def describe(found: Diagnostic) -> str:
    assert found.span is not None
    pointed = found.span.source.text[found.span.start : found.span.end]
    return f"{found.code}{'' if found.severity == 'error' else '?'} «{pointed}»"
