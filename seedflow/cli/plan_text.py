"""The plan for people: a line for each task, below it what is asked of the model, and the sums at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from seedflow.cli.amounts import spell_count, spell_nothing_to_do, spell_usd
from seedflow.cli.columns import print_folded, spell_empty
from seedflow.cli.plan_rows import INDENT, Bundle, Row, RowColumns, bundle, tasks_of
from seedflow.cli.request_text import spell_request
from seedflow.diagnostics.printable import make_printable
from seedflow.pipeline.affordable import wants_consent
from seedflow.plan.estimate import add_up, find_asked
from seedflow.plan.model import Action, Bounds, Plan, Reason, Task

MOST_TASKS_OF_A_STEP: Final = 12
SHOWN_OF_A_LONG_STEP: Final = 4
MOST_TASKS: Final = 48
MOST_REQUESTS: Final = 12
"""Up to so many shown tasks each shows what it asks; of more, the first of each step does. What is stored asks nothing."""


_ASIDE: Final = {Action.REUSE: "stored", Action.SKIP: "skipped", Action.BLOCKED: "blocked"}


@dataclass(frozen=True, slots=True)
class _Rest:
    """Tasks that are only counted; `step` is None for those of many steps."""

    step: str | None
    tasks: tuple[Task, ...]


def print_plan(plan: Plan, console: Console, *, everything: bool = False, brief: bool = False) -> None:
    """The tasks, then the sums.

    Args:
        plan: what to show.
        console: where.
        everything: every task, each with its whole request.
        brief: only what is to be asked, a line each, for somebody who has to decide on it.
    """
    tasks = [task for task in plan.tasks if task.will_be is Action.CALL] if brief else plan.tasks
    rows: Sequence[Row] = list(tasks) if everything else bundle(tasks)
    shown = list(rows) if everything else list(_choose(rows))
    columns = RowColumns([row for row in shown if not isinstance(row, _Rest)], console.width)
    many = sum(not isinstance(row, _Rest) for row in shown) > MOST_REQUESTS and not everything
    told: set[str] = set()
    for row in shown:
        if isinstance(row, _Rest):
            print_folded(console, _spell_rest(row), "  ")
            continue
        for line in columns.spell(row):
            console.print(line, soft_wrap=True)
        if brief or not isinstance(row, Task):
            continue
        if row.reason in (Reason.REJECTED, Reason.REFUSED) and row.cause is not None:
            print_folded(console, Text(make_printable(row.cause), style="dim"), INDENT)
        if everything or (row.action is Action.CALL and not (many and row.step in told)):
            for line in spell_request(row, plan, console.width, whole=everything):
                console.print(line, soft_wrap=True)
        told.add(row.step)
    if shown:
        console.print()
    notes = [] if brief else list(_spell_notes(plan))
    for line in notes:
        print_folded(console, line)
    if notes:
        console.print()
    if plan.empty_outputs and not brief:
        names = max(cell_len(make_printable(name)) for name in plan.empty_outputs)
        for name in plan.empty_outputs:
            console.print(spell_empty(name, names), soft_wrap=True)
        console.print()
    for line in sum_up(plan):
        print_folded(console, line)


def sum_up(plan: Plan) -> Iterator[Text]:
    """The sums: tasks, calls, images, money, and what it would cost where it is free."""
    totals = plan.totals
    if all(task.will_be in (Action.REUSE, Action.SKIP) for task in plan.tasks):
        stored = sum(task.action is Action.REUSE for task in plan.tasks)
        skipped = len(plan.tasks) - stored
        yield Text.assemble(f"Nothing to ask: {spell_nothing_to_do(stored, skipped)}. ", ("Free.", "bold"))
        return
    parts = [spell_count(totals.tasks, "task")]
    known = [task for task in plan.tasks if task.tasks is None]
    counts = {word: sum(1 for task in known if task.action is action) for action, word in _ASIDE.items()}
    counts["shared"] = sum(1 for task in known if task.shares_with is not None)
    parts += [f"{count:,} {word}" for word, count in counts.items() if count]
    new = "new image" if counts["stored"] else "image"
    parts += [spell_count(totals.calls, "call"), spell_count(totals.images, new)]
    line = Text(" · ".join(parts) + " · ")
    wanted = wants_consent(plan)
    price = spell_usd(totals.cost_usd)
    line.append((price if totals.cost_usd.high else f"priced at {price}") if wanted else "free", style="bold")
    yield line
    yield from _spell_differences(plan)
    if not wanted and totals.list_cost_usd.high > 0:
        cost = f"With a model, the same would cost {spell_usd(totals.list_cost_usd)}"
        unpriced = sorted(
            {
                task.model
                for task in plan.tasks
                if task.price_usd is None and task.images.high and task.action is Action.CALL
            }
        )
        besides = f", and what {', '.join(map(make_printable, unpriced))} may cost" if unpriced else ""
        yield Text(f"{cost}{besides}.", style="dim")
    if any(task.reason is Reason.REJECTED and task.action is Action.BLOCKED for task in plan.tasks):
        yield Text(
            "What is not as expected is asked again only with seedflow run --reroll; a changed `expect` judges it anew for free.",
            style="dim",
        )


def _spell_differences(plan: Plan) -> Iterator[Text]:
    """Why the rows add up to something else than the sums, where they do."""
    uncounted = [task for task in plan.tasks if task.tasks == (0, 0) and task.action in _ASIDE]
    if uncounted:
        more = f" and {len(uncounted) - 1:,} more" if len(uncounted) > 1 else ""
        stand = (
            "do not count: how many tasks they stand" if more else "does not count: how many tasks it stands"
        )
        yield Text(f"{make_printable(uncounted[0].address)}{more} {stand} for is not known.", style="dim")
    asked = [task for task in plan.tasks if task.will_be is Action.CALL and task.shares_with is None]
    least = sum(find_asked(task).low for task in asked)
    alike = any(0 < find_asked(task).low < task.tasks.low for task in asked if task.tasks is not None)
    if least > plan.totals.images.low or alike:
        yield Text(
            "Requests that may turn out to be equal count once in the least: they would share one picture.",
            style="dim",
        )


def _spell_notes(plan: Plan) -> Iterator[Text]:
    """What wants consent; and what goes on although something may fail that it uses, as long as nobody knows whether it does."""
    lost = sum(task.reason is Reason.LOST_PAID or task.was_lost for task in plan.tasks)
    if lost:
        yield Text(
            f"What was paid for {spell_count(Bounds(lost, lost), 'task')} is lost: a run pays for it again only with --on-unknown retry.",
            style="yellow",
        )
    refused = sum(task.reason is Reason.REFUSED_BEFORE for task in plan.tasks)
    if refused:
        what = (
            "1 task was refused before, and that"
            if refused == 1
            else f"{refused:,} tasks were refused before, and each"
        )
        yield Text(
            f"{what} may have been billed: unless the log shows that it was not, a run asks again only with --on-unknown retry.",
            style="yellow",
        )
    if not plan.goes_on_without:
        return
    unsettled = {task.step for task in plan.tasks if task.will_be is Action.CALL and not task.settled}
    for step, others in plan.goes_on_without.items():
        if any(one == step or one.startswith(f"{step}/") for one in unsettled):
            names = " and ".join(map(make_printable, others))
            yield Text(f"{make_printable(step)} goes on without what fails of {names}.", style="dim")


def _choose(rows: Sequence[Row]) -> Iterator[Row | _Rest]:
    """All rows if they are few. Else what is asked comes before what is stored, and the rest is counted.

    The tasks of a recipe that is used many times count as those of one step, of which the first use is shown.
    """
    steps = [(step, list(members)) for step, members in groupby(rows, key=_section_of)]
    if len(rows) <= MOST_TASKS and all(len(members) <= MOST_TASKS_OF_A_STEP for _, members in steps):
        yield from rows
        return
    room = MOST_TASKS
    left: list[Task] = []
    for step, members in steps:
        shown = members
        if len(members) > MOST_TASKS_OF_A_STEP:
            asked = [row for row in members if not _is_quiet(row)] or members
            use = _use_of(asked[0])
            uses = sum(_use_of(row) == use for row in asked) if use else 0
            first = asked[: max(SHOWN_OF_A_LONG_STEP, min(uses, MOST_TASKS_OF_A_STEP))]
            chosen = {tasks_of(row)[0].address for row in first}
            shown = [row for row in members if isinstance(row, Bundle) or tasks_of(row)[0].address in chosen]
        hidden = len(members) == 1 and len(rows) > MOST_TASKS and _is_quiet(members[0])
        if len(shown) > room or hidden:
            left += [task for row in members for task in tasks_of(row)]
            continue
        room -= len(shown)
        yield from shown
        if len(shown) < len(members):
            known = {task.address for row in shown for task in tasks_of(row)}
            rest = (task for row in members for task in tasks_of(row))
            yield _Rest(step, tuple(task for task in rest if task.address not in known))
    if left:
        yield _Rest(None, tuple(left))


def _section_of(row: Row) -> str:
    """The step as the recipe names it, be it a use of another recipe."""
    return row.step.partition("/")[0]


def _use_of(row: Row) -> str:
    """The use of a recipe that a task is part of, or nothing."""
    use, slash, _ = tasks_of(row)[0].address.partition("/")
    return use if slash else ""


def _is_quiet(row: Row) -> bool:
    """Whether nothing is asked, and nothing is wrong with that."""
    return tasks_of(row)[0].will_be in (Action.REUSE, Action.SKIP)


def _spell_rest(rest: _Rest) -> Text:
    count = len(rest.tasks)
    totals = add_up(rest.tasks)
    what = f"more of {make_printable(rest.step)}" if rest.step is not None else "more tasks"
    parts = [f"… {count:,} {what}" if count > 1 or rest.step else "… 1 more task"]
    if any(task.tasks is not None for task in rest.tasks):
        parts.append(spell_count(totals.tasks, "task"))
    for action, word in _ASIDE.items():
        found = sum(1 for task in rest.tasks if task.action is action)
        if found:
            parts.append(word if found == count else f"{found:,} of them {word}")
    if totals.calls.high:
        parts.append(spell_count(totals.images, "image"))
        cost = totals.cost_usd if totals.cost_usd.high else totals.list_cost_usd
        if cost.high:
            parts.append(spell_usd(cost))
    return Text(f"{' · '.join(parts)} (seedflow plan --all shows them)", style="dim")
