"""References that are printed although there may be none: nothing could be said in their place, and the task would fail."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.growth import Growth, Where
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.recipe.model import ReferenceItem, References
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Named
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import And, Applied, Either, Joined, Or
from seedflow.recipe.templating.walking import walk


def check_absent(subject: Subject) -> Iterator[Diagnostic]:
    """Every reference that is printed outside of any test is there."""
    for node in subject.requests:
        references = node.generate.references
        if references is None or not references.named:
            continue
        absent = dict(_find_absent(references, node, subject))
        if not absent:
            continue
        for parameter in node.generate.parameters.values():
            for template in find_templates(parameter.expression):
                yield from _check_printed(template, absent)


def _check_printed(template: Template, absent: dict[str, tuple[ReferenceItem, str]]) -> Iterator[Diagnostic]:
    for piece in template.pieces:
        if not isinstance(piece, Template) or piece.expression is None:
            continue
        for named in _find_printed(piece.expression):
            if named.root == "ref" and named.name in absent:
                item, why = absent[named.name]
                yield Diagnostic(
                    "may-be-none",
                    f"`ref.{named.name}` is printed, and there may be no such reference: {why}",
                    template.scalar.span_at(named.start, named.end),
                    Severity.WARNING,
                    help=f"write `{{% if ref.{named.name} %}}…{{% endif %}}` around it, or leave the step out then, with `when:`",
                    related=(Related(item.template.scalar.span, "this may be none"),),
                )


def _find_printed(node: Expression) -> Iterator[Named]:
    """The names whose text is printed whatever they are: not those that are only tested, or that a test stands before."""
    match node:
        case Named():
            yield node
        case Joined():
            for part in node.parts:
                yield from _find_printed(part)
        case Applied() if node.arguments and node.name not in ("default", "d"):
            yield from _find_printed(node.arguments[0])
        case Or():
            yield from _find_printed(node.right)
        case And():
            yield from _without_tested(node.left, (node.right,))
        case Either():
            yield from _without_tested(node.test, (node.then, node.otherwise))
        case _:
            pass


def _without_tested(test: Expression, printed: tuple[Expression, ...]) -> Iterator[Named]:
    tested = {one.name for one in walk(test) if isinstance(one, Named)}
    for node in printed:
        yield from (named for named in _find_printed(node) if named.name not in tested)


def _find_absent(
    references: References, node: StepNode, subject: Subject
) -> Iterator[tuple[str, tuple[ReferenceItem, str]]]:
    """The names of which every item may come to nothing, each with one of them and why it may."""
    for name, _ in references.names:
        items = [item for item in references.items if item.name == name]
        reasons = [_say_why_absent(item, len(references.items), node, subject) for item in items]
        if items and all(reasons):
            yield name, (items[0], reasons[0] or "")


def _say_why_absent(item: ReferenceItem, count: int, node: StepNode, subject: Subject) -> str | None:
    template = item.template
    if template.expression is None or _is_tested(template, node):
        return None
    parts = list(walk(template.expression))
    if any(isinstance(part, OrNone) for part in parts):
        return "what `optional` stands around may be skipped"
    if any(isinstance(part, WithoutFailed) for part in parts):
        return "all that `succeeded` goes on without may fail"
    shape = subject.flow.shape_of_template(template, node)
    if shape.optional:
        mentioned = [one for one in template.references if isinstance(one, NameReference)]
        inputs = [one.name for one in mentioned if one.root == "inputs"]
        return (
            f"input `{inputs[0]}` is optional and has no default" if inputs else f"this is {shape.describe()}"
        )
    if count > 1 and shape.count.low == 0:
        for one in template.references:
            target = subject.flow.find_target(one, node) if isinstance(one, StepReference) else None
            if target is not None and target.step.for_each and _depends_on_results(target, subject):
                return f"all tasks of step `{target.step.name}` may be skipped"
    return None


def _depends_on_results(node: StepNode, subject: Subject) -> bool:
    """Whether only the run knows which tasks of a step are skipped."""
    when = node.step.when
    return when is not None and Growth(subject.graph).is_dynamic(when, Where(node.frame, node))


def _is_tested(template: Template, node: StepNode) -> bool:
    """Whether the step's own condition looks at what the reference is made of."""
    when = node.step.when
    if when is None:
        return False
    looked_at = {_root(one) for one in when.references}
    return any(_root(one) in looked_at for one in template.references)


def _root(reference: StepReference | NameReference) -> tuple[str, str]:
    if isinstance(reference, StepReference):
        return ("steps", reference.step)
    return (reference.root, reference.name if reference.path else "")
