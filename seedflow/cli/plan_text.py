"""The plan for people: a line for each task, below it what is asked of the model, and the sums at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from seedflow.cli.amounts import spell_count, spell_usd
from seedflow.cli.columns import print_folded, shorten
from seedflow.diagnostics.printable import make_printable
from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.estimate import add_up
from seedflow.plan.model import (
    Action,
    PendingImages,
    Plan,
    PlannedReference,
    Reason,
    StepImage,
    Task,
    Unknown,
)
from seedflow.plan.serialize import find_transport
from seedflow.providers.options import REALM_SKETCH

MOST_TASKS_OF_A_STEP: Final = 12
SHOWN_OF_A_LONG_STEP: Final = 4
MOST_TASKS: Final = 48
MOST_REQUESTS: Final = 12
"""Up to so many shown tasks each shows what it asks; of more, the first of each step does. What is stored asks nothing."""
MOST_PROMPT_LINES: Final = 3
MOST_REFERENCES: Final = 4
NARROW_COLUMNS: Final = 64

_INDENT: Final = "    "
_GAP: Final = "  "
_MARKS: Final = {
    Reason.NEW: ("+", "green"),
    Reason.UPSTREAM_UNKNOWN: ("+", "green"),
    Reason.CHANGED: ("~", "yellow"),
    Reason.REFERENCE_CHANGED: ("~", "yellow"),
    Reason.ARTIFACT_MISSING: ("~", "yellow"),
    Reason.ASKED_BEFORE: ("~", "yellow"),
    Reason.STORED: ("=", "cyan"),
}
_REASONS: Final = {
    Reason.NEW: "new",
    Reason.CHANGED: "changed",
    Reason.REFERENCE_CHANGED: "a reference changed",
    Reason.ARTIFACT_MISSING: "its picture is missing",
    Reason.ASKED_BEFORE: "asked before, looked up first",
    Reason.STORED: "stored",
}


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
    tasks = [task for task in plan.tasks if task.action is not Action.REUSE] if brief else plan.tasks
    shown = list(_choose(tasks, everything=everything))
    columns = _Columns([row for row in shown if isinstance(row, Task)], console.width)
    many = sum(isinstance(row, Task) for row in shown) > MOST_REQUESTS and not everything
    before: str | None = None
    for row in shown:
        if isinstance(row, _Rest):
            console.print(_spell_rest(row), soft_wrap=True)
            continue
        for line in columns.spell(row):
            console.print(line, soft_wrap=True)
        wanted = everything or (row.action is not Action.REUSE and not (many and row.step == before))
        if wanted and not brief:
            for line in _spell_request(row, plan, console.width, whole=everything):
                console.print(line, soft_wrap=True)
        before = row.step
    if shown:
        console.print()
    for line in sum_up(plan):
        print_folded(console, line)


def sum_up(plan: Plan) -> Iterator[Text]:
    """The sums: tasks, calls, images, money, and what it would cost where it is free."""
    totals = plan.totals
    stored = sum(1 for task in plan.tasks if task.action is Action.REUSE)
    if plan.tasks and stored == len(plan.tasks):
        all_of_it = "its task is" if stored == 1 else f"all {stored:,} tasks are"
        yield Text.assemble("Nothing to ask: ", f"{all_of_it} stored. ", ("Free.", "bold"))
        return
    parts = [spell_count(totals.tasks, "task")]
    if stored:
        parts.append(f"{stored:,} stored")
    parts += [spell_count(totals.calls, "call"), spell_count(totals.images, "image")]
    line = Text(" · ".join(parts) + " · ")
    paid = totals.cost_usd.high > 0
    line.append(spell_usd(totals.cost_usd) if paid else "free", style="bold")
    yield line
    if not paid and totals.list_cost_usd.high > 0:
        known = f"With a model, the same would cost {spell_usd(totals.list_cost_usd)}"
        unpriced = sorted(
            {
                task.model
                for task in plan.tasks
                if task.price_usd is None and task.images.high and task.action is not Action.REUSE
            }
        )
        besides = f", and what {', '.join(map(make_printable, unpriced))} may cost" if unpriced else ""
        yield Text(f"{known}{besides}.", style="dim")


def spell_why(task: Task) -> str:
    """Why a task does what it does, in a few words."""
    if task.shares_with is not None:
        return f"same as {make_printable(task.shares_with)}"
    if task.reason is Reason.UPSTREAM_UNKNOWN:
        names = [make_printable(name) for name in waited_for(task)]
        more = f" and {len(names) - 1} more" if len(names) > 2 else ""
        return "after " + ", ".join(names[:1] if more else names) + more
    return _REASONS.get(task.reason, task.reason.value)


def waited_for(task: Task) -> list[str]:
    """The steps on whose images a task's request depends that do not exist yet, in order of mention."""
    names = [item.image.after for item in task.references if isinstance(item.image, PendingImages)]
    names += [name for value in task.params.values() if isinstance(value, Unknown) for name in value.after]
    return list(dict.fromkeys(name.partition("[")[0] for name in names))


