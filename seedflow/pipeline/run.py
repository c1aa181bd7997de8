"""Stage 4: a plan, carried out against the store and the provider of the session."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from seedflow.canonical import build_slug, fit_name
from seedflow.diagnostics import Severity
from seedflow.errors import SeedflowError, StoreError, UsageError
from seedflow.pipeline.affordable import find_budgets, refuse_unaffordable
from seedflow.pipeline.bucket import find_bucket
from seedflow.pipeline.endpoint import load_facts
from seedflow.pipeline.out_folder import refuse_as_folder
from seedflow.pipeline.plan import Planned, plan_recipe
from seedflow.pipeline.session import Session
from seedflow.plan.model import Plan, Totals
from seedflow.plan.planner import Planner
from seedflow.providers.options import REALM_CLOUDFLARE
from seedflow.providers.registry import open_provider, open_uploader
from seedflow.providers.upload import Uploader
from seedflow.recipe.picks import MOST_TAKES, Picks, TakePick
from seedflow.recipe.picks_file import require_writable, update_picks
from seedflow.run.events import Event
from seedflow.run.executor import run_plan
from seedflow.run.left import find_left
from seedflow.run.options import OnUnknown, RunControl, RunOptions
from seedflow.run.references import ReferenceMode
from seedflow.run.status import RunResult, RunStatus
from seedflow.settings.model import Settings
from seedflow.store.base import Budget
from seedflow.store.local import open_store


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a caller decides about one run.

    `out` None means the settings' folder, below it the recipe's name. `max_cost_name`: how the caller set `max_cost_usd`.
    """

    out: Path | None = None
    max_cost_usd: Decimal | None = None
    max_cost_name: str = "max_cost_usd"
    on_unknown: OnUnknown = OnUnknown.STOP


async def run_recipe(
    planned: Planned,
    session: Session,
    request: RunRequest,
    emit: Callable[[Event], None],
    control: RunControl | None = None,
) -> RunResult:
    """Stage 4: carry out that very plan.

    Raises:
        ValueError: the plan has errors.
        BudgetError: a budget has no room for the least that the plan costs; nothing was sent.
        UsageError: outputs cannot be written where they are to go, or a take is asked for anew that the picks file cannot
            keep; nothing was sent.
        StoreError: the state cannot be read or written.
        UploadError: references are to go through a bucket that does not work; nothing was sent.
    """
    plan, planner = planned.plan, planned.planner
    if plan is None or planner is None:
        raise ValueError("a plan with errors cannot be run")
    settings = session.settings
    budgets = find_budgets(plan, settings, request.max_cost_usd, request.max_cost_name)
    refuse_unaffordable(plan, budgets, planned.spent)
    out = request.out or find_out_folder(plan, settings)
    refuse_as_folder(out, settings.state_folder)
    if planned.picks_path is not None and any(task.to_be_noted for task in plan.tasks):
        _require_writable(planned.picks_path)
    result = await _carry_out(
        plan, planner, planned.picks_path, session, request, budgets, out, emit, control
    )
    return (
        result
        if result.status is RunStatus.DONE
        else replace(result, left=_find_left(planned, session, result))
    )


def _find_left(planned: Planned, session: Session, result: RunResult) -> Totals | None:
    """What another run will ask for, by a plan that is made again from what there is now; None where there is no such plan."""
    if planned.given is None:
        return None
    try:
        again = plan_recipe(planned.checked, planned.given, session)
    except (SeedflowError, OSError):
        return None  # what keeps the next run from beginning, it will say
    return find_left(result.tasks, again.plan.tasks) if again.plan is not None and again.ok else None


