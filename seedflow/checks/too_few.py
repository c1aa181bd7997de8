"""Requests that fail where all their references come to nothing, such as one whose ratio is that of a reference."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.absent import say_why_all_absent
from seedflow.checks.emptiness import Emptiness, Why
from seedflow.checks.request import find_span
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.model import StepNode
from seedflow.models.problem import Problem
from seedflow.recipe.model import ReferenceItem
from seedflow.recipe.references import NameReference

_STAND_IN = "https://reference.invalid/1"


def check_too_few(subject: Subject) -> Iterator[Diagnostic]:
    """No request needs a reference where the run may bring none. What inputs decide, the plan says."""
    emptiness = Emptiness(subject)
    for node in subject.requests:
        for problem in _find_failing(node, subject):
            absent = _find_absent(node, emptiness)
            if absent is None:
                break
            item, why = absent
            yield Diagnostic(
                problem.code,
                f"with as few references as there may be, {problem.message}: {why.text}",
                find_span(problem, node, []),
                Severity.WARNING,
                help=f"{problem.help or 'give it another image'}; with none this task fails",
                related=(Related(item.template.scalar.span, "this may be none"), *why.related),
            )


def _find_failing(node: StepNode, subject: Subject) -> list[Problem]:
    """What is wrong with the request of a step without any reference, and not with one."""
    references, model = node.generate.references, subject.flow.find_model(node)
    if references is None or model is None or references.field != model.references_field:
        return []
    request = subject.flow.request(node)
    none, one = (
        model.judge({**request.parameters, references.field: images}, unknown=request.unknown)
        for images in ([], [_STAND_IN])
    )
    still = {(problem.code, problem.path[:1]) for problem in one}
    return [
        problem
        for problem in none
        if problem.code == "too-few-values"
        and problem.severity is Severity.ERROR
        and (problem.code, problem.path[:1]) not in still
    ]


def _find_absent(node: StepNode, emptiness: Emptiness) -> tuple[ReferenceItem, Why] | None:
    """One of the references, and why it may come to nothing, if all of them may during the run."""
    references = node.generate.references
    if references is None or not references.items:
        return None
    facts = emptiness.subject.flow.certain.of_step(node)
    for item in references.items:
        mentions = item.template.references
        if all(isinstance(one, NameReference) and one.root == "inputs" for one in mentions):
            return None
        if emptiness.subject.flow.mistakes.is_mistaken(item.template, node, node.frame):
            return None
    whys = say_why_all_absent(references.items, 1, facts, node, emptiness)
    return (references.items[0], whys[0]) if whys else None