def _choose(tasks: Sequence[Task], *, everything: bool) -> Iterator[Task | _Rest]:
    """All tasks if they are few. Else what is asked comes before what is stored, and the rest is counted."""
    steps = [(step, list(members)) for step, members in groupby(tasks, key=lambda task: task.step)]
    if everything or (
        len(tasks) <= MOST_TASKS and all(len(members) <= MOST_TASKS_OF_A_STEP for _, members in steps)
    ):
        yield from tasks
        return
    room = MOST_TASKS
    left: list[Task] = []
    for step, members in steps:
        shown = members
        if len(members) > MOST_TASKS_OF_A_STEP:
            asked = [task for task in members if task.action is not Action.REUSE]
            shown = (asked or members)[:SHOWN_OF_A_LONG_STEP]
        if len(shown) > room or (len(members) == 1 and len(tasks) > MOST_TASKS and _is_stored(members)):
            left += members
            continue
        room -= len(shown)
        yield from shown
        if len(shown) < len(members):
            known = {task.address for task in shown}
            yield _Rest(step, tuple(task for task in members if task.address not in known))
    if left:
        yield _Rest(None, tuple(left))


def _is_stored(tasks: Iterable[Task]) -> bool:
    return all(task.action is Action.REUSE for task in tasks)


def _spell_rest(rest: _Rest) -> Text:
    stored = sum(1 for task in rest.tasks if task.action is Action.REUSE)
    count = len(rest.tasks)
    what = f"more of {make_printable(rest.step)}" if rest.step is not None else "more tasks"
    parts = [f"… {count:,} {what}" if count > 1 or rest.step else "… 1 more task"]
    if stored:
        parts.append("stored" if stored == count else f"{stored:,} of them stored")
    totals = add_up(rest.tasks)
    if totals.calls.high:
        parts.append(spell_count(totals.images, "image"))
        cost = totals.cost_usd if totals.cost_usd.high else totals.list_cost_usd
        if cost.high:
            parts.append(spell_usd(cost))
    return Text(f"  {' · '.join(parts)} (seedflow plan --all shows them)", style="dim")


class _Columns:
    """Mark, address, why, images, money: side by side where there is room, else below each other."""

    def __init__(self, tasks: Sequence[Task], width: int) -> None:
        cells = [self._cells(task) for task in tasks]
        widths = [max((cell_len(row[at].plain) for row in cells), default=0) for at in range(4)]
        self._widths = widths
        self._stacked = width < NARROW_COLUMNS or 2 + sum(widths) + 3 * len(_GAP) > width
        if self._stacked and width >= NARROW_COLUMNS:
            # Few addresses are long: those get a line of their own, the others keep their columns.
            room = width - 2 - sum(widths[1:]) - 3 * len(_GAP)
            widths[0] = min(widths[0], room)
            self._stacked = room < width // 4

    def spell(self, task: Task) -> Iterator[Text]:
        """The line or lines of a task."""
        mark, color = _MARKS.get(task.reason, ("·", "default"))
        cells = self._cells(task)
        line = Text.assemble((mark, f"bold {color}"), " ", cells[0])
        if self._stacked:
            yield line
            yield Text.assemble(
                _INDENT, Text(" · ", style="dim").join([cell for cell in cells[1:] if cell.plain])
            )
            return
        if cells[0].cell_len > self._widths[0]:
            yield line
            line = Text("  " + " " * self._widths[0])
        else:
            line.append(" " * (self._widths[0] - cells[0].cell_len))
        for at, cell in enumerate(cells[1:], 1):
            space = " " * (self._widths[at] - cell.cell_len)
            line.append(_GAP)
            line.append_text(Text.assemble(cell, space) if at == 1 else Text.assemble(space, cell))
        line.rstrip()
        yield line

    def _cells(self, task: Task) -> tuple[Text, Text, Text, Text]:
        free = task.action is Action.REUSE or task.shares_with is not None
        cost = task.cost_usd if task.cost_usd.high else task.list_cost_usd
        money = "" if free or not cost.high else spell_usd(cost)
        return (
            Text(make_printable(task.address)),
            Text(spell_why(task), style="dim"),
            Text(spell_count(task.images, "image")),
            Text(money, style="" if task.cost_usd.high else "dim"),
        )


