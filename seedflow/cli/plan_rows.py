"""The rows of a plan for people: a mark, the address, why, how many tasks and images, what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rich.text import Text

from seedflow.cli.amounts import spell_count, spell_usd
from seedflow.cli.columns import wrap
from seedflow.diagnostics.printable import make_printable
from seedflow.plan.estimate import find_asked
from seedflow.plan.model import Action, Bounds, Reason, Task
from seedflow.report.reasons import hide_keys, own_take, spell_reason

NARROW_COLUMNS: Final = 64
MOST_LONG_OF: Final = 4
"""Up to one address of so many may be too long for its column."""
INDENT: Final = "    "

_GAP: Final = "  "
_ASIDE: Final = (Action.SKIP, Action.BLOCKED)
_MARKS: Final = {
    Reason.NEW: ("+", "green"),
    Reason.UPSTREAM_UNKNOWN: ("+", "green"),
    Reason.CONDITION_UNKNOWN: ("?", "green"),
    Reason.CHANGED: ("~", "yellow"),
    Reason.REFERENCE_CHANGED: ("~", "yellow"),
    Reason.ARTIFACT_MISSING: ("~", "yellow"),
    Reason.ASKED_BEFORE: ("~", "yellow"),
    Reason.LOST_PAID: ("~", "yellow"),
    Reason.REFUSED_BEFORE: ("~", "yellow"),
    Reason.FORCED: ("~", "yellow"),
    Reason.REJECTED: ("~", "yellow"),
    Reason.REFUSED: ("!", "red"),
    Reason.STORED: ("=", "cyan"),
    Reason.CONDITION_FALSE: ("-", "default"),
    Reason.UPSTREAM_SKIPPED: ("-", "default"),
    Reason.UPSTREAM_FAILED: ("!", "red"),
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
    rows: list[list[Task]] = []
    alike: dict[tuple[str, Reason], list[Task]] = {}
    for task in tasks:
        if task.will_be not in _ASIDE or task.reason in (Reason.REJECTED, Reason.REFUSED):
            rows.append([task])
            continue
        row = alike.setdefault((task.step, task.reason), [])
        if not row:
            rows.append(row)
        row.append(task)
    return [row[0] if len(row) == 1 else Bundle(tuple(row)) for row in rows]


def spell_why(row: Row) -> str:
    """Why a task does what it does, in a few words."""
    first = tasks_of(row)[0]
    why = spell_reason(*tasks_of(row))
    if first.shares_with is not None:
        same = f"same as {make_printable(first.shares_with)}"
        return f"{why}, {same}" if first.reason is Reason.CONDITION_UNKNOWN else same
    if first.action is Action.CALL and first.attempts_made:
        why += f", attempt {first.attempts_made + 1} of {first.attempts_made + first.attempts}"
    elif first.action is Action.CALL and first.attempts > 1:
        why += f", up to {first.attempts} attempts"
    if first.action is Action.CALL and first.reason is Reason.UPSTREAM_UNKNOWN:
        why += _spell_chance(first)
    if first.fingerprint is not None and first.take != own_take(first.address):
        why += f", take {first.take}"
    return why


def _spell_chance(task: Task) -> str:
    """Why something that waits for others may cost nothing, although there may be something to ask."""
    asked = find_asked(task)
    if asked.low or not asked.high or (task.tasks is not None and not task.tasks.low):
        return ""
    if task.was_lost:
        return ", perhaps paid and lost"
    if task.stays_lost:
        return ", if paid again"
    if task.tasks is not None:
        return ", if at all"
    return ", perhaps stored" if task.may_be_stored else ", unless skipped"


class RowColumns:
    """Mark, address, why, tasks, images, money: side by side where there is room, else below each other.

    Of what is not asked only the address stands in its column; why it is not may be longer than the other columns.
    """

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        self._width = width
        cells = [_spell_cells(row) for row in rows if not _is_aside(row)]
        addresses = [_spell_address(row).cell_len for row in rows]
        rest = [max((row[at].cell_len for row in cells), default=0) for at in range(4)]
        before = sum(len(_GAP) + found for found in rest if found)
        room = width - 2 - before
        # A few addresses that are long get a line of their own, and the others keep their columns.
        fitting = [found for found in addresses if found <= room]
        self._widths = (max(fitting, default=0), *rest)
        few = len(addresses) - len(fitting) <= len(addresses) // MOST_LONG_OF
        self._stacked = width < NARROW_COLUMNS or room < width // 4 or not few

    def spell(self, row: Row) -> Iterator[Text]:
        """The line or lines of a row."""
        first = tasks_of(row)[0]
        mark, color = _MARKS.get(first.reason, ("·", "default"))
        if first.action is Action.BLOCKED:
            mark, color = "!", "red"
        address = _spell_address(row)
        line = Text.assemble((mark, f"bold {color}"), " ", address)
        details = _spell_aside(row) if _is_aside(row) else self._align(_spell_cells(row))
        space = self._widths[0] - address.cell_len
        lines = [line]
        if self._stacked or 2 + self._widths[0] + len(_GAP) + details.cell_len > self._width:
            cells = (
                [_spell_aside(row)] if _is_aside(row) else [cell for cell in _spell_cells(row) if cell.plain]
            )
            lines += _join_folded(cells, self._width)
        elif space < 0:
            lines.append(Text.assemble(" " * (2 + self._widths[0]) + _GAP, details))
        else:
            line.append_text(Text.assemble(" " * space + _GAP, details))
        for found in lines:
            found.rstrip()
            if first.will_be is Action.SKIP:
                found.stylize("dim")
            yield found

    def _align(self, cells: Sequence[Text]) -> Text:
        parts = []
        for at, (cell, width) in enumerate(zip(cells, self._widths[1:], strict=True)):
            if width:
                space = " " * (width - cell.cell_len)
                parts.append(Text.assemble(cell, space) if at == 0 else Text.assemble(space, cell))
        return Text(_GAP).join(parts)


def _join_folded(cells: Sequence[Text], width: int) -> list[Text]:
    """Cells with middle dots between them, in as many indented lines as they need."""
    lines: list[Text] = []
    for cell in cells:
        if lines and lines[-1].cell_len + 3 + cell.cell_len <= width:
            lines[-1].append_text(Text.assemble((" · ", "dim"), cell))
        else:
            lines += [Text.assemble(INDENT, line) for line in wrap(cell, width - len(INDENT))]
    return lines


def _is_aside(row: Row) -> bool:
    return tasks_of(row)[0].will_be in _ASIDE


def _spell_address(row: Row) -> Text:
    address = tasks_of(row)[0].address
    if isinstance(row, Bundle):
        address = hide_keys(address).partition("#")[0]
    path, slash, name = make_printable(address).rpartition("/")
    return Text.assemble((path + slash, "dim"), name)


def _spell_aside(row: Row) -> Text:
    tasks = tasks_of(row)
    count = f" · {spell_count(Bounds(len(tasks), len(tasks)), 'task')}" if isinstance(row, Bundle) else ""
    return Text(spell_why(row) + count, style="dim")


def _spell_cells(row: Row) -> tuple[Text, Text, Text, Text]:
    task = tasks_of(row)[0]
    free = task.action is Action.REUSE or task.shares_with is not None
    cost = task.cost_usd if task.cost_usd.high else task.list_cost_usd
    images = task.images if task.action is Action.REUSE else find_asked(task)
    return (
        Text(spell_why(row), style="dim"),
        Text("" if task.tasks is None else spell_count(task.tasks, "task"), style="dim"),
        Text("" if task.shares_with is not None else spell_count(images, "image")),
        Text("" if free or not cost.high else spell_usd(cost), style="" if task.cost_usd.high else "dim"),
    )
