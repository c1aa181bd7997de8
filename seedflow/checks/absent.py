"""References that are printed although there may be none: nothing could be said in their place, and the task would fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seedflow.checks.picking import LEAVE_OUT
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.facts import Facts, spell
from seedflow.graph.given_lists import GivenLists
from seedflow.graph.growth import Growth, Where
from seedflow.graph.model import StepNode
from seedflow.graph.numbered import read_selection
from seedflow.graph.places import find_templates
from seedflow.graph.shapes import Kind
from seedflow.recipe.model import ReferenceItem, References
from seedflow.recipe.references import NameReference, Slice, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named, Part
from seedflow.recipe.templating.nodes import Constant
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.operation_nodes import Applied
from seedflow.recipe.templating.walking import walk


def check_absent(subject: Subject) -> Iterator[Diagnostic]:
    """Every reference that is printed is there, wherever no test stands before it."""
    given = GivenLists(subject.flow, Growth(subject.graph))
    for node in subject.requests:
        references = node.generate.references
        if references is None or not references.named:
            continue
        for parameter in node.generate.parameters.values():
            for template in find_templates(parameter.expression):
                yield from _check_printed(template, references, node, subject, given)


def _check_printed(
    template: Template, references: References, node: StepNode, subject: Subject, given: GivenLists
) -> Iterator[Diagnostic]:
    if subject.flow.mistakes.is_mistaken(template, node, node.frame):
        return  # what is to be mended may be the test for it
    names = {name for name, _ in references.names}
    certain = subject.flow.certain.of_step(node)
    for printed, facts in subject.flow.certain.find_printed(template, node.frame, certain):
        if not isinstance(printed, Named) or printed.root != "ref" or printed.name not in names:
            continue
        key = spell(printed, subject.flow.certain.names(node.frame))
        absent = (
            None
            if key is None or facts.is_there(key)
            else _find_absent(printed.name, facts, node, subject, given)
        )
        if absent is not None:
            item, why = absent
            yield Diagnostic(
                "may-be-none",
                f"`ref.{printed.name}` is printed, and there may be no such reference: {why}",
                template.scalar.span_at(printed.start, printed.end),
                Severity.WARNING,
                help=f"write `{{% if ref.{printed.name} %}}…{{% endif %}}` around it, or leave the step out then, with `when:`",
                related=(Related(item.template.scalar.span, "this may be none"),),
            )


def _leaves_some_of_each(expression: Node, facts: Facts, node: StepNode, subject: Subject) -> bool:
    """Whether a filter by numbers leaves some of each task that is made, so that there are none only where all were skipped."""
    if not isinstance(expression, Applied) or read_selection(expression) is None:
        return False
    return subject.flow.shape_of_part(expression, node, facts=facts, all_made=True).count.low > 0


def _find_absent(
    name: str, facts: Facts, node: StepNode, subject: Subject, given: GivenLists
) -> tuple[ReferenceItem, str] | None:
    """One of the items of a name, and why it may come to nothing, if every one of them may."""
    references = node.generate.references
    every = references.items if references is not None else ()
    items = [item for item in every if item.name == name]
    reasons = [_say_why_absent(item, len(every), facts, node, subject, given) for item in items]
    return (items[0], reasons[0] or "") if items and all(reasons) else None


def _say_why_absent(
    item: ReferenceItem, count: int, facts: Facts, node: StepNode, subject: Subject, given: GivenLists
) -> str | None:
    expression = item.template.expression
    if expression is None:
        return None
    if isinstance(expression, OrNone) and _is_made(expression, facts, node, subject):
        expression = expression.argument
    shape = subject.flow.shape_of_part(expression, node, facts=facts)
    parts = list(walk(expression))
    if shape.optional:
        if any(isinstance(part, OrNone) for part in parts):
            return "what `optional` stands around may be skipped"
        mentioned = [one for one in item.template.references if isinstance(one, NameReference)]
        inputs = [one.name for one in mentioned if one.root == "inputs"]
        return (
            f"input `{inputs[0]}` is optional and has no default" if inputs else f"this is {shape.describe()}"
        )
    if shape.kind is not Kind.LIST or shape.count.low > 0:
        return None
    if any(isinstance(part, WithoutFailed) for part in parts):
        return "all that `succeeded` goes on without may fail"
    filtered = _leaves_out(parts) and any(isinstance(one, StepReference) for one in item.template.references)
    if filtered and not _leaves_some_of_each(expression, facts, node, subject):
        return "a filter may leave none of the images"
    index = expression.reference.index if isinstance(expression, Mentioned) else None
    later_part = isinstance(index, Slice) and index.start not in (None, 0)
    if later_part or _is_part_of_given(expression, facts, node, given):
        return "there may be no image in this part of them"
    if count > 1:
        choices = [part for part in parts if isinstance(part, FirstOf)]
        for one in item.template.references:
            if any(choice.start <= one.start < choice.end for choice in choices):
                continue  # where all of it was skipped, so is the task
            target = subject.flow.find_target(one, node) if isinstance(one, StepReference) else None
            if target is None or not target.step.for_each or not isinstance(one, StepReference):
                continue
            if _depends_on_results(target, subject) and not subject.made.is_made(target, one, facts):
                return f"all tasks of step `{target.step.name}` may be skipped"
    return None


def _is_part_of_given(expression: Node, facts: Facts, node: StepNode, given: GivenLists) -> bool:
    """Whether it is a part of a list that a caller gives, of which there may be too few for it to begin."""
    if not isinstance(expression, Part) or expression.bounds[0] is None:
        return False
    start = expression.bounds[0]
    shape, arguments = given.look_at(expression, node, node.frame, facts)
    begins = isinstance(start, Constant) and start.value == 0
    return bool(arguments) and not begins and shape.kind is Kind.LIST and shape.count.low == 0


def _leaves_out(parts: Iterable[Node]) -> bool:
    return any(isinstance(part, Applied) and part.name in LEAVE_OUT for part in parts)


def _is_made(expression: OrNone, facts: Facts, node: StepNode, subject: Subject) -> bool:
    """Whether nothing that `optional` stands around is ever skipped here."""
    mentions = [part.reference for part in walk(expression.argument) if isinstance(part, Mentioned)]
    targets = [subject.flow.find_target(mention, node) for mention in mentions]
    return bool(mentions) and all(
        target is not None and subject.made.is_made(target, mention, facts)
        for target, mention in zip(targets, mentions, strict=True)
    )


def _depends_on_results(node: StepNode, subject: Subject) -> bool:
    """Whether only the run knows which tasks of a step are skipped."""
    when = node.step.when
    return when is not None and Growth(subject.graph).is_dynamic(when, Where(node.frame, node))