def _spell_request(task: Task, plan: Plan, width: int, *, whole: bool) -> Iterator[Text]:
    """The prompt, the other parameters with their names, and each reference with how it travels."""
    prompt = task.params.get("prompt")
    if isinstance(prompt, Unknown):
        yield Text(f"{_INDENT}prompt known after {', '.join(map(make_printable, prompt.after))}", style="dim")
    elif isinstance(prompt, str):
        lines = list(_wrap(make_printable(prompt), width))
        cut = lines if whole or len(lines) <= MOST_PROMPT_LINES else lines[:MOST_PROMPT_LINES]
        for number, line in enumerate(cut, 1):
            yield Text(line + (" …" if number == len(cut) < len(lines) else ""))
    others = [f"{name} {_spell_value(value)}" for name, value in task.params.items() if name != "prompt"]
    if others:
        for line in _wrap(" · ".join(others), width, glue=True):
            yield Text(line, style="dim")
    references = task.references if whole else task.references[:MOST_REFERENCES]
    silent = plan.realm == REALM_SKETCH or task.action is Action.REUSE
    number = 1
    for item in references:
        text, number = _spell_reference(
            item, number, "" if silent else plan.references, None if whole else width - len(_INDENT)
        )
        for line in _wrap(text, width):
            yield Text(line, style="dim")
    if len(references) < len(task.references):
        more = len(task.references) - len(references)
        yield Text(f"{_INDENT}and {more} more reference{'' if more == 1 else 's'}", style="dim")


def _spell_value(value: object) -> str:
    if isinstance(value, Unknown):
        return f"known after {', '.join(map(make_printable, value.after))}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return make_printable(str(value)).replace("\n", " ")


def _spell_reference(
    item: PlannedReference, number: int, references: str, room: int | None
) -> tuple[str, int]:
    """`image 2 (hero): sheet image 1, sent as data`, and the number of the next one.

    `references` is the setting of that name, empty where nothing is sent. URLs lose their middle where they are longer
    than `room`.
    """
    named = f" ({make_printable(item.name)})" if item.name is not None else ""
    count = 1
    position = f"image {number}"
    match item.image:
        case UrlImage(url=url):
            what = make_printable(url)
        case FileImage(name=name, facts=facts):
            what = (
                f"{make_printable(name)}, {facts.width_px}×{facts.height_px}, {_spell_size(facts.size_bytes)}"
            )
        case StepImage(address=address, number=of_task):
            what = f"{make_printable(address)} image {of_task}"
        case PendingImages(mention=mention, count=bounds):
            what = make_printable(mention)
            count = bounds.high
            if count != 1:
                position = f"images {number} to {number + count - 1}"
            if bounds.low != bounds.high:
                position += " at most"
    travels = f", sent as {find_transport(item.image, references)}" if references else ""
    if room is not None and isinstance(item.image, UrlImage):
        what = shorten(what, max(24, room - len(position) - cell_len(named) - len(travels) - 4))
    return f"{position}{named}: {what}{travels}", number + count


def _spell_size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e5 else f"{max(1, round(size_bytes / 1e3))} KB"


def _wrap(text: str, width: int, *, glue: bool = False) -> Iterator[str]:
    """Indented lines that fit; wide characters count as two. `glue` breaks only before or after a middle dot."""
    room = max(16, width - len(_INDENT) - 2)
    words = [f"{part} ·" for part in text.split(" · ")] if glue else text.split()
    if glue and words:
        words[-1] = words[-1].removesuffix(" ·")
    line = ""
    for word in words:
        for piece in _cut(word, room):
            if line and cell_len(line) + 1 + cell_len(piece) > room:
                yield _INDENT + line
                line = piece
            else:
                line = f"{line} {piece}" if line else piece
    if line:
        yield _INDENT + line


def _cut(word: str, room: int) -> Iterator[str]:
    """A word that is longer than a line, such as a URL or a Japanese sentence, in pieces that fit."""
    piece, cells = "", 0
    for character in word:
        more = cell_len(character)
        if cells + more > room:
            yield piece
            piece, cells = "", 0
        piece += character
        cells += more
    yield piece
