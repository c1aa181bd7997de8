"""`file: "{{ each.x }}"` of an output that puts images of several steps together, of which one has no such variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from seedflow.checks.each_names import has_unread_variables
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.graph.facts import NO_FACTS
from seedflow.graph.places import Place
from seedflow.graph.shapes import Kind
from seedflow.recipe.references import NameReference
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Mentioned
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import Applied, Binary, Either

_HELP = (
    "name it by what all these images have, such as `{{ image.name }}`, or publish it by an output of its own"
)


class _Part(NamedTuple):
    """A mention among those that an output is put together of, and whether its images are published wherever there are any."""

    node: Mentioned
    certain: bool


def find_lacking(
    reference: NameReference, span: Span, place: Place, subject: Subject
) -> Iterator[Diagnostic]:
    """The first step whose images have no such name: an error where some of them are published for certain, else a doubt."""
    expression = place.frame.recipe.outputs[place.name].images.expression
    if expression is None or _is_looked_after(reference, place, subject):
        return
    lacking = [
        part for part in _list_parts(expression, place, subject) if _lacks(part, reference, place, subject)
    ]
    if not lacking:
        return
    certain = next((part for part in lacking if part.certain), None)
    part = certain or lacking[0]
    step = part.node.reference.step
    target = subject.flow.find_target(part.node.reference, None, place.frame)
    may = "" if certain is not None else ", if it comes to them"
    yield Diagnostic(
        "unknown-variable" if certain is not None else "template-undefined",
        f"`each` has no `{reference.name}` for images of step `{step}`, which has no such variable in `for_each`{may}",
        span,
        Severity.ERROR if certain is not None else Severity.WARNING,
        help=_HELP,
        related=() if target is None else (Related(target.step.span, f"step `{step}`"),),
    )


def _list_parts(node: Expression, place: Place, subject: Subject, *, certain: bool = True) -> Iterator[_Part]:
    match node:
        case Mentioned():
            yield _Part(node, certain and _gives_some(node, place, subject))
        case Binary() if node.operator is operators.add:
            yield from _list_parts(node.left, place, subject, certain=certain)
            yield from _list_parts(node.right, place, subject, certain=certain)
        case FirstOf():
            for argument in node.arguments:
                parts = list(_list_parts(argument, place, subject))
                yield from (part._replace(certain=certain and part.certain) for part in parts)
                if not parts or any(part.certain for part in parts):
                    return  # what comes behind is never taken, or nobody knows
                certain = False
        case OrNone():
            yield from _list_parts(node.argument, place, subject, certain=certain)
        case WithoutFailed():
            yield from _list_parts(node.argument, place, subject, certain=False)
        case Either():
            for branch in (node.then, node.otherwise):
                yield from _list_parts(branch, place, subject, certain=False)
        case _:
            return


def _gives_some(node: Mentioned, place: Place, subject: Subject) -> bool:
    """Whether a mention gives an image in every run that ends well."""
    target = subject.flow.find_target(node.reference, None, place.frame)
    if target is None or node.reference.fail_ok:
        return False
    if subject.flow.counts.skipping.may_skip_mentioned(target, node.reference):
        return False
    shape = subject.flow.shape_of_mention(node.reference, None, place.frame)
    return shape.kind is Kind.IMAGE or (shape.kind is Kind.LIST and shape.count.low > 0)


def _lacks(part: _Part, reference: NameReference, place: Place, subject: Subject) -> bool:
    """Whether the images of a mention certainly have no such variable, if there are any."""
    target = subject.flow.find_target(part.node.reference, None, place.frame)
    if has_unread_variables(target):
        return False  # which variables there will be nobody knows
    shape = subject.flow.shape_of_mention(part.node.reference, None, place.frame)
    image = shape if shape.kind is Kind.IMAGE else shape.item
    if image is None or image.kind is not Kind.IMAGE or image.fields is None or shape.count.high == 0:
        return False
    return reference.name not in image.fields


def _is_looked_after(reference: NameReference, place: Place, subject: Subject) -> bool:
    """Whether the name stands behind a test, or in `default(…)`."""
    for node, facts in subject.flow.certain.find_guarded(place.template, place.frame, NO_FACTS):
        asked = (
            node.arguments[0] if isinstance(node, Applied) and node.takes_missing and node.arguments else None
        )
        if asked is not None and asked.start == reference.start:
            return True
        if node.start == reference.start and facts:
            return True
    return False
