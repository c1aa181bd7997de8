"""A recipe's text to its graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from seedflow.diagnostics import Diagnostic, Source, has_errors
from seedflow.graph.build import build_graph
from seedflow.graph.model import StepGraph
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.recipe.load import parse_recipe

Build = Callable[[str], tuple[StepGraph, list[Diagnostic]]]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def build(catalog: Catalog, tmp_path: Path) -> Build:
    """The graph of a recipe that loads, and what building it says."""

    def run(text: str) -> tuple[StepGraph, list[Diagnostic]]:
        source = Source("recipe.yaml", "seedflow: 1\n" + dedent(text))
        recipe, problems = parse_recipe(source, catalog, folder=tmp_path, default_name="recipe")
        assert not has_errors(problems), [str(problem) for problem in problems]
        assert recipe is not None
        return build_graph(recipe, catalog)

    return run
