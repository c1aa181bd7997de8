"""Stage 3: a checked recipe and input values to a plan. Reads the store, writes nothing, opens no socket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedflow.checks.run_all import sort_diagnostics
from seedflow.checks.waste import find_open_repeats
from seedflow.diagnostics import Diagnostic, has_errors
from seedflow.graph.tested_columns import find_tested_texts
from seedflow.graph.tolerance import find_tolerated
from seedflow.money import format_usd
from seedflow.pipeline.affordable import NOTHING_SPENT, Spent, look_up_spent
from seedflow.pipeline.check import Checked, once
from seedflow.pipeline.doubts import keep_doubts
from seedflow.pipeline.session import Session
from seedflow.pipeline.stray_picks import find_stray_picks
from seedflow.plan.context import PlanContext, reroll_nothing
from seedflow.plan.estimate import add_up
from seedflow.plan.model import Action, Plan, Task
from seedflow.plan.planner import Planner
from seedflow.plan.selection import TaskSelector, parse_selector
from seedflow.plan.unused_picks import find_unused_picks
from seedflow.recipe.given import GivenInputs
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.picks import load_picks
from seedflow.recipe.picks_file import find_picks_path
from seedflow.recipe.values import resolve_values
from seedflow.store.view import open_view


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the planner that made it, which settles during the run what is unknown now.

    `picks_path` is where the run writes down which take a rerolled address shows. `spent` is what was spent before. `given`
    are the values that it was made with.
    """

    checked: Checked
    plan: Plan | None
    planner: Planner | None
    diagnostics: tuple[Diagnostic, ...]
    picks_path: Path | None = None
    spent: Spent = NOTHING_SPENT
    given: GivenInputs | None = None

    @property
    def ok(self) -> bool:
        """Whether it can be run."""
        return self.plan is not None and not has_errors(self.diagnostics)


@dataclass(frozen=True, slots=True)
class Reroll:
    """Tasks that are to be asked anew: `selectors` as they are written, `several` when they may mean more than one task."""

    selectors: Sequence[str] = field(default_factory=tuple)
    several: bool = False


NO_REROLL = Reroll()


def plan_recipe(
    checked: Checked, given: GivenInputs, session: Session, reroll: Reroll = NO_REROLL
) -> Planned:
    """Stage 3: a checked recipe and input values to a plan. Reads the store, writes nothing, opens no socket."""
    if not checked.ok or checked.recipe is None or checked.graph is None:
        return Planned(checked, None, None, checked.diagnostics)
    recipe = checked.recipe
    images = ImageFiles()
    inputs, wrong_inputs = resolve_inputs(recipe, given, folder=session.folder, images=images)
    values, wrong_values = resolve_values(recipe, inputs) if inputs is not None else (None, [])
    if inputs is None or values is None:
        return Planned(checked, None, None, tuple(once([*checked.diagnostics, *wrong_inputs, *wrong_values])))
    wrong_inputs.extend(find_tested_texts(checked.graph, inputs))
    selectors, wrong_selectors = _read_selectors(reroll)
    picks_path = find_picks_path(checked.path, session.settings.folder)
    picks, wrong_picks = load_picks(picks_path)
    if has_errors([*wrong_selectors, *wrong_picks]):
        return Planned(
            checked, None, None, tuple(once([*checked.diagnostics, *wrong_selectors, *wrong_picks]))
        )
    provider = session.provider
    with open_view(session.settings.state_folder) as view:
        # Before planning: what others pay meanwhile may be what this plan needs, and must not count twice.
        spent = look_up_spent(view, session)
        context = PlanContext(
            provider=provider.name,
            realm=provider.realm,
            paid=provider.paid,
            recipe_id=recipe.name,
            view=view,
            catalog=session.catalog,
            images=images,
            picks=picks,
            rerolls=(lambda address: any(one.matches(address) for one in selectors))
            if selectors
            else reroll_nothing,
        )
        planner = Planner(checked.graph, inputs, values, context)
        plan, found = planner.start()
    if plan is not None:
        plan = replace(
            plan,
            references=session.settings.references,
            has_bucket=session.settings.upload_bucket is not None,
            goes_on_without=find_tolerated(checked.graph),
        )
        wrong_picks = [
            *wrong_picks,
            *find_unused_picks(picks, checked.graph),
            *find_stray_picks(picks_path, plan),
        ]
        found = [*found, *_judge_reroll(selectors, plan, several=reroll.several)]
    repeats = list(find_open_repeats(checked.graph, session.catalog)) if plan is not None else []
    said = sort_diagnostics([*checked.diagnostics, *repeats]) if repeats else checked.diagnostics
    open_doubts = [planner.sharpen(one) for one in said if has_errors([one]) or not planner.settles(one)]
    doubts = keep_doubts(open_doubts, checked.graph, inputs, found, planner.confirms)
    problems = tuple(once([*doubts, *wrong_inputs, *wrong_values, *wrong_picks, *found]))
    return Planned(checked, plan, planner, problems, picks_path, spent, given)


def _read_selectors(reroll: Reroll) -> tuple[list[TaskSelector], list[Diagnostic]]:
    read = [parse_selector(text) for text in reroll.selectors]
    return (
        [one for one in read if isinstance(one, TaskSelector)],
        [one for one in read if isinstance(one, Diagnostic)],
    )


def _judge_reroll(selectors: Sequence[TaskSelector], plan: Plan, *, several: bool) -> list[Diagnostic]:
    """What is wrong with asking anew: a selector that means nothing that could be asked, or several tasks without saying so."""
    problems: list[Diagnostic] = []
    for selector in selectors:
        meant = [task for task in plan.tasks if task.tasks is None and selector.matches(task.address)]
        asked = [task for task in meant if task.action is Action.CALL]
        if not meant:
            problems.append(_explain_nothing(selector, plan))
        elif not asked:
            problems.append(selector.explain_aside(meant[0]))
        elif len(meant) > 1 and not several:
            problems.append(_several(selector, meant, asked))
    return problems


def _explain_nothing(selector: TaskSelector, plan: Plan) -> Diagnostic:
    """Why a selector means no task: those that it may mean, which are not known yet, come first."""
    to_come = [task for task in plan.tasks if task.tasks is not None and selector.may_match(task.address)]
    if to_come and all(task.action is not Action.CALL for task in to_come):
        return selector.explain_aside(to_come[0])
    asked = [task.address for task in to_come if task.action is Action.CALL]
    return selector.explain_nothing([*asked, *(task.address for task in plan.tasks)])


def _several(selector: TaskSelector, meant: Sequence[Task], asked: Sequence[Task]) -> Diagnostic:
    totals = add_up(asked)
    cost = totals.cost_usd if totals.cost_usd.high else totals.list_cost_usd
    low, high = format_usd(cost.low), format_usd(cost.high)
    price = low if low == high else f"{low} to {high}"
    takes = {task.address.partition("#")[0] for task in meant if "#" in task.address}
    named = [f"{task.address}#1" if task.address in takes else task.address for task in meant]
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return Diagnostic(
        "several-tasks",
        f"{len(asked)} tasks would be asked anew, for {price}: {', '.join(named[:3])}{more}",
        selector.span,
        help="name one of them, or add --all",
    )
