"""What became of a run as one JSON object."""

from __future__ import annotations

from collections import Counter

from seedflow.money import ZERO_USD, to_json_usd
from seedflow.plan.model import Totals
from seedflow.run.status import Problem, RunResult, RunStatus, TaskResult, TaskStatus


def build_result_json(result: RunResult) -> dict[str, object]:
    """`status`, `calls`, `cost_usd`, `tasks`, `outputs`, `problems` of the whole run, and what is `left` to do."""
    return {
        "run": result.run_id,
        "status": result.status.value,
        "calls": result.calls,
        "cost_usd": to_json_usd(result.cost_usd),
        "tasks": [_task(task) for task in result.tasks],
        "outputs": {
            name: [
                {
                    "path": str(file.path),
                    "digest": file.digest,
                    "width": file.width_px,
                    "height": file.height_px,
                }
                for file in files
            ]
            for name, files in result.outputs.items()
        },
        "problems": [_problem(problem) for problem in result.problems],
        "left": None if result.left is None else _left(result.left),
    }


def build_refusal_json(problem: Problem) -> dict[str, object]:
    """The same of a run that did not begin: nothing was asked, and no other run goes on without further consent."""
    nothing = RunResult("", RunStatus.STOPPED, (), 0, ZERO_USD, problems=(problem,))
    return {**build_result_json(nothing), "run": None}


def _left(left: Totals) -> dict[str, object]:
    return {
        "tasks": list(left.tasks),
        "calls": list(left.calls),
        "images": list(left.images),
        "cost_usd": [to_json_usd(bound) for bound in left.cost_usd],
    }


NEVER_ASKED = "the run ended before it was asked"
"""What is said of a cancelled task."""

MOST_KEPT = 200
"""Tasks without images of which a run's record tells by name; the rest of them are counted only."""


def build_run_record(result: RunResult) -> dict[str, object]:
    """What the ledger keeps of a run: how its tasks ended, which gave no images and why, and how many files it published."""
    counts = Counter(task.status.value for task in result.tasks)
    without = [
        task for task in result.tasks if not task.status.has_images and task.status is not TaskStatus.SKIPPED
    ]
    return {
        "tasks": dict(sorted(counts.items())),
        "without_images": [
            {
                "address": task.address,
                "status": task.status.value,
                "kind": task.problem.kind if task.problem is not None else None,
                "message": _spell_ending(task),
            }
            for task in without[:MOST_KEPT]
        ],
        "outputs": {name: len(files) for name, files in result.outputs.items()},
        "problems": [{"kind": problem.kind, "message": problem.message} for problem in result.problems],
    }


def _spell_ending(task: TaskResult) -> str | None:
    if task.problem is not None:
        return task.problem.message
    if task.status is not TaskStatus.CANCELLED:
        return None
    return "the run ended before it was asked again" if task.calls else NEVER_ASKED


def _task(task: TaskResult) -> dict[str, object]:
    found: dict[str, object] = {
        "address": task.address,
        "status": task.status.value,
        "action": task.action.value,
        "reason": task.reason.value if task.reason is not None else None,
        "take": task.take,
        "attempt": task.attempt,
        "calls": task.calls,
        "cost_usd": to_json_usd(task.cost_usd),
        "images": [
            {
                "number": image.number,
                "path": str(image.path),
                "digest": image.facts.digest,
                "width": image.facts.width_px,
                "height": image.facts.height_px,
                "format": image.facts.format.value,
            }
            for image in task.images
        ],
    }
    if task.problem is not None:
        found["problem"] = _problem(task.problem)
    if task.cause is not None:
        found["cause"] = task.cause
    if task.tasks is not None:
        found["tasks"] = list(task.tasks)
    if task.warnings:
        found["warnings"] = list(task.warnings)
    return found


def _problem(problem: Problem) -> dict[str, object]:
    place = problem.span.first if problem.span is not None else None
    found: dict[str, object] = {
        "kind": problem.kind,
        "message": problem.message,
        "help": problem.help,
        "file": problem.span.source.name if problem.span is not None else None,
        "line": place.line if place is not None else None,
        "column": place.column if place is not None else None,
        "paid": problem.paid,
    }
    if problem.unsaved is not None:
        found["unsaved"] = problem.unsaved.decode("utf-8", "backslashreplace")
    return found