async def _carry_out(
    plan: Plan,
    planner: Planner,
    picks_path: Path | None,
    session: Session,
    request: RunRequest,
    budgets: tuple[Budget, ...],
    out: Path,
    emit: Callable[[Event], None],
    control: RunControl | None,
) -> RunResult:
    settings = session.settings
    store = open_store(settings.state_folder)
    try:
        planner.use_store(store)
        provider = open_provider(settings.provider, catalog=session.catalog, cloudflare=settings.cloudflare)
        uploader: Uploader | None = None
        try:
            uploader = await _open_uploader(plan, session)
            return await run_plan(
                plan,
                planner,
                store=store,
                provider=provider,
                catalog=session.catalog,
                options=RunOptions(
                    out=out,
                    budgets=budgets,
                    on_unknown=request.on_unknown,
                    most_in_flight=settings.concurrency,
                    pace=settings.pace,
                    references=ReferenceMode(settings.references) if provider.paid else ReferenceMode.DATA,
                    uploader=uploader,
                    facts=load_facts(session, frozenset(task.model for task in plan.tasks)),
                    reconcile_for_s=settings.log_timeout_s,
                    takes=None if picks_path is None else PickedTakes(picks_path, plan.realm),
                ),
                emit=emit,
                control=control,
            )
        finally:
            if uploader is not None:
                await uploader.aclose()
            await provider.aclose()
    finally:
        with suppress(StoreError):  # what the state does not take any more, the end of the run has told
            store.close()


async def _open_uploader(plan: Plan, session: Session) -> Uploader | None:
    """The bucket that references may travel by, seen to work before anything is paid; None where none is set or needed.

    Raises:
        UsageError: only a part of it is set, or its links would not live as long as a call may take.
        UploadError: it does not work.
    """
    options = find_bucket(plan, session)
    if options is None:
        return None
    uploader = open_uploader(options, call_s=session.settings.total_timeout_s)
    try:
        await uploader.check()
    except BaseException:
        await uploader.aclose()
        raise
    return uploader


class PickedTakes:
    """The picks file of a recipe, as the run writes it: one entry at a time, under a lock, so that nobody's are lost."""

    def __init__(self, path: Path, realm: str) -> None:
        self._path = path
        self._realm = realm
        self._before: dict[tuple[str, int], TakePick | None] = {}

    def show(self, address: str, take: int, fingerprint: str) -> None:
        """Show this take from now on.

        Raises:
            StoreError: it cannot be written, or could not be read afterwards.
        """
        if take > MOST_TAKES:
            raise StoreError(
                f"{self._path}: {address} would show take {take:,}, and takes end at {MOST_TAKES:,}",
                kind="wrong-picks",
                help="give it an earlier take in that file, or take its line out",
            )

        def change(picks: Picks) -> Picks:
            before = picks.takes.get(self._realm, {}).get(address)
            if before is None or before.take != take:
                self._before[address, take] = before
            return picks.with_take(self._realm, address, take, fingerprint)

        self._update(change)

    def show_earlier(self, address: str, take: int) -> None:
        """Show again what was shown before this take.

        Raises:
            StoreError: it cannot be written.
        """
        before = self._before.get((address, take))

        def change(picks: Picks) -> Picks:
            if before is None:
                return picks.without_take(self._realm, address)
            return picks.with_take(self._realm, address, before.take, before.request)

        self._update(change)

    def _update(self, change: Callable[[Picks], Picks]) -> None:
        _, problems = update_picks(self._path, change)
        wrong = next((found for found in problems if found.severity is Severity.ERROR), None)
        if wrong is not None:
            raise StoreError(f"{self._path}: {wrong.message}", kind="wrong-picks", help=wrong.help)


def _require_writable(picks_path: Path) -> None:
    """See before anything is paid that the picks file can be written, as for the folder of outputs.

    Raises:
        UsageError: it cannot.
    """
    try:
        require_writable(picks_path)
    except StoreError as error:
        raise UsageError(error.message, help=error.help) from error


def find_out_folder(plan: Plan, settings: Settings) -> Path:
    """Where outputs go unless somebody says otherwise: below `outputs`, apart for each realm that is not the real one."""
    name = fit_name(build_slug(plan.recipe)[0] or "recipe")
    if plan.realm == REALM_CLOUDFLARE:
        return settings.outputs_folder / name
    return settings.outputs_folder / (build_slug(plan.realm)[0] or "other") / name
