"""A step's request as far as the text alone decides it, in the form in which a card judges it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Span
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.graph.shapes import ANY, ONE, Count, Kind
from seedflow.models.model import Model
from seedflow.models.problem import Problem
from seedflow.recipe.input_images import check_image_text
from seedflow.recipe.model import Expression, ReferenceItem, Step
from seedflow.recipe.template import Template

PLACEHOLDER_URL = "https://reference.invalid/"
"""Stands before a number for an image that is not a URL in the text."""

_MOST_COUNTS = 64


@dataclass(frozen=True, slots=True)
class ReferenceCount:
    """How many images one item of the references field gives; `url` when it is one that is written out."""

    item: ReferenceItem
    count: Count
    url: str | None = None


def count_references(node: StepNode, subject: Subject) -> list[ReferenceCount]:
    """What each item of a step's references gives, in order."""
    references = node.step.generate.references
    if references is None:
        return []
    return [_count_item(item, node, subject) for item in references.items]


def judge_step(node: StepNode, model: Model, subject: Subject) -> Iterator[tuple[Problem, Span]]:
    """What the model's card and profile say for certain of a step's literal parameters, each with its place."""
    request = subject.flow.request(node)
    references = node.step.generate.references
    if references is None:
        for problem in model.judge(request.parameters, unknown=request.unknown):
            yield problem, find_span(problem, node.step, [])
        return
    counted = count_references(node, subject)
    low, high = _total(counted)
    if low == 0 and high != 0:
        unknown = request.unknown | {references.field}
        for problem in model.judge(request.parameters, unknown=unknown):
            yield problem, find_span(problem, node.step, counted)
        return
    problems = _judge_with(counted, 0, node, model, subject)
    last = low + _MOST_COUNTS if high is None else min(high, low + _MOST_COUNTS)
    for more in range(1, last - low + 1):
        if not problems:
            return
        still = {(found.code, found.path) for found in _judge_with(counted, more, node, model, subject)}
        problems = [found for found in problems if (found.code, found.path) in still]
    for problem in problems:
        yield problem, find_span(problem, node.step, counted)


def find_span(problem: Problem, step: Step, counted: list[ReferenceCount]) -> Span:
    """The place of what was judged: the value, the key of a parameter that the model lacks, `generate` for what is not there."""
    generate = step.generate
    if not problem.path:
        return generate.span
    name, *rest = problem.path
    if generate.references is not None and name == generate.references.field:
        item = _find_item(rest, counted)
        return generate.references.span if item is None else item.template.scalar.span
    parameter = generate.parameters.get(str(name))
    if parameter is None:
        return generate.span
    if problem.code == "unknown-parameter":
        return parameter.span
    expression = parameter.expression
    for part in rest:
        inner = _descend(expression, part)
        if inner is None:
            break
        expression = inner
    return span_of(expression) or parameter.span


def span_of(expression: Expression) -> Span | None:
    """From the first to the last scalar of an expression; None when it holds none."""
    if isinstance(expression, Template):
        return expression.scalar.span
    spans = [template.scalar.span for template in find_templates(expression)]
    return Span(spans[0].source, spans[0].start, spans[-1].end) if spans else None


def _count_item(item: ReferenceItem, node: StepNode, subject: Subject) -> ReferenceCount:
    literal = read_literal(item.template, as_text=True)
    if literal is not NOT_LITERAL:
        url = literal if isinstance(literal, str) and literal[:6].lower() == "https:" else None
        good = url is not None and check_image_text(url, item.template.scalar.span) is None
        return ReferenceCount(item, ONE, url if good else None)
    shape = subject.flow.shape_of_template(item.template, node)
    match shape.kind:
        case Kind.IMAGE:
            count = ONE
        case Kind.LIST if shape.holds_images:
            count = shape.count
        case _:
            count = ANY
    return ReferenceCount(item, Count(0, count.high) if shape.optional else count)


def _total(counted: list[ReferenceCount]) -> Count:
    total = Count(0, 0)
    for reference in counted:
        total = total.plus(reference.count)
    return total


def _judge_with(
    counted: list[ReferenceCount], more: int, node: StepNode, model: Model, subject: Subject
) -> list[Problem]:
    """Judge with as few references as there can be, and a number more."""
    request = subject.flow.request(node)
    field = node.step.generate.references
    urls: list[str] = []
    for reference in counted:
        if reference.url is not None:
            urls.append(reference.url)
        else:
            urls.extend(f"{PLACEHOLDER_URL}{len(urls) + number}" for number in range(reference.count.low))
    urls.extend(f"{PLACEHOLDER_URL}more/{number}" for number in range(more))
    name = field.field if field is not None else ""
    return model.judge({**request.parameters, name: urls}, unknown=request.unknown)


def _find_item(rest: list[str | int], counted: list[ReferenceCount]) -> ReferenceItem | None:
    if not rest or not isinstance(rest[0], int):
        return None
    left = rest[0]
    for reference in counted:
        if left < reference.count.low:
            return reference.item
        left -= reference.count.low
    return None


def _descend(expression: Expression, part: str | int) -> Expression | None:
    if isinstance(expression, Template):
        return None
    if isinstance(expression, tuple):
        return expression[part] if isinstance(part, int) and part < len(expression) else None
    return expression.get(str(part))
