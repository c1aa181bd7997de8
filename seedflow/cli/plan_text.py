"""The plan for people: one line a task, grouped by step, with what it waits for, its images and its price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seedflow.cli.amounts import spell_count, spell_usd
from seedflow.diagnostics.printable import make_printable
from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.model import Action, Bounds, PendingImages, Plan, Reason, StepImage, Task, Unknown

MOST_LINES_OF_A_STEP = 12
SHOWN_OF_A_LONG_STEP = 4
MOST_LINES = 60
WIDE_COLUMNS = 100
NARROW_COLUMNS = 64

_COLUMNS = ("mark", "address", "request", "why", "images", "money")
_MARK, _ADDRESS, _REQUEST, _WHY, _IMAGES, _MONEY = range(len(_COLUMNS))
_GAP = 2

_MARKS = {Action.CALL: ("+", "green"), Action.REUSE: ("=", "cyan"), Action.BLOCKED: ("!", "red")}
_REASONS = {
    Reason.NEW: "new",
    Reason.CHANGED: "changed",
    Reason.REFERENCE_CHANGED: "a reference changed",
    Reason.ARTIFACT_MISSING: "its picture is missing",
    Reason.STORED: "stored, free",
}


def print_plan(plan: Plan, console: Console, *, everything: bool = False) -> None:
    """The plan as a table and its totals below."""
    console.print(spell_title(plan))
    console.print()
    rows = list(_rows(plan.tasks, everything=everything))
    if console.width < NARROW_COLUMNS:
        for row in rows:
            console.print(_stacked(row))
    else:
        console.print(_table(rows, console.width))
    console.print()
    for line in sum_up(plan):
        console.print(line)


def sum_up(plan: Plan) -> Iterator[Text]:
    """The totals: tasks, calls, images, money, and what it would cost where it is free."""
    totals = plan.totals
    reused = sum(1 for task in plan.tasks if task.action is Action.REUSE)
    parts = [spell_count(totals.tasks, "task")]
    if reused:
        parts.append(f"{reused:,} stored")
    parts.append(spell_count(totals.calls, "call"))
    parts.append(spell_count(totals.images, "image"))
    line = Text(" · ".join(parts))
    paid = totals.cost_usd.high > 0
    line.append(" · ")
    line.append(spell_usd(totals.cost_usd) if paid else "free", style="bold")
    yield line
    if not paid and totals.list_cost_usd.high > 0:
        yield Text(
            f"With Cloudflare the same calls would cost {spell_usd(totals.list_cost_usd)}.", style="dim"
        )
    if not totals.calls.high:
        yield Text("Nothing to ask: every picture is stored.", style="dim")


def spell_title(plan: Plan) -> Text:
    """The recipe, and who makes its pictures; that sketches are sketches is said aloud."""
    title = Text(make_printable(plan.recipe), style="bold")
    if plan.realm == "sketch":
        title.append(
            "  with sketch: placeholder pictures drawn here, no model is asked", style="not bold yellow"
        )
    else:
        title.append(f"  with {plan.provider}", style="not bold")
        if plan.realm != plan.provider:
            title.append(f" ({plan.realm})", style="not bold yellow")
    return title


def _stacked(row: tuple[Text, ...]) -> Text:
    """Two lines for a narrow terminal: the task, then what is known of it."""
    details = Text(" · ").join([row[column] for column in (_WHY, _IMAGES, _MONEY) if row[column].plain])
    line = Text.assemble(row[_MARK], " ", row[_ADDRESS])
    return Text.assemble(line, "\n  ", details) if details.plain else line


def _table(rows: Sequence[tuple[Text, ...]], width: int) -> Table:
    widths = [
        max((cell_len(row[column].plain) for row in rows), default=0) for column in range(len(_COLUMNS))
    ]
    widths[_REQUEST] = 0
    fixed = sum(widths[column] for column in (_MARK, _IMAGES, _MONEY)) + _GAP * (len(_COLUMNS) - 1)
    room = max(width - fixed, 20)
    widths[_WHY] = min(widths[_WHY], max(room // 4, 12))
    wanted = widths[_ADDRESS]
    widths[_ADDRESS] = min(wanted, max(room - widths[_WHY], 12) if width < WIDE_COLUMNS else room * 2 // 5)
    if width >= WIDE_COLUMNS:
        widths[_REQUEST] = max(room - widths[_WHY] - widths[_ADDRESS], 10)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
    shown = [column for column in range(len(_COLUMNS)) if widths[column]]
    for column in shown:
        folds = column in (_ADDRESS, _WHY)
        justify: Literal["left", "right"] = "right" if column in (_IMAGES, _MONEY) else "left"
        table.add_column(
            width=widths[column], no_wrap=not folds, overflow="fold" if folds else "ellipsis", justify=justify
        )
    for row in rows:
        table.add_row(*(row[column] for column in shown))
    return table


def _rows(tasks: Sequence[Task], *, everything: bool) -> Iterator[tuple[Text, ...]]:
    """Long steps are cut to their first tasks, long plans to their first steps; what is left out is counted."""
    left = len(tasks) if everything else MOST_LINES
    hidden = 0
    for step, group in groupby(tasks, key=lambda task: task.step):
        members = list(group)
        if left <= 0:
            hidden += len(members)
            continue
        short = not everything and len(members) > MOST_LINES_OF_A_STEP
        for task in members[:SHOWN_OF_A_LONG_STEP] if short else members:
            yield _row(task)
            left -= 1
        if short:
            yield _rest(step, members[SHOWN_OF_A_LONG_STEP:])
    if hidden:
        yield (
            Text(" "),
            Text(f"… {hidden:,} more tasks; --all shows them", style="dim"),
            *(Text() for _ in _COLUMNS[2:]),
        )


def _rest(step: str, members: Sequence[Task]) -> tuple[Text, ...]:
    images = Bounds(sum(task.images.low for task in members), sum(task.images.high for task in members))
    name = Text(f"… {len(members):,} more of {make_printable(step)}", style="dim")
    return Text(" "), name, Text(), Text(), Text(spell_count(images, "image")), Text()


def _row(task: Task) -> tuple[Text, ...]:
    mark, color = _MARKS.get(task.action, ("·", "white"))
    cost = task.cost_usd if task.cost_usd.high > 0 else task.list_cost_usd
    money = Text(
        spell_usd(cost) if cost.high > Decimal(0) else "", style="" if task.cost_usd.high > 0 else "dim"
    )
    return (
        Text(mark, style=f"bold {color}"),
        Text(make_printable(task.address)),
        Text(make_printable(summarize_request(task)), style="dim"),
        Text(_why(task), style="dim"),
        Text(spell_count(task.images, "image")),
        money,
    )


def _why(task: Task) -> str:
    if task.shares_with is not None:
        return f"same request as {make_printable(task.shares_with)}"
    if task.reason is Reason.UPSTREAM_UNKNOWN:
        return "after " + ", ".join(make_printable(name) for name in waited_for(task))
    return _REASONS.get(task.reason, task.reason.value)


def waited_for(task: Task) -> list[str]:
    """What a task's request depends on that does not exist yet, in order of mention."""
    names = [item.image.after for item in task.references if isinstance(item.image, PendingImages)]
    names += [name for value in task.params.values() if isinstance(value, Unknown) for name in value.after]
    steps: dict[str, None] = dict.fromkeys(names)
    return _fold_steps(list(steps))


