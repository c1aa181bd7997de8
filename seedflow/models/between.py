"""Judging an input of which is known only how much it may hold at least and at most: what is certain, and what may come of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from seedflow.diagnostics import Severity
from seedflow.models.model import Model
from seedflow.models.problem import Problem


def judge_between(
    model: Model, least: Mapping[str, object], most: Mapping[str, object], unknown: Collection[str] = ()
) -> list[Problem]:
    """What is wrong with an input however much it comes to hold, and as warnings what is wrong with as much as it may hold.

    Args:
        model: the one that is asked.
        least: the input with as few references, and as small whole numbers, as there may be.
        most: the same with as many as there may be.
        unknown: parameters of which nothing is known.
    """
    few, many = model.judge(least, unknown=unknown), model.judge(most, unknown=unknown)
    # What fails comes before what is only unwise: of several at one place, the first is told.
    return [*find_doubts(model, few, many, most), *_find_certain(few, many)]


def find_doubts(
    model: Model, few: Sequence[Problem], many: Sequence[Problem], most: Mapping[str, object]
) -> Iterator[Problem]:
    """Of what is wrong with an input that holds the most, what is not wrong with one that holds the least, as warnings."""
    known = {(problem.code, problem.path[:1], problem.severity) for problem in few}
    for problem in many:
        if (problem.code, problem.path[:1], problem.severity) not in known:
            yield _doubt(problem, model, most)


def find_doubts_at_least(
    model: Model,
    few: Sequence[Problem],
    many: Sequence[Problem],
    least: Mapping[str, object],
    most: Mapping[str, object],
) -> Iterator[Problem]:
    """Of what fails with the smallest numbers that there may be, what does not fail with the greatest, as warnings."""
    known = {(problem.code, problem.path[:1]) for problem in many}
    for problem in few:
        name = str(problem.path[0]) if problem.path else ""
        if (
            problem.severity is Severity.ERROR
            and isinstance(least.get(name), int)
            and least.get(name) != most.get(name)
            and (problem.code, problem.path[:1]) not in known
        ):
            advice, minimum = problem.help or "ask for more", model.card.bound_of(name, "minimum")
            if problem.code == "out-of-range" and minimum is not None:
                advice = f"write `[{minimum}, …] | max` around it"
            yield replace(
                problem,
                message=f"at the least, {problem.message}",
                help=f"{advice}; with less this task fails",
                severity=Severity.WARNING,
            )


def _find_certain(few: Sequence[Problem], many: Sequence[Problem]) -> Iterator[Problem]:
    still = {(problem.code, problem.path[:1]) for problem in many}
    return (problem for problem in few if (problem.code, problem.path[:1]) in still)


def _doubt(problem: Problem, model: Model, most: Mapping[str, object]) -> Problem:
    fails = problem.severity is Severity.ERROR
    references = most.get(model.references_field) if model.references_field is not None else None
    limit = model.max_references
    too_many = fails and problem.code == "too-many-values" and problem.path[:1] == (model.references_field,)
    if too_many and isinstance(references, list) and limit is not None and len(references) > limit:
        message = f"there may be {len(references)} references, and `{model.id}` takes at most {limit}"
        advice = f"take as many as fit: `[:{limit}]`; with more this task fails"
        return replace(problem, message=message, help=advice, severity=Severity.WARNING)
    advice = problem.help or "ask for fewer"
    return replace(
        problem,
        message=f"with as many as there may be, {problem.message}",
        help=f"{advice}; with as many this task fails" if fails else advice,
        severity=Severity.WARNING,
    )
