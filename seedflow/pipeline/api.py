"""The Python API: load, check, plan, run, as plain functions over files or text; the package's `__init__` exports it.

Problems of a recipe are raised here as one `RecipeError` that carries them all, since Python code cannot be asked to look.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.diagnostics.render import render_diagnostics
from seedflow.errors import ExitCode, SeedflowError, UsageError
from seedflow.pipeline.affordable import wants_consent
from seedflow.pipeline.check import Checked
from seedflow.pipeline.check import check_recipe as check_file
from seedflow.pipeline.plan import Planned
from seedflow.pipeline.plan import plan_recipe as plan_checked
from seedflow.pipeline.run import RunRequest
from seedflow.pipeline.run import run_recipe as run_planned
from seedflow.pipeline.session import Session, open_session, refuse_broken_models
from seedflow.plan.model import Plan
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.shipped import find_shipped
from seedflow.run.events import Event
from seedflow.run.options import OnUnknown, RunControl
from seedflow.run.status import RunResult
from seedflow.settings.load import load_settings
from seedflow.text.files import find_current_folder

_WIDTH = 100


class RecipeError(SeedflowError):
    """A recipe or its inputs have errors; `diagnostics` holds all of them, warnings included."""

    exit_code = ExitCode.RECIPE_ERRORS

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        errors = [found for found in diagnostics if found.severity is Severity.ERROR]
        super().__init__(render_diagnostics(errors, color=False, width=_WIDTH))
        self.diagnostics = tuple(diagnostics)


@dataclass(frozen=True, slots=True)
class PlannedRecipe:
    """A plan that can be run. `plan` is the plan as data, `warnings` what was found on the way."""

    plan: Plan
    warnings: tuple[Diagnostic, ...]
    planned: Planned
    session: Session


def check_recipe(recipe: str | os.PathLike[str]) -> Checked:
    """Every problem of a recipe, without raising: look at `.ok` and `.diagnostics`.

    Args:
        recipe: a path, or the name of a recipe shipped with seedflow.

    Raises:
        UsageError: the settings around it cannot be used.
    """
    return _check(recipe, _open(None), with_defaults=True)


def load_recipe(recipe: str | os.PathLike[str]) -> Checked:
    """A recipe that is sound.

    Args:
        recipe: a path, or the name of a recipe shipped with seedflow.

    Raises:
        RecipeError: it is not; the error carries every problem.
        UsageError: the settings around it cannot be used.
    """
    checked = _check(recipe, _open(None))
    if not checked.ok:
        raise RecipeError(checked.diagnostics)
    return checked


def plan_recipe(
    recipe: str | os.PathLike[str] | Checked,
    inputs: Mapping[str, object] | None = None,
    *,
    provider: str | None = None,
) -> PlannedRecipe:
    """What a run would ask, reuse and pay. Sends nothing and writes nothing.

    Args:
        recipe: a path, a shipped name, or what `load_recipe` gave.
        inputs: values by name: text, numbers, booleans, lists of them; an image is a path or an https URL, a table the path
            of its file or a list of mappings.
        provider: `cloudflare` or `sketch`; by default what the settings say.

    Raises:
        RecipeError: the recipe or the inputs have errors.
        UsageError: the settings cannot be used.
    """
    if not isinstance(inputs, Mapping | None):
        raise UsageError(
            f"inputs are {_name_type(inputs)}, expected a mapping of names to values",
            help='write plan_recipe(…, {"hero": "a fox"})',
        )
    session = _open(provider)
    checked = recipe if isinstance(recipe, Checked) else _check(recipe, session)
    given, wrong = collect_inputs(values=inputs or {})
    if wrong:
        raise RecipeError([*checked.diagnostics, *wrong])
    planned = plan_checked(checked, given, session)
    if planned.plan is None or not planned.ok:
        raise RecipeError(planned.diagnostics)
    return PlannedRecipe(planned.plan, planned.diagnostics, planned, session)


async def arun_recipe(
    recipe: str | os.PathLike[str] | Checked | PlannedRecipe,
    inputs: Mapping[str, object] | None = None,
    *,
    provider: str | None = None,
    max_cost_usd: Decimal | float | str | None = None,
    on_unknown: str = "stop",
    out: str | os.PathLike[str] | None = None,
    on_event: Callable[[Event], None] | None = None,
    control: RunControl | None = None,
) -> RunResult:
    """Run a recipe to images and give what became of it; tasks that failed are in the result, not raised.

    Args:
        recipe: a path, a shipped name, what `load_recipe` gave, or what `plan_recipe` gave (then `inputs` and `provider` are settled).
        inputs: see `plan_recipe`.
        provider: see `plan_recipe`.
        max_cost_usd: the most that this run may cost. A provider that is paid is not asked without it.
        on_unknown: `stop`, or `retry` to consent to paying again for calls whose outcome stays unknown.
        out: where outputs are published; by default the settings' folder.
        on_event: is called with every event, in order, from the event loop. What it raises stops the run, and is raised
            again once what is in flight is finished and stored.
        control: lets the caller stop the run early.

    Raises:
        RecipeError: the recipe or the inputs have errors.
        UsageError: no budget for a provider that is paid, or settings that cannot be used.
        BudgetError: a budget, given or set, has no room for the least that the plan costs; nothing was sent.
        StoreError: the state on disk cannot be used.
    """
    if isinstance(recipe, PlannedRecipe):
        if inputs is not None or provider is not None:
            raise UsageError(
                "inputs and provider are settled by the plan", help="give them to plan_recipe() instead"
            )
        planned = recipe
    else:
        planned = plan_recipe(recipe, inputs, provider=provider)
    budget, consent = _read_budget(max_cost_usd), _read_consent(on_unknown)
    if budget is None and wants_consent(planned.plan):
        raise UsageError(
            f"running {planned.plan.recipe} with {planned.plan.provider} costs money, and no budget was given",
            help="pass max_cost_usd=…",
        )
    request = RunRequest(out=None if out is None else Path(out), max_cost_usd=budget, on_unknown=consent)
    return await run_planned(planned.planned, planned.session, request, on_event or _ignore, control)


def run_recipe(
    recipe: str | os.PathLike[str] | Checked | PlannedRecipe,
    inputs: Mapping[str, object] | None = None,
    *,
    provider: str | None = None,
    max_cost_usd: Decimal | float | str | None = None,
    on_unknown: str = "stop",
    out: str | os.PathLike[str] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> RunResult:
    """`arun_recipe`, for code without an event loop; the same arguments, results and errors."""
    return asyncio.run(
        arun_recipe(
            recipe,
            inputs,
            provider=provider,
            max_cost_usd=max_cost_usd,
            on_unknown=on_unknown,
            out=out,
            on_event=on_event,
        )
    )


def _open(provider: str | None) -> Session:
    folder = find_current_folder()
    session = open_session(load_settings(folder, provider=provider), folder)
    refuse_broken_models(session)
    return session


def _check(recipe: str | os.PathLike[str], session: Session, *, with_defaults: bool = False) -> Checked:
    if not isinstance(recipe, str | os.PathLike):
        raise UsageError(
            f"recipe is {_name_type(recipe)}, expected a path or the name of a shipped recipe",
            help='write "storybook", or Path("my.yaml")',
        )
    path = Path(recipe)
    if isinstance(recipe, str) and not path.exists():
        path = find_shipped(recipe) or path
    return check_file(path, session, with_defaults=with_defaults)


def _read_budget(max_cost_usd: Decimal | float | str | None) -> Decimal | None:
    if max_cost_usd is None:
        return None
    try:
        budget = Decimal(str(max_cost_usd))
    except InvalidOperation:
        budget = Decimal("NaN")
    if isinstance(max_cost_usd, bool) or not budget.is_finite() or budget < 0:
        raise UsageError(
            f"max_cost_usd is {max_cost_usd!r}, expected a number of dollars", help="write max_cost_usd=0.50"
        )
    return budget


def _read_consent(on_unknown: str) -> OnUnknown:
    try:
        return OnUnknown(on_unknown)
    except ValueError:
        raise UsageError(
            f"on_unknown is {on_unknown!r}, expected one of: {', '.join(OnUnknown)}",
            help='write on_unknown="stop"',
        ) from None


def _name_type(value: object) -> str:
    return f"of type {type(value).__name__}"


def _ignore(event: Event) -> None:
    """Nobody listens."""
    del event
