"""The rows of a plan for people: a mark, the address, why, how many tasks and images, what they cost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rich.cells import cell_len
from rich.text import Text

from seedflow.cli.amounts import spell_count, spell_usd
from seedflow.diagnostics.printable import make_printable
from seedflow.plan.model import Action, Bounds, PendingImages, Reason, Task, Unknown

NARROW_COLUMNS: Final = 64
LONGEST_CAUSE: Final = 28
INDENT: Final = "    "

_GAP: Final = "  "
_KEYS: Final = re.compile(r"\[[^\[\]]*\]")
_TAKE: Final = re.compile(r"#(\d+)$")
_ASIDE: Final = (Action.SKIP, Action.BLOCKED)
_MARKS: Final = {
    Reason.NEW: ("+", "green"),
    Reason.UPSTREAM_UNKNOWN: ("+", "green"),
    Reason.CONDITION_UNKNOWN: ("?", "green"),
    Reason.CHANGED: ("~", "yellow"),
    Reason.REFERENCE_CHANGED: ("~", "yellow"),
    Reason.ARTIFACT_MISSING: ("~", "yellow"),
    Reason.ASKED_BEFORE: ("~", "yellow"),
    Reason.FORCED: ("~", "yellow"),
    Reason.REJECTED: ("~", "yellow"),
    Reason.STORED: ("=", "cyan"),
    Reason.CONDITION_FALSE: ("-", "default"),
    Reason.UPSTREAM_SKIPPED: ("-", "default"),
    Reason.UPSTREAM_FAILED: ("!", "red"),
}
_REASONS: Final = {
    Reason.NEW: "new",
    Reason.CHANGED: "changed",
    Reason.REFERENCE_CHANGED: "a reference changed",
    Reason.ARTIFACT_MISSING: "its picture is missing",
    Reason.ASKED_BEFORE: "asked before, looked up first",
    Reason.FORCED: "asked anew",
    Reason.STORED: "stored",
    Reason.CONDITION_UNKNOWN: "if its condition holds",
    Reason.CONDITION_FALSE: "skipped: condition is false",
    Reason.REJECTED: "not as expected",
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """Tasks of one step of which nothing is asked, for the same reason; shown as one row."""

    tasks: tuple[Task, ...]

    @property
    def step(self) -> str:
        """Their step."""
        return self.tasks[0].step


Row: TypeAlias = "Task | Bundle"


def tasks_of(row: Row) -> tuple[Task, ...]:
    """The tasks that a row shows."""
    return row.tasks if isinstance(row, Bundle) else (row,)


def bundle(tasks: Iterable[Task]) -> list[Row]:
    """Tasks as rows: those of a step that are skipped or blocked for the same reason make one, where the first of them stood."""
    rows: list[Row] = []
    places: dict[tuple[str, Reason], int] = {}
    for task in tasks:
        if task.action not in _ASIDE or task.reason is Reason.REJECTED:
            rows.append(task)
            continue
        place = places.setdefault((task.step, task.reason), len(rows))
        if place == len(rows):
            rows.append(task)
        else:
            rows[place] = Bundle((*tasks_of(rows[place]), task))
    return rows


def spell_why(row: Row) -> str:
    """Why a task does what it does, in a few words."""
    first = tasks_of(row)[0]
    if first.shares_with is not None:
        return f"same as {make_printable(first.shares_with)}"
    match first.reason:
        case Reason.UPSTREAM_UNKNOWN:
            why = _spell_after(first)
        case Reason.UPSTREAM_SKIPPED:
            why = f"skipped with {_spell_cause(row)}"
        case Reason.UPSTREAM_FAILED:
            why = f"waits for {_spell_cause(row)}"
        case reason:
            why = _REASONS.get(reason, reason.value)
    if first.action is Action.CALL and first.attempts_made:
        why += f", attempt {first.attempts_made + 1} of {first.attempts_made + first.attempts}"
    elif first.action is Action.CALL and first.attempts > 1:
        why += f", up to {first.attempts} attempts"
    if first.fingerprint is not None and first.take != own_take(first.address):
        why += f", take {first.take}"
    return why


def waited_for(task: Task) -> list[str]:
    """The steps whose results a task's request, or their number, depends on and that do not exist yet, in order of mention."""
    names = [item.image.after for item in task.references if isinstance(item.image, PendingImages)]
    names += [name for value in task.params.values() if isinstance(value, Unknown) for name in value.after]
    if task.tasks is not None or not names:
        names = [*task.needs, *names]
    return [step for step in dict.fromkeys(map(name_step, names)) if step]


