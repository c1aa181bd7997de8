"""References that are printed although there may be none: nothing could be said in their place, and the task would fail."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.emptiness import Around, Emptiness, Why
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.facts import Facts, spell
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.graph.shapes import Kind
from seedflow.recipe.model import ReferenceItem, References
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named
from seedflow.recipe.templating.walking import walk


def check_absent(subject: Subject) -> Iterator[Diagnostic]:
    """Every reference that is printed is there, wherever no test stands before it."""
    emptiness = Emptiness(subject)
    for node in subject.requests:
        references = node.generate.references
        if references is None or not references.named:
            continue
        for parameter in node.generate.parameters.values():
            for template in find_templates(parameter.expression):
                yield from _check_printed(template, references, node, emptiness)


def _check_printed(
    template: Template, references: References, node: StepNode, emptiness: Emptiness
) -> Iterator[Diagnostic]:
    subject = emptiness.subject
    if subject.flow.mistakes.is_mistaken(template, node, node.frame):
        return  # what is to be mended may be the test for it
    names = {name for name, _ in references.names}
    certain = subject.flow.certain.of_step(node)
    for printed, facts in subject.flow.certain.find_printed(template, node.frame, certain):
        if not isinstance(printed, Named) or printed.root != "ref" or printed.name not in names:
            continue
        key = spell(printed, subject.flow.certain.names(node.frame))
        absent = (
            None if key is None or facts.is_there(key) else _find_absent(printed.name, facts, node, emptiness)
        )
        if absent is not None:
            item, why = absent
            yield Diagnostic(
                "may-be-none",
                f"`ref.{printed.name}` is printed, and there may be no such reference: {why.text}",
                template.scalar.span_at(printed.start, printed.end),
                Severity.WARNING,
                help=f"write `{{% if ref.{printed.name} %}}…{{% endif %}}` around it, or leave the step out then, with `when:`",
                related=(Related(item.template.scalar.span, "this may be none"), *why.related),
            )


def _find_absent(
    name: str, facts: Facts, node: StepNode, emptiness: Emptiness
) -> tuple[ReferenceItem, Why] | None:
    """One of the items of a name, and why it may come to nothing, if every one of them may."""
    references = node.generate.references
    every = references.items if references is not None else ()
    items = [item for item in every if item.name == name]
    reasons = [_say_why_absent(item, len(every), facts, node, emptiness) for item in items]
    first = reasons[0] if reasons else None
    return None if first is None or None in reasons else (items[0], first)


def _say_why_absent(
    item: ReferenceItem, count: int, facts: Facts, node: StepNode, emptiness: Emptiness
) -> Why | None:
    subject, expression = emptiness.subject, item.template.expression
    if expression is None:
        return None
    if isinstance(expression, OrNone) and _is_made(expression, facts, node, subject):
        expression = expression.argument
    shape = subject.flow.shape_of_part(expression, node, facts=facts)
    parts = list(walk(expression))
    if shape.optional:
        if any(isinstance(part, OrNone) for part in parts):
            return Why("what `optional` stands around may be skipped")
        mentioned = [one for one in item.template.references if isinstance(one, NameReference)]
        inputs = [one.name for one in mentioned if one.root == "inputs"]
        return Why(
            f"input `{inputs[0]}` is optional and has no default" if inputs else f"this is {shape.describe()}"
        )
    if shape.kind is not Kind.LIST:
        return None
    return emptiness.explain(expression, Around(node, node.frame, facts, alone=count == 1))


def _is_made(expression: OrNone, facts: Facts, node: StepNode, subject: Subject) -> bool:
    """Whether nothing that `optional` stands around is ever skipped here."""
    mentions = [part.reference for part in walk(expression.argument) if isinstance(part, Mentioned)]
    targets = [subject.flow.find_target(mention, node) for mention in mentions]
    return bool(mentions) and all(
        target is not None and subject.made.is_made(target, mention, facts)
        for target, mention in zip(targets, mentions, strict=True)
    )
