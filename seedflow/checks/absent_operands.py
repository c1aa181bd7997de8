"""Operands that may be none where the operation takes no none: it would fail, perhaps after what it mentions was paid."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.stand_ins import Undecided
from seedflow.checks.subject import Subject
from seedflow.checks.trying import choose_values, try_out
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.facts import Facts
from seedflow.graph.places import Place
from seedflow.graph.shapes import Kind
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Binary
from seedflow.recipe.templating.problems import RenderError


def check_absent_operands(subject: Subject) -> Iterator[Diagnostic]:
    """Every operand of an operator that takes no none is there, wherever no test stands before it."""
    for place in subject.places:
        certain = subject.flow.certain.at(place)
        for node, facts in subject.flow.certain.find_guarded(place.template, place.frame, certain):
            if isinstance(node, Binary):
                yield from _check_operands(node, facts, place, subject)


def _check_operands(node: Binary, facts: Facts, place: Place, subject: Subject) -> Iterator[Diagnostic]:
    for operand, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(operand, Binary | Constant):
            continue  # which is none only if something in it is, or as it is written
        shape = subject.flow.shape_of_part(operand, place.node, place.frame, facts=facts)
        if not shape.optional or shape.kind in (Kind.NONE, Kind.UNKNOWN):
            continue
        wrong = _try_without(operand, other, node, facts, place, subject)
        if wrong is None:
            continue
        mention = " ".join(place.template.scalar.value[operand.start : operand.end].split())
        yield Diagnostic(
            "may-be-none",
            f"`{mention}` may be none, and then {wrong.message}",
            place.template.scalar.span_at(operand.start, operand.end),
            Severity.WARNING,
            help=f"write `{mention} | default(…)`, or test for it first: `… if {mention} is not none else …`",
        )


def _try_without(
    operand: Expression, other: Expression, node: Binary, facts: Facts, place: Place, subject: Subject
) -> RenderError | None:
    """What is wrong with an operation that goes well when its operand is there, and never when it is none."""

    def fill(value: object, beside: object) -> Expression:
        left, right = (value, beside) if operand is node.left else (beside, value)
        return Binary(
            node.operator,
            Constant(left, node.left.start, node.left.end),
            Constant(right, node.right.start, node.right.end),
        )

    try:
        given, besides = choose_values(
            node,
            (operand, other),
            lambda part: subject.flow.shape_of_part(part, place.node, place.frame, facts=facts),
        )
    except Undecided:
        return None
    if all(try_out(fill(value, beside)) is not None for value in given for beside in besides):
        return None  # which is told as an error
    without = [try_out(fill(None, beside)) for beside in besides if beside is not None]
    wrong = [error for error in without if error is not None and error.code == "template-type"]
    return wrong[0] if wrong and len(wrong) == len(without) else None