def name_step(address: str) -> str:
    """The step of an address, within the uses of recipes around it: `cast/pose` of `cast[hero=ada]/pose[pose=side]#2`."""
    return _TAKE.sub("", _KEYS.sub("", address))


def _spell_after(task: Task) -> str:
    names = [make_printable(name) for name in waited_for(task)]
    if not names:
        return "once more is known"
    more = f" and {len(names) - 1} more" if len(names) > 2 else ""
    return "after " + ", ".join(names[:1] if more else names) + more


def _spell_cause(row: Row) -> str:
    """The task that was skipped or failed; in short where there are several, or its name is long."""
    causes = dict.fromkeys(task.cause or "another task" for task in tasks_of(row))
    cause = make_printable(next(iter(causes)))
    if len(causes) == 1 and cell_len(cause) <= LONGEST_CAUSE:
        return cause
    if len(dict.fromkeys(map(name_step, causes))) > 1:
        return f"{_hide_keys(cause)} and others"
    return _hide_keys(cause)


def _hide_keys(address: str) -> str:
    return _KEYS.sub("[…]", address)


def own_take(address: str) -> int:
    """The take that an address has by itself: 2 of `sheet#2`."""
    found = _TAKE.search(address)
    return int(found[1]) if found is not None else 1


class RowColumns:
    """Mark, address, why, tasks, images, money: side by side where there is room, else below each other."""

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        cells = [_spell_cells(row) for row in rows]
        widths = [max((cell_len(row[at].plain) for row in cells), default=0) for at in range(5)]
        gaps = len(_GAP) * sum(1 for found in widths[1:] if found)
        self._widths = widths
        self._stacked = width < NARROW_COLUMNS or 2 + sum(widths) + gaps > width
        if self._stacked and width >= NARROW_COLUMNS:
            # Few addresses are long: those get a line of their own, the others keep their columns.
            room = width - 2 - sum(widths[1:]) - gaps
            widths[0] = min(widths[0], room)
            self._stacked = room < width // 4

    def spell(self, row: Row) -> Iterator[Text]:
        """The line or lines of a row."""
        for line in self._spell(row):
            if tasks_of(row)[0].action is Action.SKIP:
                line.stylize("dim")
            yield line

    def _spell(self, row: Row) -> Iterator[Text]:
        first = tasks_of(row)[0]
        mark, color = _MARKS.get(first.reason, ("·", "default"))
        if first.action is Action.BLOCKED:
            mark, color = "!", "red"
        cells = _spell_cells(row)
        line = Text.assemble((mark, f"bold {color}"), " ", cells[0])
        if self._stacked:
            yield line
            yield Text.assemble(
                INDENT, Text(" · ", style="dim").join([cell for cell in cells[1:] if cell.plain])
            )
            return
        if cells[0].cell_len > self._widths[0]:
            yield line
            line = Text("  " + " " * self._widths[0])
        else:
            line.append(" " * (self._widths[0] - cells[0].cell_len))
        for at, cell in enumerate(cells[1:], 1):
            if not self._widths[at]:
                continue
            space = " " * (self._widths[at] - cell.cell_len)
            line.append(_GAP)
            line.append_text(Text.assemble(cell, space) if at == 1 else Text.assemble(space, cell))
        line.rstrip()
        yield line


def _spell_cells(row: Row) -> tuple[Text, Text, Text, Text, Text]:
    first = tasks_of(row)[0]
    address, count = first.address, first.tasks
    if isinstance(row, Bundle):
        address = _hide_keys(address).partition("#")[0]
        low = sum(1 if task.tasks is None else task.tasks.low for task in row.tasks)
        high = sum(1 if task.tasks is None else task.tasks.high for task in row.tasks)
        count = Bounds(low, high)
    path, slash, name = make_printable(address).rpartition("/")
    aside = first.action in _ASIDE
    free = aside or first.action is Action.REUSE or first.shares_with is not None
    cost = first.cost_usd if first.cost_usd.high else first.list_cost_usd
    return (
        Text.assemble((path + slash, "dim"), name),
        Text(spell_why(row), style="dim"),
        Text("" if count is None or not count.high else spell_count(count, "task"), style="dim"),
        Text("" if aside else spell_count(first.images, "image")),
        Text("" if free or not cost.high else spell_usd(cost), style="" if first.cost_usd.high else "dim"),
    )
