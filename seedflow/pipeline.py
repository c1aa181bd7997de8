"""The whole way on one screen: load_recipe → check_recipe → plan_recipe → run_recipe.

Each stage takes what the one before gave and adds to it; diagnostics travel along and are never raised here. `Session`
holds what is the same for all: settings, the catalog, where the state lies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from seedflow.diagnostics import Diagnostic, has_errors
from seedflow.errors import BudgetError, UsageError
from seedflow.money import format_usd
from seedflow.recipe.inputs import GivenInputs

if TYPE_CHECKING:
    from seedflow.graph.model import StepGraph
    from seedflow.models.catalog import Catalog
    from seedflow.plan.model import Plan
    from seedflow.plan.planner import Planner
    from seedflow.recipe.model import Recipe
    from seedflow.run.events import Event
    from seedflow.run.options import OnUnknown, RunControl
    from seedflow.run.status import RunResult
    from seedflow.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """What all recipes of one invocation share."""

    settings: Settings
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class Loaded:
    """A recipe as far as it could be read; None when its text has errors."""

    recipe: Recipe | None
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A recipe's graph, statically sound unless `diagnostics` has errors."""

    recipe: Recipe | None
    graph: StepGraph | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether it can be planned."""
        return self.graph is not None and not has_errors(self.diagnostics)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the planner that made it, which settles during the run what is unknown now."""

    checked: Checked
    plan: Plan | None
    planner: Planner | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether it can be run."""
        return self.plan is not None and not has_errors(self.diagnostics)
