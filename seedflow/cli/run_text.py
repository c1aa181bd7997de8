"""A run for people: a live display in a terminal, plain lines when piped, and the summary at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from seedflow.cli.amounts import spell_seconds
from seedflow.diagnostics.printable import make_printable
from seedflow.money import format_usd
from seedflow.run.events import Event, EventKind
from seedflow.run.status import Problem, RunResult, RunStatus, TaskResult, TaskStatus

MOST_ACTIVE_LINES = 6

_MARKS = {
    TaskStatus.DONE: ("✓", "green"),
    TaskStatus.REUSED: ("=", "cyan"),
    TaskStatus.FAILED: ("✗", "red"),
    TaskStatus.BLOCKED: ("!", "yellow"),
    TaskStatus.UNKNOWN: ("?", "magenta"),
    TaskStatus.CANCELLED: ("-", "yellow"),
}
_ENDINGS = {
    RunStatus.DONE: ("done", "bold green"),
    RunStatus.FAILED: ("ended with failed tasks", "bold red"),
    RunStatus.UNKNOWN: ("ended with an unknown outcome", "bold magenta"),
    RunStatus.STOPPED: ("stopped", "bold yellow"),
    RunStatus.INTERRUPTED: ("interrupted; run again to go on", "bold yellow"),
    RunStatus.WAITING: ("waiting", "bold yellow"),
}


class PlainDisplay:
    """One line for every task that ends and every call that is repeated; reused tasks are only counted."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, event: Event) -> None:
        """Take in an event."""
        line = spell_event(event)
        if line is not None:
            self._console.print(line)


