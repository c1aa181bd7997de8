"""seedflow: a declarative language for image generation.

A recipe's text becomes images in four stages, each a folder named after what it produces:

    recipe/   text → Recipe               what an author wrote, with a place for every word
    graph/    Recipe → StepGraph          which step uses whose images        (checks/: what is wrong with it)
    plan/     StepGraph → Plan            what will be asked, reused and paid
    run/      Plan → images on disk       asked once, recorded before and after

From Python, the same way in as many functions (`docs/reference/api.md`):

    recipe = seedflow.load_recipe("storybook.yaml")
    plan = seedflow.plan_recipe(recipe, inputs={"hero": "a tin owl"})
    result = seedflow.run_recipe(plan, max_cost_usd=0.50)
    result.outputs["cover"][0].path
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from seedflow.version import __version__

if TYPE_CHECKING:
    from seedflow.diagnostics import Diagnostic, Severity
    from seedflow.errors import BudgetError, SeedflowError, StoreError, UsageError
    from seedflow.pipeline.api import (
        PlannedRecipe,
        RecipeError,
        arun_recipe,
        check_recipe,
        load_recipe,
        plan_recipe,
        run_recipe,
    )
    from seedflow.pipeline.check import Checked
    from seedflow.plan.model import Bounds, Plan, Task
    from seedflow.run.events import Event
    from seedflow.run.status import PublishedFile, RunResult, RunStatus, TaskResult, TaskStatus

_HOMES = {
    "BudgetError": "seedflow.errors",
    "Bounds": "seedflow.plan.model",
    "Checked": "seedflow.pipeline.check",
    "Diagnostic": "seedflow.diagnostics",
    "Event": "seedflow.run.events",
    "Plan": "seedflow.plan.model",
    "PlannedRecipe": "seedflow.pipeline.api",
    "PublishedFile": "seedflow.run.status",
    "RecipeError": "seedflow.pipeline.api",
    "RunResult": "seedflow.run.status",
    "RunStatus": "seedflow.run.status",
    "SeedflowError": "seedflow.errors",
    "Severity": "seedflow.diagnostics",
    "StoreError": "seedflow.errors",
    "Task": "seedflow.plan.model",
    "TaskResult": "seedflow.run.status",
    "TaskStatus": "seedflow.run.status",
    "UsageError": "seedflow.errors",
    "arun_recipe": "seedflow.pipeline.api",
    "check_recipe": "seedflow.pipeline.api",
    "load_recipe": "seedflow.pipeline.api",
    "plan_recipe": "seedflow.pipeline.api",
    "run_recipe": "seedflow.pipeline.api",
}

__all__ = [
    "Bounds",
    "BudgetError",
    "Checked",
    "Diagnostic",
    "Event",
    "Plan",
    "PlannedRecipe",
    "PublishedFile",
    "RecipeError",
    "RunResult",
    "RunStatus",
    "SeedflowError",
    "Severity",
    "StoreError",
    "Task",
    "TaskResult",
    "TaskStatus",
    "UsageError",
    "__version__",
    "arun_recipe",
    "check_recipe",
    "load_recipe",
    "plan_recipe",
    "run_recipe",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `--version` loads nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'seedflow' has no attribute {name!r}")
    found: object = getattr(importlib.import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