def summarize_request(task: Task) -> str:
    """`4:3 · 4K · 2 references · a prompt that …`: the request in a line, its prompt last."""
    parts = [
        str(value)
        for name, value in task.params.items()
        if name != "prompt" and not isinstance(value, (Unknown, bool))
    ]
    if task.references:
        parts.append("← " + ", ".join(_spell_reference(item.image) for item in task.references[:3]))
        if len(task.references) > 3:
            parts[-1] += f" and {len(task.references) - 3} more"
    prompt = task.params.get("prompt")
    if isinstance(prompt, str):
        parts.append(" ".join(prompt.split()))
    elif isinstance(prompt, Unknown):
        parts.append("prompt known after " + ", ".join(prompt.after))
    return " · ".join(parts)


def _spell_reference(image: object) -> str:
    match image:
        case UrlImage(url=url):
            return url.split("?")[0].rsplit("/", 1)[-1]
        case FileImage(name=name):
            return name
        case StepImage(address=address, number=number):
            return f"{address} #{number}"
        case PendingImages(mention=mention):
            return mention
        case _:
            return "?"


def _fold_steps(names: list[str]) -> list[str]:
    """Many tasks of one step are named by their step."""
    by_step: dict[str, list[str]] = {}
    for name in names:
        by_step.setdefault(name.split("[", 1)[0], []).append(name)
    return [members[0] if len(members) == 1 else step for step, members in by_step.items()]