class LiveDisplay:
    """Finished tasks scroll by; below them a bar, the money, and what is at work now, never more than a few lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=8, transient=True, get_renderable=self._render)
        self._tasks = 0
        self._ended = 0
        self._cost = 0.0
        self._in_flight: int | None = None
        self._active: dict[str, tuple[float, str]] = {}

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, event: Event) -> None:
        """Take in an event."""
        address = event.address or ""
        match event.kind:
            case EventKind.RUN_STARTED:
                self._tasks = int(str(event.data.get("tasks", 0)))
            case EventKind.TASK_STARTED:
                self._active[address] = (time.monotonic(), "starting")
            case EventKind.CALL_SENT:
                self._note(address, "asking")
            case EventKind.CALL_ANSWERED:
                self._note(address, "fetching")
            case EventKind.CALL_RETRIED:
                self._note(
                    address, f"waiting {spell_seconds(float(str(event.data.get('wait_s', 0))))}, then again"
                )
            case EventKind.LIMIT_CHANGED:
                self._in_flight = int(str(event.data.get("in_flight", 0)))
            case EventKind.TASK_FINISHED:
                self._active.pop(address, None)
                self._ended += 1
                self._cost += float(str(event.data.get("cost_usd", 0)))
            case _:
                pass
        line = spell_event(event)
        if line is not None:
            self._live.console.print(line)

    def _note(self, address: str, what: str) -> None:
        started, _ = self._active.get(address, (time.monotonic(), ""))
        self._active[address] = (started, what)

    def _render(self) -> Group:
        bar = Table.grid(padding=(0, 1, 0, 0))
        count = f"{self._ended:,} of {self._tasks:,}"
        extra = f"  at most {self._in_flight} at once" if self._in_flight else ""
        bar.add_row(
            ProgressBar(
                total=max(self._tasks, 1), completed=self._ended, width=max(10, self._console.width // 3)
            ),
            Text(count),
            Text(f"${self._cost:.2f}" if self._cost else "", style="bold"),
            Text(extra, style="dim"),
        )
        now = time.monotonic()
        lines: list[Text] = []
        for address, (started, what) in list(self._active.items())[:MOST_ACTIVE_LINES]:
            line = Text("  ")
            line.append(make_printable(address))
            line.append(f"  {what}, {spell_seconds(now - started)}", style="dim")
            line.truncate(self._console.width - 1, overflow="ellipsis")
            lines.append(line)
        hidden = len(self._active) - len(lines)
        if hidden > 0:
            lines.append(Text(f"  and {hidden} more at work", style="dim"))
        return Group(bar, *lines)


def spell_event(event: Event) -> Text | None:
    """One line for an event that people want to read, else None."""
    address = make_printable(event.address or "")
    if event.kind is EventKind.CALL_RETRIED:
        message = make_printable(str(event.data.get("message", "")))
        return Text(
            f"~ {address}  {message}; again in {spell_seconds(float(str(event.data.get('wait_s', 0))))}",
            style="yellow",
        )
    if event.kind is not EventKind.TASK_FINISHED:
        return None
    status = TaskStatus(str(event.data["status"]))
    if status is TaskStatus.REUSED:
        return None
    mark, color = _MARKS.get(status, ("·", "white"))
    line = Text(f"{mark} ", style=f"bold {color}")
    line.append(address, style="not bold default")
    images = int(str(event.data.get("images", 0)))
    if images:
        line.append(f"  {images} image{'' if images == 1 else 's'}", style="not bold dim")
    cost = float(str(event.data.get("cost_usd", 0)))
    if cost:
        line.append(f"  ${cost:.2f}", style="not bold dim")
    if status not in (TaskStatus.DONE, TaskStatus.REUSED):
        line.append(f"  {status.value}", style=f"not bold {color}")
    return line


def print_result(result: RunResult, console: Console) -> None:
    """What was made, where it is, what failed and what to do about it."""
    for problem_of, problem in _problems(result):
        console.print()
        console.print(_spell_problem(problem_of, problem))
    files = [file for files in result.outputs.values() for file in files]
    if files:
        console.print()
        for name, published in result.outputs.items():
            for number, file in enumerate(published):
                line = Text(
                    f"{name if not number else '':<12}  " if len(name) <= 12 else f"{name}  ", style="dim"
                )
                line.append(_relative(file.path), style="not dim default")
                line.append(f"  {file.width_px}×{file.height_px}", style="dim")
                console.print(line, overflow="fold")
                if number == 11 and len(published) > 13:
                    console.print(
                        Text(
                            f"{'':<12}  … and {len(published) - 12} more in {_relative(file.path.parent)}",
                            style="dim",
                        )
                    )
                    break
    console.print()
    console.print(_ending(result))


def _ending(result: RunResult) -> Text:
    word, style = _ENDINGS[result.status]
    line = Text(word[0].upper() + word[1:], style=style)
    counts: dict[TaskStatus, int] = {}
    for task in result.tasks:
        counts[task.status] = counts.get(task.status, 0) + 1
    parts = [f"{count:,} {status.value}" for status, count in counts.items()]
    parts.append(f"{result.calls:,} call{'' if result.calls == 1 else 's'}")
    parts.append(
        format_usd(result.cost_usd) if result.cost_usd else "free" if result.calls else "nothing paid"
    )
    line.append("  " + " · ".join(parts), style="not bold default")
    return line


def _problems(result: RunResult) -> Iterator[tuple[TaskResult | None, Problem]]:
    for problem in result.problems:
        yield None, problem
    blocked: dict[str, int] = {}
    for task in result.tasks:
        if task.status is TaskStatus.BLOCKED and task.cause is not None:
            blocked[task.cause] = blocked.get(task.cause, 0) + 1
        elif task.problem is not None:
            yield task, task.problem
    for cause, count in blocked.items():
        these = "1 task uses" if count == 1 else f"{count} tasks use"
        yield None, Problem("blocked", f"{these} {cause}, directly or not, and could not run")


def _spell_problem(task: TaskResult | None, problem: Problem) -> Text:
    line = Text()
    if problem.span is not None:
        line.append(f"{make_printable(str(problem.span))}: ", style="bold")
    unknown = task is not None and task.status is TaskStatus.UNKNOWN
    line.append("unknown: " if unknown else "error: ", style="bold magenta" if unknown else "bold red")
    if task is not None:
        line.append(f"{make_printable(task.address)}: ")
    line.append(f"{make_printable(problem.message)} ")
    line.append(f"[{problem.kind}]", style="dim")
    if problem.help:
        line.append(f"\n  help: {make_printable(problem.help)}", style="default")
    return line


def _relative(path: Path) -> str:
    try:
        return make_printable(str(path.relative_to(Path.cwd())))
    except ValueError:
        return make_printable(str(path))
