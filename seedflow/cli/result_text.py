"""What came of a run, for people: what failed and why, where the pictures are, and one line that sums it up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from seedflow.cli.amounts import spell_count, spell_nothing_to_do, spell_seconds, spell_usd
from seedflow.cli.columns import print_folded, spell_empty
from seedflow.cli.console import print_lines
from seedflow.cli.run_text import UNTOLD
from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.diagnostics.printable import make_printable
from seedflow.diagnostics.render import render_diagnostics
from seedflow.money import ZERO_USD, format_usd
from seedflow.plan.model import Bounds, Reason, Totals
from seedflow.report.reasons import name_step
from seedflow.run.left import find_root
from seedflow.run.status import Problem, PublishedFile, Remedy, RunResult, RunStatus, TaskResult, TaskStatus

MOST_PROBLEMS: Final = 12
MOST_FILES: Final = 12
"""Of one output."""
MOST_STEPS: Final = 6
MOST_PLACES: Final = 3
_NUMBER: Final = re.compile(r"\d+")

_ENDINGS: Final = {
    RunStatus.DONE: ("Done", "bold green"),
    RunStatus.FAILED: ("Failed", "bold red"),
    RunStatus.UNKNOWN: ("Outcome unknown", "bold magenta"),
    RunStatus.STOPPED: ("Stopped", "bold yellow"),
    RunStatus.INTERRUPTED: ("Interrupted", "bold yellow"),
    RunStatus.WAITING: ("Waiting", "bold yellow"),
}
_GO_ON: Final = "Run it again to go on: what is stored is not asked again."
_ADVICE: Final = {
    RunStatus.STOPPED: "Run it again once there is money for it: what is stored is not asked again.",
    RunStatus.INTERRUPTED: _GO_ON,
}

_UNFINISHED: Final = (TaskStatus.FAILED, TaskStatus.BLOCKED, TaskStatus.CANCELLED, TaskStatus.UNKNOWN)


def print_result(
    result: RunResult, console: Console, *, took_s: float | None = None, priced_at_nothing: bool = False
) -> None:
    """Problems, files, and the last line; without `took_s`, equal runs print equal lines.

    `priced_at_nothing` when models were asked where that is paid, and are said to cost nothing.
    """
    problems = list(collect_problems(result))
    if any(task.status not in UNTOLD for task in result.tasks):
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
    told = any(problem.unpublished for problem in result.problems)  # why nothing stands there
    if any(result.outputs.values()) or (result.outputs and not told):
        print_lines(console, _list_files(result.outputs, console.width))
        console.print()
    skipped = list(spell_skipped(result.tasks))
    for line in skipped:
        print_folded(console, line)
    if skipped:
        console.print()
    for line in sum_up_result(result, took_s, priced_at_nothing=priced_at_nothing):
        print_folded(console, line)


def collect_problems(result: RunResult) -> Iterator[Diagnostic]:
    """Everything that went wrong as diagnostics at its place in the recipe; tasks with the same problem are told once."""
    told = {(problem.kind, problem.message) for problem in result.problems}
    groups: dict[tuple[object, ...], _Group] = {}
    for task in result.tasks:
        for warning in task.warnings:
            odd = Problem("odd-picture", warning, None, task.span)
            key = (odd.kind, warning, str(task.span))
            groups.setdefault(key, _Group(odd, Severity.WARNING, [])).addresses.append(task.address)
        problem = task.problem
        if task.status is not TaskStatus.BLOCKED and problem is not None:
            alike = (problem.kind, _unnamed(task), problem.help and problem.help.replace(task.address, ""))
            groups.setdefault(alike, _Group(problem, Severity.ERROR, [])).addresses.append(task.address)
            told.discard((problem.kind, problem.message))
    for problem in result.problems:
        if (problem.kind, problem.message) in told:
            yield Diagnostic(problem.kind, problem.message, problem.span, help=problem.help)
    for group in _fold_numbers(groups.values()):
        yield group.tell()
    yield from _tell_blocked(result.tasks)


def _tell_blocked(tasks: Sequence[TaskResult]) -> Iterator[Diagnostic]:
    """What could not run, counted at what gave no images in the first place, one note for each step of these."""
    found = {task.address: task for task in tasks}
    blocked: dict[str, dict[str, int]] = {}
    for task in tasks:
        if task.status is TaskStatus.BLOCKED and task.cause is not None:
            cause = find_root(task.cause, found)
            causes = blocked.setdefault(name_step(cause), {})
            causes[cause] = causes.get(cause, 0) + 1
    for causes in blocked.values():
        first, more, count = next(iter(causes)), len(causes) - 1, sum(causes.values())
        who = first if not more else f"{first} and {more:,} more"
        users = "1 task that uses" if count == 1 else f"{count:,} tasks that use"
        message = f"{who} gave no images, so {users} {'them' if more else 'it'} could not run"
        yield Diagnostic("blocked", message, severity=Severity.NOTE)


@dataclass(slots=True)
class _Group:
    """Tasks with one problem; `other_numbers` counts those whose message has other numbers."""

    problem: Problem
    severity: Severity
    addresses: list[str]
    other_numbers: int = 0

    def tell(self) -> Diagnostic:
        first, more = self.addresses[0], len(self.addresses) - 1 - self.other_numbers
        who = first if not more else f"{first} and {more:,} more"
        message = self.problem.message
        text = message if message.startswith(f"{first} ") and not more else f"{who}: {message}"
        if self.other_numbers:
            text += f"; and {self.other_numbers:,} more with other numbers"
        span: Span | None = self.problem.span
        return Diagnostic(self.problem.kind, text, span, self.severity, self.problem.help)


def _fold_numbers(groups: Iterable[_Group]) -> Iterable[_Group]:
    """Those at one place that differ in nothing but numbers, such as how many items a list has, as one."""
    folded: dict[object, _Group] = {}
    for group in groups:
        problem = group.problem
        alike = (problem.kind, str(problem.span), group.severity, _NUMBER.sub("0", problem.message))
        first = folded.setdefault(id(group) if problem.span is None else alike, group)
        if first is not group:
            first.addresses.extend(group.addresses)
            first.other_numbers += len(group.addresses)
    return folded.values()


def _unnamed(task: TaskResult) -> str:
    return "" if task.problem is None else task.problem.message.removeprefix(task.address)


def sum_up_result(
    result: RunResult, took_s: float | None = None, *, priced_at_nothing: bool = False
) -> Iterator[Text]:
    """How it ended, in a line; what to do when it did not end well."""
    counts = dict.fromkeys(TaskStatus, 0)
    for task in result.tasks:
        counts[task.status] += 1
    word, style = _ENDINGS[result.status]
    advice = _ADVICE.get(result.status)
    if result.status is RunStatus.FAILED and not any(counts[status] for status in _UNFINISHED):
        unpublished = any(problem.unpublished for problem in result.problems)
        word, advice = ("Not all published" if unpublished else "Not all written down"), None
    elif result.status is RunStatus.FAILED:
        advice = _advise(result)
    stored, skipped = counts[TaskStatus.REUSED], counts[TaskStatus.SKIPPED]
    if result.status is RunStatus.DONE and stored + skipped == len(result.tasks):
        every = spell_nothing_to_do(stored, skipped, past=True)
        yield Text.assemble((word, style), f": {every}. Nothing was asked, nothing was paid.")
        return
    parts = [", ".join(f"{count:,} {status.value}" for status, count in counts.items() if count)]
    made = sum(len(task.images) for task in result.tasks if task.status is TaskStatus.DONE)
    if made:
        parts.append(spell_count(Bounds(made, made), "new image"))
    cost = _spell_cost(result)
    if priced_at_nothing and result.calls and not result.cost_usd:
        cost = f"priced at {format_usd(ZERO_USD)}"
    parts += [spell_count(Bounds(result.calls, result.calls), "call"), cost]
    if took_s is not None:
        parts.append(spell_seconds(took_s))
    yield Text.assemble((f"{word}: ", style), " · ".join(part for part in parts if part))
    if result.left is not None and result.left.calls.high:
        yield _spell_left(result.left)
    if advice is not None:
        yield Text(advice, style="dim")


def _spell_left(left: Totals) -> Text:
    """What another run will ask for."""
    parts = [spell_count(left.tasks, "task"), spell_count(left.calls, "call")]
    if left.cost_usd.high:
        parts.append(spell_usd(left.cost_usd))
    return Text("Left to do: " + " · ".join(parts))


def _advise(result: RunResult) -> str:
    """What to do after a run in which tasks failed: what has to be changed and where, what a run by itself goes on with."""
    failed = [task.problem for task in result.tasks if task.status is TaskStatus.FAILED and task.problem]
    remedies = {problem.remedy for problem in failed}
    places = _spell_places(problem for problem in failed if problem.remedy is Remedy.CHANGE)
    in_vain = result.left is None or not result.left.calls.low
    if in_vain and Remedy.RUN not in remedies and any(problem.doubtful for problem in failed):
        change = "Run" if places is None else f"Change {places} first, or run"
        return f"{change} it again later: the provider's log may then tell what was not billed, or have its answer."
    if remedies == {Remedy.CHANGE} and not result.problems and in_vain:
        return f"Change {places} first, as said above: as it is, it fails again. What is stored is not asked again."
    if result.left is not None:
        if places is None:
            return _GO_ON
        return f"Run it again for what is left; what failed at {places} fails again until that is changed."
    if remedies == {Remedy.CONSENT} and not result.problems and all(map(_is_unexpected, failed)):
        return "Running it again asks for nothing: pay for another take with --reroll, or change `expect`."
    return "Running it again helps only as each problem above says: nothing else is left to do."


def _spell_places(problems: Iterable[Problem]) -> str | None:
    """`book.yaml:4:7 and book.yaml:9:5`; of many only some. None where there is nothing to name."""
    places = list(dict.fromkeys("the recipe" if one.span is None else str(one.span) for one in problems))
    if not places:
        return None
    more = len(places) - MOST_PLACES
    named = [make_printable(place) for place in places[:MOST_PLACES]]
    if more > 0:
        named.append(f"{more:,} more {'place' if more == 1 else 'places'}")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def spell_skipped(tasks: Sequence[TaskResult]) -> Iterator[Text]:
    """Which steps had tasks that were skipped, and why: those whose condition was false, then those that went with them."""
    ways = {
        "Skipped, since a condition is false: ": Reason.CONDITION_FALSE,
        "Skipped, since what they use was skipped: ": Reason.UPSTREAM_SKIPPED,
    }
    for words, reason in ways.items():
        counts: dict[str, int] = {}
        for task in tasks:
            if task.status is TaskStatus.SKIPPED and task.reason is reason:
                step = name_step(task.address)
                counts[step] = counts.get(step, 0) + 1
        if not counts:
            continue
        named = [f"{count:,} of {make_printable(step)}" for step, count in list(counts.items())[:MOST_STEPS]]
        more = sum(list(counts.values())[MOST_STEPS:])
        yield Text(words + ", ".join(named) + (f" and {more:,} more" if more else ""), style="dim")


def _spell_cost(result: RunResult) -> str:
    """What is certain, what pictures cost that nothing uses, and what calls without a picture cost or may have cost besides."""
    certain = sum((task.cost_usd for task in result.tasks if task.status is TaskStatus.DONE), ZERO_USD)
    in_vain = [task for task in result.tasks if task.status is not TaskStatus.DONE]
    rejected = sum((task.earlier.cost_usd for task in in_vain), ZERO_USD)
    lost = sum((task.open_usd for task in in_vain if _is_paid_in_vain(task)), ZERO_USD)
    besides = result.cost_usd - certain - rejected - lost
    if not result.cost_usd:
        return "free" if result.calls else "nothing paid"
    parts = [
        format_usd(certain) if certain else "",
        f"{format_usd(rejected)} for what was not as expected" if rejected else "",
        f"{format_usd(lost)} without a picture" if lost else "",
        f"up to {format_usd(besides)} without a picture" if besides else "",
    ]
    return " and ".join(part for part in parts if part)


def _is_paid_in_vain(task: TaskResult) -> bool:
    """Whether the only call of its last attempt was answered, so that what it cost is certain, and gave no picture."""
    return task.problem is not None and task.calls - task.earlier.calls < 2 and task.problem.paid


def _is_unexpected(problem: Problem | None) -> bool:
    """Whether attempts were paid for, and none of them was good enough."""
    return problem is not None and problem.kind == "unexpected"


def _list_files(outputs: Mapping[str, Sequence[PublishedFile]], width: int) -> Iterator[Text]:
    """Each output's files with their sizes in a column; paths are never cut, so that they can be copied."""
    names = max(cell_len(make_printable(name)) for name in outputs)
    paths = {file: _relative(file.path) for files in outputs.values() for file in files[:MOST_FILES]}
    longest = max((cell_len(path) for path in paths.values()), default=0)
    aligned = names + 2 + longest + 2 + len("4096×4096") <= width
    stacked = names + 2 + longest > width
    for name, files in outputs.items():
        if not files:
            yield spell_empty(name, names)
        for number, file in enumerate(files[:MOST_FILES]):
            label = make_printable(name) if number == 0 else ""
            if stacked:
                yield from _stack_file(label, paths[file], f"{file.width_px}×{file.height_px}", width)
                continue
            line = Text(label + " " * (names - cell_len(label) + 2), style="dim")
            space = " " * (longest - cell_len(paths[file]) if aligned else 0)
            line.append(paths[file], style="not dim default")
            line.append(f"{space}  {file.width_px}×{file.height_px}", style="dim")
            yield line
        if len(files) > MOST_FILES:
            folder = _relative(files[MOST_FILES].path.parent)
            yield Text(f"{' ' * names}  and {len(files) - MOST_FILES:,} more in {folder}", style="dim")


def _stack_file(label: str, path: str, size: str, width: int) -> Iterator[Text]:
    """Where a path has no room beside the name of its output."""
    if label:
        yield Text(label, style="dim")
    if 2 + cell_len(path) + 2 + len(size) <= width:
        yield Text.assemble("  ", path, ("  " + size, "dim"))
    else:
        yield Text.assemble("  " if cell_len(path) < width - 1 else "", path)
        yield Text(f"    {size}", style="dim")


def _relative(path: Path) -> str:
    try:
        return make_printable(str(path.relative_to(Path.cwd())))
    except (ValueError, FileNotFoundError):
        # What was paid is told even if the current folder was removed meanwhile.
        return make_printable(str(path))
