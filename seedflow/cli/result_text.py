"""What came of a run, for people: what failed and why, where the pictures are, and one line that sums it up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from seedflow.cli.amounts import spell_count, spell_seconds
from seedflow.cli.columns import print_folded
from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.diagnostics.printable import make_printable
from seedflow.diagnostics.render import render_diagnostics
from seedflow.money import ZERO_USD, format_usd
from seedflow.plan.model import Bounds, Plan
from seedflow.run.status import Problem, PublishedFile, RunResult, RunStatus, TaskResult, TaskStatus

MOST_PROBLEMS: Final = 12
MOST_FILES: Final = 12
"""Of one output."""

_ENDINGS: Final = {
    RunStatus.DONE: ("Done", "bold green"),
    RunStatus.FAILED: ("Failed", "bold red"),
    RunStatus.UNKNOWN: ("Outcome unknown", "bold magenta"),
    RunStatus.STOPPED: ("Stopped", "bold yellow"),
    RunStatus.INTERRUPTED: ("Interrupted", "bold yellow"),
    RunStatus.WAITING: ("Waiting", "bold yellow"),
}
_ADVICE: Final = {
    RunStatus.FAILED: "Run it again to go on: what is stored is not asked again.",
    RunStatus.STOPPED: "Run it again with more money to go on: what is stored is not asked again.",
    RunStatus.INTERRUPTED: "Run it again to go on: what is stored is not asked again.",
}

_UNFINISHED: Final = (TaskStatus.FAILED, TaskStatus.BLOCKED, TaskStatus.CANCELLED, TaskStatus.UNKNOWN)


def print_result(result: RunResult, plan: Plan, console: Console, *, took_s: float | None = None) -> None:
    """Problems, files, and the last line; without `took_s`, equal runs print equal lines."""
    problems = list(collect_problems(result, plan))
    if any(task.status is not TaskStatus.REUSED for task in result.tasks):
        console.print()  # between the lines of tasks and what follows
    if problems:
        text = render_diagnostics(problems[:MOST_PROBLEMS], color=not console.no_color, width=console.width)
        console.file.write(text)
        if len(problems) > MOST_PROBLEMS:
            console.file.write(f"\nand {len(problems) - MOST_PROBLEMS:,} more problems; --json lists all\n")
        console.print()
    for problem in result.problems:
        if problem.unsaved is not None:  # paid for, and kept nowhere but on this screen
            answer = problem.unsaved.decode("utf-8", "backslashreplace")
            console.print(Text(make_printable(answer)), soft_wrap=True)
            console.print()
    if any(result.outputs.values()):
        for line in _list_files(result.outputs, console.width):
            console.print(line, soft_wrap=True)
        console.print()
    for line in sum_up_result(result, took_s):
        print_folded(console, line)


def collect_problems(result: RunResult, plan: Plan) -> Iterator[Diagnostic]:
    """Everything that went wrong as diagnostics at its place in the recipe; tasks with the same problem are told once."""
    places = {task.address: task.origin.span for task in plan.tasks}
    told = {(problem.kind, problem.message) for problem in result.problems}
    groups: dict[tuple[object, ...], _Group] = {}
    blocked: dict[str, list[str]] = {}
    for task in result.tasks:
        for warning in task.warnings:
            key = ("odd-picture", warning, str(places[task.address]))
            groups.setdefault(
                key, _Group(Problem("odd-picture", warning, None, places[task.address]), Severity.WARNING, [])
            ).addresses.append(task.address)
        if task.status is TaskStatus.BLOCKED and task.cause is not None:
            blocked.setdefault(task.cause, []).append(task.address)
        elif task.problem is not None:
            problem = task.problem
            alike = (problem.kind, _unnamed(task), problem.help)
            groups.setdefault(alike, _Group(problem, Severity.ERROR, [])).addresses.append(task.address)
            told.discard((problem.kind, problem.message))
    for problem in result.problems:
        if (problem.kind, problem.message) in told:
            yield Diagnostic(problem.kind, problem.message, problem.span, help=problem.help)
    for group in groups.values():
        yield group.tell()
    for cause, addresses in blocked.items():
        tasks = "1 task that uses it" if len(addresses) == 1 else f"{len(addresses):,} tasks that use it"
        message = f"{cause} gave no images, so {tasks} could not run"
        yield Diagnostic("blocked", message, severity=Severity.NOTE)


@dataclass(slots=True)
class _Group:
    problem: Problem
    severity: Severity
    addresses: list[str]

    def tell(self) -> Diagnostic:
        first, more = self.addresses[0], len(self.addresses) - 1
        who = first if not more else f"{first} and {more:,} more"
        message = self.problem.message
        text = message if message.startswith(f"{first} ") and not more else f"{who}: {message}"
        span: Span | None = self.problem.span
        return Diagnostic(self.problem.kind, text, span, self.severity, self.problem.help)


def _unnamed(task: TaskResult) -> str:
    return "" if task.problem is None else task.problem.message.removeprefix(task.address)


def sum_up_result(result: RunResult, took_s: float | None = None) -> Iterator[Text]:
    """How it ended, in a line; what to do when it did not end well."""
    counts = dict.fromkeys(TaskStatus, 0)
    for task in result.tasks:
        counts[task.status] += 1
    word, style = _ENDINGS[result.status]
    advice = _ADVICE.get(result.status)
    if result.status is RunStatus.FAILED and not any(counts[status] for status in _UNFINISHED):
        word, advice = "Not all published", None
    if result.status is RunStatus.DONE and counts[TaskStatus.REUSED] == len(result.tasks):
        every = "its task was" if len(result.tasks) == 1 else f"all {len(result.tasks):,} tasks were"
        yield Text.assemble((word, style), f": {every} stored already. Nothing was asked, nothing was paid.")
        return
    parts = [", ".join(f"{count:,} {status.value}" for status, count in counts.items() if count)]
    made = sum(len(task.images) for task in result.tasks if task.status is TaskStatus.DONE)
    if made:
        parts.append(spell_count(Bounds(made, made), "new image"))
    parts += [spell_count(Bounds(result.calls, result.calls), "call"), _spell_cost(result)]
    if took_s is not None:
        parts.append(spell_seconds(took_s))
    yield Text.assemble((f"{word}: ", style), " · ".join(part for part in parts if part))
    if advice is not None:
        yield Text(advice, style="dim")


def _spell_cost(result: RunResult) -> str:
    """What is certain, and what a call that gave no picture may have cost besides."""
    certain = sum((task.cost_usd for task in result.tasks if task.status is TaskStatus.DONE), ZERO_USD)
    besides = result.cost_usd - certain
    if not result.cost_usd:
        return "free" if result.calls else "nothing paid"
    if not besides:
        return format_usd(certain)
    up_to = f"up to {format_usd(besides)}"
    return f"{format_usd(certain)} and {up_to} without a picture" if certain else f"{up_to} without a picture"


def _list_files(outputs: Mapping[str, Sequence[PublishedFile]], width: int) -> Iterator[Text]:
    """Each output's files with their sizes in a column; paths are never cut, so that they can be copied."""
    names = max(cell_len(make_printable(name)) for name, files in outputs.items() if files)
    paths = {file: _relative(file.path) for files in outputs.values() for file in files[:MOST_FILES]}
    longest = max(cell_len(path) for path in paths.values())
    aligned = names + 2 + longest + 2 + len("4096×4096") <= width
    for name, files in outputs.items():
        for number, file in enumerate(files[:MOST_FILES]):
            label = make_printable(name) if number == 0 else ""
            line = Text(label + " " * (names - cell_len(label) + 2), style="dim")
            space = " " * (longest - cell_len(paths[file]) if aligned else 0)
            line.append(paths[file], style="not dim default")
            line.append(f"{space}  {file.width_px}×{file.height_px}", style="dim")
            yield line
        if len(files) > MOST_FILES:
            folder = _relative(files[MOST_FILES].path.parent)
            yield Text(f"{' ' * names}  and {len(files) - MOST_FILES:,} more in {folder}", style="dim")


def _relative(path: Path) -> str:
    try:
        return make_printable(str(path.relative_to(Path.cwd())))
    except ValueError:
        return make_printable(str(path))
