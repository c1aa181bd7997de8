"""Stages 1 and 2: a recipe's text to a graph that is statically sound, or to every problem with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seedflow.checks.defaults import check_default_files
from seedflow.checks.run_all import check_graph, sort_diagnostics
from seedflow.diagnostics import Diagnostic, has_errors
from seedflow.graph.build import build_graph
from seedflow.graph.model import StepGraph
from seedflow.pipeline.certain_files import find_same_files
from seedflow.pipeline.session import Session
from seedflow.recipe.load import load_recipe
from seedflow.recipe.model import Recipe


@dataclass(frozen=True, slots=True)
class Checked:
    """A recipe and its graph, as far as they could be built, and every problem found without input values."""

    recipe: Recipe | None
    graph: StepGraph | None
    diagnostics: tuple[Diagnostic, ...]
    path: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether it can be planned."""
        return self.graph is not None and not has_errors(self.diagnostics)


def check_recipe(
    path: Path, session: Session, *, name: str | None = None, with_defaults: bool = False
) -> Checked:
    """Stages 1 and 2: the text, then the graph; all problems in one go.

    Args:
        path: the recipe's file.
        session: settings and catalog.
        name: what messages call the file; by default its path.
        with_defaults: open the files that defaults of inputs name, too, and see which files of outputs would collide. Planning
            does both itself.
    """
    recipe, found = load_recipe(path, session.catalog, name=name)
    if recipe is None:
        return Checked(None, None, tuple(found), path)
    graph, wrong = build_graph(recipe, session.catalog)
    problems = [*found, *wrong, *check_graph(graph, session.catalog)]
    if with_defaults:
        problems.extend(check_default_files(graph, folder=session.folder))
    if with_defaults and not has_errors(problems):
        problems.extend(find_same_files(graph, session.catalog))
    return Checked(recipe, graph, tuple(sort_diagnostics(once(problems))), path)


def once(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The same problem at the same place is said once, whichever stage found it first; a mapping may lack several keys."""
    seen: dict[tuple[str, str, str], Diagnostic] = {}
    for found in diagnostics:
        place = "" if found.span is None else str(found.span)
        if found.span is None or found.code == "missing-key":
            place += found.message
        text = (
            "" if found.span is None else found.span.source.text
        )  # each `-i` of one input has one of its own
        seen.setdefault((found.code, place, text), found)
    return list(seen.values())
