"""Files of outputs that would collide whoever runs the recipe: of one without inputs, a plan tells before anybody makes it."""

from __future__ import annotations

from typing import Final

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import StepGraph
from seedflow.models.catalog import Catalog
from seedflow.recipe.values import resolve_values

MOST_STEPS: Final = 500
"""Recipes of more steps are left to their plan, so that a check stays fast."""


def find_same_files(graph: StepGraph, catalog: Catalog) -> list[Diagnostic]:
    """What a plan with nothing stored says of files with one name; nothing for a recipe whose inputs decide about it."""
    recipe = graph.recipe
    if recipe.inputs or len(graph.steps) > MOST_STEPS or not _may_collide(graph):
        return []
    values, _ = resolve_values(recipe, {})
    if values is None:
        return []
    # Loaded here: most checks need no plan, and what plans takes an eighth of their time to load.
    from seedflow.plan.collisions import SAME_FILE
    from seedflow.plan.context import PlanContext
    from seedflow.plan.planner import Planner
    from seedflow.recipe.input_images import ImageFiles
    from seedflow.store.view import open_nothing

    context = PlanContext(
        provider="sketch",
        realm="sketch",
        paid=False,
        recipe_id=recipe.name,
        view=open_nothing(),
        catalog=catalog,
        images=ImageFiles(),
    )
    _, found = Planner(graph, {}, values, context).start()
    return [problem for problem in found if problem.code == SAME_FILE]


def _may_collide(graph: StepGraph) -> bool:
    """Whether the text leaves it open: without `file`, a step with a single task has names of its own in every output."""
    return any(output.file is not None for output in graph.outputs.values()) or any(
        node.step.for_each or node.step.takes or node.step.iterate or node.step.call is not None
        for node in graph.steps.values()
    )
