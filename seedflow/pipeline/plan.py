"""Stage 3: a checked recipe and input values to a plan. Reads the store, writes nothing, opens no socket."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedflow.diagnostics import Diagnostic, has_errors
from seedflow.pipeline.check import Checked, once
from seedflow.pipeline.session import Session
from seedflow.plan.context import PlanContext
from seedflow.plan.model import Plan
from seedflow.plan.planner import Planner
from seedflow.recipe.given import GivenInputs
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.values import resolve_values
from seedflow.store.view import open_view


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


def plan_recipe(checked: Checked, given: GivenInputs, session: Session) -> Planned:
    """Stage 3: a checked recipe and input values to a plan. Reads the store, writes nothing, opens no socket."""
    if not checked.ok or checked.recipe is None or checked.graph is None:
        return Planned(checked, None, None, checked.diagnostics)
    recipe = checked.recipe
    images = ImageFiles()
    inputs, wrong_inputs = resolve_inputs(recipe, given, folder=session.folder, images=images)
    values, wrong_values = resolve_values(recipe, inputs) if inputs is not None else (None, [])
    if inputs is None or values is None:
        return Planned(checked, None, None, tuple(once([*checked.diagnostics, *wrong_inputs, *wrong_values])))
    provider = session.provider
    with open_view(session.settings.state_folder) as view:
        context = PlanContext(
            provider=provider.name,
            realm=provider.realm,
            paid=provider.paid,
            recipe_id=recipe.name,
            view=view,
            catalog=session.catalog,
            images=images,
        )
        planner = Planner(checked.graph, inputs, values, context)
        plan, found = planner.start()
    if plan is not None:
        plan = replace(plan, references=session.settings.references)
    problems = tuple(once([*checked.diagnostics, *wrong_inputs, *wrong_values, *found]))
    return Planned(checked, plan, planner, problems)
