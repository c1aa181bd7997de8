"""References that are printed although there may be none: nothing could be said in their place, and the task would fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seedflow.checks.emptiness import Around, Emptiness, Why
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity, Span
from seedflow.graph.facts import NO_FACTS, Facts, Key, spell
from seedflow.graph.handed_on import find_handed_on
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.graph.shapes import Kind
from seedflow.recipe.model import ReferenceItem, References
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import FirstOf, OrNone
from seedflow.recipe.templating.lookup_nodes import Named
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
    certain, condition = subject.flow.certain, subject.flow.certain.of_step(node)
    told: set[int] = set()
    for printed, facts in certain.find_printed(template, node.frame, condition):
        if isinstance(printed, Named):
            for problem in _check_name(printed, facts, template, references, node, emptiness):
                told.add(printed.start)
                yield problem
    guarded = {id(part): facts for part, facts in certain.find_guarded(template, node.frame, condition)}
    for handed in find_handed_on(template, node.frame, condition, certain):
        named = handed.node
        if named.start in told or handed.facts.is_found(_spell(named, node, subject)):
            continue
        if guarded.get(id(named), NO_FACTS).is_there(_spell(named, node, subject)):
            continue  # what a test let through when it was given its other name
        source = handed.source
        place = (
            template.scalar.span_at(handed.start, handed.end)
            if source is None
            else Span(source, handed.start, handed.end)
        )
        note = (
            () if handed.start == named.start and source is None else (Related(place, "it is printed here"),)
        )
        for problem in _check_name(named, handed.facts, template, references, node, emptiness, note):
            told.add(named.start)
            yield problem


def _spell(printed: Named, node: StepNode, subject: Subject) -> Key:
    return spell(printed, subject.flow.certain.names(node.frame)) or ()


def _check_name(
    printed: Named,
    facts: Facts,
    template: Template,
    references: References,
    node: StepNode,
    emptiness: Emptiness,
    notes: tuple[Related, ...] = (),
) -> Iterator[Diagnostic]:
    if printed.root != "ref" or printed.name not in {name for name, _ in references.names}:
        return
    if facts.is_there(_spell(printed, node, emptiness.subject)):
        return
    absent = _find_absent(printed.name, facts, node, emptiness)
    if absent is not None:
        item, why = absent
        yield Diagnostic(
            "may-be-none",
            f"`ref.{printed.name}` is printed, and there may be no such reference: {why.text}",
            template.scalar.span_at(printed.start, printed.end),
            Severity.WARNING,
            help=f"write `{{% if ref.{printed.name} %}}…{{% endif %}}` around it, or leave the step out then, with `when:`",
            related=(Related(item.template.scalar.span, "this may be none"), *why.related, *notes),
        )


def _find_absent(
    name: str, facts: Facts, node: StepNode, emptiness: Emptiness
) -> tuple[ReferenceItem, Why] | None:
    """One of the items of a name, and why it may come to nothing, if every one of them may."""
    references = node.generate.references
    every = references.items if references is not None else ()
    items = [item for item in every if item.name == name]
    whys = say_why_all_absent(items, len(every), facts, node, emptiness)
    return (items[0], whys[0]) if whys else None


def say_why_all_absent(
    items: Sequence[ReferenceItem], count: int, facts: Facts, node: StepNode, emptiness: Emptiness
) -> Sequence[Why]:
    """Why each of these items may come to nothing, if all of them may at once; nothing where one is always there."""

    def explain(known: Facts) -> Sequence[Why]:
        whys = [say_why_absent(item, count, known, node, emptiness) for item in items]
        found = [why for why in whys if why is not None]
        return found if len(found) == len(whys) else ()

    whys, cases = explain(facts), facts.split()
    if whys and len(cases) > 1 and not any(map(explain, cases)):
        return ()
    return whys


def say_why_absent(
    item: ReferenceItem, count: int, facts: Facts, node: StepNode, emptiness: Emptiness
) -> Why | None:
    """Why an item of so many may come to nothing, where these facts hold; None where nothing says that it may."""
    subject, expression = emptiness.subject, item.template.expression
    if expression is None:
        return None
    if isinstance(expression, OrNone) and subject.is_made(expression.argument, node, node.frame, facts):
        expression = expression.argument
    if isinstance(expression, FirstOf):
        expression = _find_first_made(expression, facts, node, subject)
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


def _find_first_made(expression: FirstOf, facts: Facts, node: StepNode, subject: Subject) -> FirstOf:
    """What `first_of` gives where one of its arguments is never skipped: none of those behind it."""
    for number, argument in enumerate(expression.arguments):
        if subject.is_made(argument, node, node.frame, facts):
            return FirstOf(expression.arguments[: number + 1], expression.start, expression.end)
    return expression
