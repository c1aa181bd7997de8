"""Lists of `for_each`: what they must be, and literal ones whose items could not be told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seedflow.canonical import build_key
from seedflow.checks.request import span_of
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.growth import Growth, Where
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import Kind
from seedflow.recipe.model import Expression, LoopVariable
from seedflow.recipe.template import Template


def check_loops(subject: Subject) -> Iterator[Diagnostic]:
    """Every list of `for_each` is a list, and each item that is written out has a key of its own."""
    for node in subject.nodes:
        for variable in node.step.for_each:
            broken = list(_check_lists(variable, node, subject))
            yield from broken
            if not broken:
                yield from _check_keys(variable)
    yield from _check_bounds(subject)


def _check_lists(variable: LoopVariable, node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    for name, items in zip(variable.names, variable.lists, strict=True):
        if not isinstance(items, Template):
            continue
        shape = subject.flow.shape_of_template(items, node)
        if shape.known and shape.kind is not Kind.LIST:
            yield Diagnostic(
                "not-a-list",
                f"`for_each` needs a list for `{name}`, and this is {shape.describe()}",
                items.scalar.span,
                help=f'write `{name}: ["{items.scalar.value.strip()}"]` for a list of one'
                if shape.scalar
                else "give it a list",
            )


def _check_bounds(subject: Subject) -> Iterator[Diagnostic]:
    """A list that only the run knows has a greatest length, so that the plan can say what it costs at most."""
    growth = Growth(subject.graph)
    for node in subject.graph.steps.values():
        lists = [
            (items, variable.span)
            for variable in node.step.for_each
            if variable.at_most is None
            for items in variable.lists
        ]
        if node.step.iterate is not None:
            lists.append((node.step.iterate.over, node.step.iterate.span))
        for items, span in lists:
            found = growth.find_unbounded(items, Where(node.frame, node))
            if found is not None:
                yield _unbounded(found, found is items, span, node)


def _unbounded(template: Template, own: bool, span: Span, node: StepNode) -> Diagnostic:
    in_for_each = bool(node.step.for_each)
    return Diagnostic(
        "unbounded-list",
        "nothing bounds the length of this list, which only the run will know, so that nobody could say what it costs"
        if own
        else f"step `{node.step.name}` goes through a list that is made of this, and nothing bounds its length",
        template.scalar.span,
        help="write `{in: …, at_most: N}`, or go through the images themselves, with filters that only leave some out"
        if own and in_for_each
        else "use the images themselves, a slice of them, or filters that only leave some out",
        related=() if own else (Related(span, "the list stands here"),),
    )


def _check_keys(variable: LoopVariable) -> Iterator[Diagnostic]:
    columns = [items for items in variable.lists if isinstance(items, tuple)]
    if len(columns) != len(variable.lists):
        return
    seen: dict[tuple[str, ...], Span] = {}
    for row in zip(*columns, strict=False):
        keys: list[str] = []
        for name, item in zip(variable.names, row, strict=True):
            key = _find_key(name, item, variable)
            if isinstance(key, Diagnostic):
                yield key
            elif key is not None:
                keys.append(key)
        if len(keys) < len(row):
            continue
        span = span_of(row[0]) or variable.span
        first = seen.setdefault(tuple(keys), span)
        if first is not span:
            yield _equal_keys(variable, keys, span, first)


def _find_key(name: str, item: Expression, variable: LoopVariable) -> str | Diagnostic | None:
    """The key of a literal item, what is wrong with it, or None when it is known only with the inputs."""
    value = read_literal(item)
    if isinstance(value, Mapping) or (value is NOT_LITERAL and isinstance(item, Mapping)):
        return _find_record_key(name, item, variable)
    if value is NOT_LITERAL:
        return None
    if isinstance(value, (str, int, float)):
        return build_key(value)
    kind = "nothing" if value is None else "a list"
    return Diagnostic(
        "no-key",
        f"an item of `{name}` is {kind}, which has no key to make a task's address from",
        span_of(item) or variable.span,
        help="write text, a number, or a record",
    )


def _find_record_key(name: str, item: Expression, variable: LoopVariable) -> str | Diagnostic | None:
    record = item if isinstance(item, Mapping) else {}
    if variable.key is None:
        return Diagnostic(
            "no-key",
            f"the items of `{name}` are records, and nothing says which of their fields tells them apart",
            variable.span,
            help=f"write `{name}: {{in: […], key: {next(iter(record), 'FIELD')}}}`",
        )
    if variable.key not in record:
        near = find_near(variable.key, record)
        return Diagnostic(
            "no-key",
            f"this item of `{name}` has no field `{variable.key}`, which is to be its key",
            span_of(item) or variable.span,
            help=f"did you mean `{near}`?" if near else f"add `{variable.key}:` to it",
        )
    value = read_literal(record[variable.key])
    if value is NOT_LITERAL:
        return None
    if isinstance(value, (str, int, float)):
        return build_key(value)
    return Diagnostic(
        "no-key",
        f"the key of this item of `{name}` is {'nothing' if value is None else 'not text or a number'}",
        span_of(record[variable.key]) or variable.span,
        help="give it text or a number",
    )


def _equal_keys(variable: LoopVariable, keys: list[str], span: Span, first: Span) -> Diagnostic:
    named = ", ".join(f"{name}={key}" for name, key in zip(variable.names, keys, strict=True))
    return Diagnostic(
        "equal-keys",
        f"two items have the same key ({named}); a task's address would stand for both",
        span,
        help="take one of them out, or tell them apart",
        related=(Related(first, "the first one"),),
    )
