"""A run while it runs: a live display in a terminal, plain lines when piped. What came of it: `result_text`."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Final, Protocol, Self, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from seedflow.cli.amounts import spell_count, spell_elapsed, spell_seconds
from seedflow.cli.columns import fit, shorten, wrap
from seedflow.cli.console import open_console, print_lines
from seedflow.cli.live import LiveArea
from seedflow.cli.progress import Progress
from seedflow.cli.terminal import OutputError, log_width_of, moves_cursor
from seedflow.diagnostics.printable import make_printable
from seedflow.money import ZERO_USD, format_usd
from seedflow.plan.model import Action, Bounds, Plan, Reason
from seedflow.report.reasons import own_take
from seedflow.run.events import Event, EventKind
from seedflow.run.retry import SLOWING_KINDS
from seedflow.run.status import TaskStatus

MOST_ACTIVE_LINES: Final = 8
WIDEST_ADDRESS: Final = 48
WIDER_THAN_THEIR_GROUP: Final = 18
"""Cells that the addresses of tasks may have more than that of the task that stands for them: a guess."""
BAR_COLUMNS: Final = 30

_MARKS: Final = {
    TaskStatus.DONE: ("✓", "green"),
    TaskStatus.FAILED: ("✗", "red"),
    TaskStatus.UNKNOWN: ("?", "magenta"),
}
UNTOLD: Final = (TaskStatus.REUSED, TaskStatus.SKIPPED, TaskStatus.BLOCKED, TaskStatus.CANCELLED)
"""Counted at the end; there may be thousands at once."""


class Display(Protocol):
    """Shows a run to people. Used from the event loop only."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""

    def show(self, event: Event) -> None:
        """Take in an event."""

    def say(self, text: str) -> None:
        """A line that is no event."""

    def refresh(self) -> None:
        """Time went by."""


def open_display(stream: TextIO, plan: Plan, most_in_flight: int) -> Display:
    """The display that fits a stream."""
    column = find_column(
        task.address + " " * (WIDER_THAN_THEIR_GROUP if task.tasks is not None else 0)
        for task in plan.tasks
        if task.action is Action.CALL or task.reason in (Reason.REJECTED, Reason.REFUSED)
    )
    if moves_cursor(stream) and plan.totals.calls.high:
        return LiveDisplay(LiveArea(stream), plan.totals.tasks, column, most_in_flight)
    return PlainDisplay(open_console(stream), column, log_width_of(stream))


def find_column(addresses: Iterable[str]) -> int:
    """Cells that addresses get, so that what follows them stands in one column; very long ones do not count."""
    widths = (cell_len(make_printable(address)) for address in addresses)
    return max((width for width in widths if width <= WIDEST_ADDRESS), default=0)


class PlainDisplay:
    """One line for every task that ends by itself and every call that is repeated."""

    def __init__(self, console: Console, column: int = 0, width: int | None = None) -> None:
        self._console = console
        self._width = width
        self._lines = EventLines(column)
        self._gone = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, event: Event) -> None:
        """Take in an event."""
        for line in self._lines.spell(event, self._width):
            self._print(line)

    def say(self, text: str) -> None:
        """A line that is no event."""
        for line in [Text(text)] if self._width is None else wrap(Text(text), self._width):
            self._print(line)

    def refresh(self) -> None:
        """Nothing here changes by itself."""

    def _print(self, line: Text) -> None:
        """Nobody may be reading any more; the run goes on all the same, since it is paid for."""
        if self._gone:
            return
        try:
            print_lines(self._console, [line])
        except (OSError, OutputError):
            self._gone = True


@dataclass(slots=True)
class _Active:
    what: str
    since: float
    until: float | None = None


class LiveDisplay:
    """Finished tasks scroll by; below them how far it is, and what is at work now, never more than a few lines."""

    def __init__(
        self,
        area: LiveArea,
        tasks: Bounds[int],
        column: int = 0,
        most_in_flight: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._area = area
        self._clock = clock
        self._lines = EventLines(column, clock)
        self._progress = Progress(tasks)
        self._column = column
        self._most_in_flight = most_in_flight
        self._in_flight = most_in_flight
        self._held_until = 0.0
        self._started = clock()
        self._cost_usd = ZERO_USD
        self._waiting: dict[str, None] = {}
        self._active: dict[str, _Active] = {}
        self._rejected: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._area.open()
        self.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._area.close()

    def show(self, event: Event) -> None:
        """Take in an event."""
        address = event.address or ""
        self._progress.take_in(event)
        match event.kind:
            case EventKind.TASK_STARTED:
                self._waiting[address] = None
            case EventKind.CALL_SENT:
                rejected = self._rejected.get(address)
                self._note(address, "asking" if rejected is None else f"asking, attempt {rejected + 1}")
            case EventKind.CALL_ANSWERED:
                self._note(address, "fetching")
            case EventKind.CALL_LOST:
                self._note(address, "answer lost, asking the log")
            case EventKind.CALL_RETRIED:
                wait_s = float(str(event.data.get("wait_s", 0)))
                why = make_printable(str(event.data.get("kind", "")))
                self._note(address, f"{why}, asking again", self._clock() + wait_s)
            case EventKind.CALL_AWAITED:
                self._note(address, "another run asks for it")
            case EventKind.ATTEMPT_REJECTED:
                self._rejected[address] = int(str(event.data.get("attempt", 1)))
            case EventKind.LIMIT_CHANGED:
                self._in_flight = int(str(event.data.get("in_flight", 0)))
                self._held_until = self._clock() + float(str(event.data.get("hold_s", 0)))
            case EventKind.TASK_FINISHED:
                self._waiting.pop(address, None)
                self._active.pop(address, None)
                self._rejected.pop(address, None)
                self._cost_usd += Decimal(str(event.data.get("cost_usd", 0)))
            case _:
                pass
        # That a call is repeated, or another run's, is said below, as long as it lasts.
        below = (EventKind.CALL_LOST, EventKind.CALL_RETRIED, EventKind.CALL_AWAITED)
        lines = [] if event.kind in below else self._lines.spell(event, self._area.columns)
        if lines:
            self._area.scroll(lines, self._bottom())

    def say(self, text: str) -> None:
        """A line that is no event."""
        lines = textwrap.wrap(text, self._area.columns)
        self._area.scroll([Text(line, style="yellow") for line in lines], self._bottom())

    def refresh(self) -> None:
        """Time went by."""
        self._area.paint(self._bottom())

    def _note(self, address: str, what: str, until: float | None = None) -> None:
        self._waiting.pop(address, None)
        self._active[address] = _Active(what, self._clock(), until)

    def _bottom(self) -> list[Text]:
        """The head, then what is at work, the longest at work first, as far as there is room."""
        now = self._clock()
        room = max(0, min(MOST_ACTIVE_LINES, self._area.rows - 2))
        at_work = list(self._active.items())
        shown = at_work if len(at_work) <= room else at_work[: max(0, room - 1)]
        lines = [self._head(now), *(self._line(address, active, now) for address, active in shown)]
        if room and len(shown) < len(at_work):
            lines.append(Text(f"  and {len(at_work) - len(shown):,} more at work", style="dim"))
        return lines

    def _head(self, now: float) -> Text:
        # A narrow terminal cuts the end off, so that what somebody waits for comes first.
        parts = [self._progress.spell()]
        if self._held_until > now + 1:
            pace = "" if self._in_flight < self._most_in_flight else "at the service's pace, "
            parts.append(f"{pace}on in {spell_elapsed(self._held_until - now + 1)}")
        if self._in_flight < self._most_in_flight:
            parts.append(f"slowed down to {self._in_flight:,} at once")
        if self._cost_usd:
            parts.append(format_usd(self._cost_usd))
        parts.append(spell_elapsed(now - self._started))
        if self._waiting:
            parts.append(f"{len(self._waiting):,} in line")
        columns = max(10, min(BAR_COLUMNS, self._area.columns // 3))
        full = self._progress.fill(columns)
        head = Text("━" * full, style="green")
        head.append("─" * (columns - full), style="dim")
        head.append("  " + " · ".join(parts), style="not dim default")
        return head

    def _line(self, address: str, active: _Active, now: float) -> Text:
        if active.until is None:
            what = f"{active.what} {spell_elapsed(now - active.since)}"
        elif active.until > now:
            what = f"{active.what} in {spell_elapsed(active.until - now + 1)}"
        else:
            what = active.what
        room = max(8, self._area.columns - len(what) - 4)
        name = shorten(make_printable(address), room)
        line = Text("  ")
        line.append(fit(name, min(self._column, room)))
        line.append(f"  {what}", style="dim")
        return line


_AWAITED: Final = "another run is asking for it; this one waits for the picture"


class EventLines:
    """Events to the lines that stay: a task that ended, a call that is repeated.

    With a clock, a task's line tells how long it took; without one, equal runs print equal lines.
    """

    def __init__(self, column: int, clock: Callable[[], float] | None = None) -> None:
        self._column = column
        self._clock = clock
        self._since: dict[str, float] = {}
        self._sent: dict[str, int] = {}
        self._awaits = False
        self._in_flight = 0
        self._slowed: tuple[str, int] | None = None

    def spell(self, event: Event, width: int | None = None) -> list[Text]:
        """The line of an event that people want to read, in several where it is longer than `width`; else none."""
        address = event.address or ""
        if event.kind is EventKind.CALL_SENT:
            self._sent[address] = self._sent.get(address, 0) + 1
            if self._clock is not None:
                self._since.setdefault(address, self._clock())
        elif event.kind is EventKind.LIMIT_CHANGED:
            self._in_flight = int(str(event.data.get("in_flight", 0)))
        elif event.kind is EventKind.CALL_RETRIED:
            if self._is_told(str(event.data.get("kind", ""))):
                return []
            message = make_printable(str(event.data.get("message", ""))).replace("\n", " ")
            wait_s = float(str(event.data.get("wait_s", 0)))
            when = f"asking again in {spell_seconds(wait_s)}" if wait_s else "asking again"
            return self._join("~", "yellow", address, Text(f"{message}; {when}", style="yellow"), width)
        elif event.kind is EventKind.CALL_AWAITED and not self._awaits:
            self._awaits = True  # once for all: a second run waits for most of what the first one asks for
            return self._join("~", "yellow", address, Text(_AWAITED, style="yellow"), width)
        elif event.kind is EventKind.ATTEMPT_REJECTED:
            attempt, attempts = (int(str(event.data.get(name, 1))) for name in ("attempt", "attempts"))
            if attempt < attempts:  # of the last one the task's end tells
                complaint = make_printable(str(event.data.get("complaint", "")))
                again = f"not as expected, asking again ({attempt + 1} of {attempts}): {complaint}"
                return self._join("~", "yellow", address, Text(again, style="yellow"), width)
        elif event.kind is EventKind.TASK_FINISHED:
            return self._spell_finished(event, self._since.pop(address, None), width)
        return []

    def _is_told(self, kind: str) -> bool:
        """Whether people know already that all calls have to wait: it is told once for each pace that this comes to."""
        if kind not in SLOWING_KINDS:
            return False
        slowed = (kind, self._in_flight)
        told = self._slowed == slowed
        self._slowed = slowed
        return told

    def _spell_finished(self, event: Event, since: float | None, width: int | None) -> list[Text]:
        status = TaskStatus(str(event.data["status"]))
        sent = self._sent.pop(event.address or "", 0)
        if status in UNTOLD:
            return []
        mark, color = _MARKS.get(status, ("·", "default"))
        details = [] if status is TaskStatus.DONE else [status.value]
        problem = event.data.get("problem")
        if isinstance(problem, dict) and problem.get("kind") != status.value:
            details.append(make_printable(str(problem.get("kind"))))
        images = int(str(event.data.get("images", 0)))
        if images:
            details.append(spell_count(Bounds(images, images), "image"))
            take = int(str(event.data.get("take", 1)))
            if take != own_take(event.address or ""):
                details.append(f"take {take}")
            attempt = int(str(event.data.get("attempt", 1)))
            if attempt > 1:
                details.append(f"attempt {attempt}")
        cost_usd = Decimal(str(event.data.get("cost_usd", 0)))
        if cost_usd:
            rejected_usd, rejected_calls = _read_rejected(event)
            open_usd = cost_usd - rejected_usd
            paid = isinstance(problem, dict) and problem.get("paid") is True and sent - rejected_calls < 2
            if status is TaskStatus.DONE or paid or not open_usd:
                details.append(format_usd(cost_usd))
            else:
                known = f"{format_usd(rejected_usd)} and " if rejected_usd else ""
                details.append(f"{known}up to {format_usd(open_usd)}")
        if since is not None and self._clock is not None:
            details.append(spell_seconds(self._clock() - since))
        style = "dim" if status is TaskStatus.DONE else color
        return self._join(mark, color, event.address or "", Text(" · ".join(details), style=style), width)

    def _join(self, mark: str, color: str, address: str, details: Text, width: int | None) -> list[Text]:
        start = Text.assemble((mark, f"bold {color}"), " ", make_printable(address))
        column = self._column + 2
        if width is not None:
            column = min(column, width - details.cell_len - 2)
            if start.cell_len + 2 + details.cell_len > width:
                return [start, *(Text.assemble("    ", line) for line in wrap(details, width - 4))]
        return [Text.assemble(start, " " * (max(0, column - start.cell_len) + 2), details)]


def _read_rejected(event: Event) -> tuple[Decimal, int]:
    """What attempts that were not as expected cost a task, and how many calls they took."""
    found = event.data.get("not_as_expected")
    if not isinstance(found, dict):
        return ZERO_USD, 0
    return Decimal(str(found.get("cost_usd", 0))), int(str(found.get("calls", 0)))
