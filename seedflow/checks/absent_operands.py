"""Operands that may be none where the operation takes no none: it would fail, perhaps after what it mentions was paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Final, NamedTuple

from seedflow.checks.stand_ins import Undecided
from seedflow.checks.subject import Subject
from seedflow.checks.trying import choose_values, try_out
from seedflow.diagnostics import Diagnostic, Severity
from seedflow.graph.facts import Facts
from seedflow.graph.guards import is_test, is_tested
from seedflow.graph.places import Place
from seedflow.graph.selecting import GOING_BY, find_gone_by
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Part
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied, Binary, Compared, Signed
from seedflow.recipe.templating.problems import RenderError

_MOST_TRIED: Final = 600
_TAKING_NO_NONE: Final = GOING_BY | {"join", "sum"}
"""Filters of lists that fail where what they go by is none."""


class _Operation(NamedTuple):
    """What an operation works on, of which the first so many may be found none, and the same operation of other values."""

    operands: Sequence[Expression]
    looked_at: int
    build: Callable[..., Expression]


def check_absent_operands(subject: Subject) -> Iterator[Diagnostic]:
    """Every operand of an operation that takes no none is there, wherever no test stands before it."""
    for place in subject.composed:
        certain = subject.flow.certain.at(place)
        for node, facts in subject.flow.certain.find_guarded(place.template, place.frame, certain):
            operation = _read_operation(node)
            if operation is not None:
                yield from _check_operands(node, operation, facts, place, subject)
            if isinstance(node, Applied) and node.name in _TAKING_NO_NONE and not is_test(node):
                yield from _check_items(node, facts, place, subject)


def _read_operation(node: Expression) -> _Operation | None:
    match node:
        case Binary():
            return _Operation(
                (node.left, node.right), 2, lambda left, right: Binary(node.operator, left, right)
            )
        case Signed():
            return _Operation((node.operand,), 1, lambda operand: Signed(node.sign, operand, node.start))
        case Compared(rest=((operator, other),)):
            return _Operation(
                (node.first, other), 2, lambda first, second: Compared(first, [(operator, second)])
            )
        case Attribute():
            return _Operation(
                (node.base,),
                1,
                lambda base: Attribute(base, node.name, node.end, node.name_start, node.name_end),
            )
        case Item():
            return _Operation((node.base, node.key), 1, lambda base, key: Item(base, _lower(key), node.end))
        case Part():
            bounds = [bound for bound in node.bounds if bound is not None]

            def cut(base: Expression, *others: Expression) -> Expression:
                left = iter(others)
                return Part(base, [None if bound is None else next(left) for bound in node.bounds], node.end)

            return _Operation((node.base, *bounds), 1, cut)
        case Applied() if node.arguments and not node.takes_missing:
            given = len(node.arguments)

            def apply(*others: Expression) -> Expression:
                keywords = dict(zip(node.keywords, others[given:], strict=True))
                return Applied(node.name, node.apply, others[:given], keywords, node.start, node.end)

            return _Operation((*node.arguments, *node.keywords.values()), 1, apply)
        case _:
            return None


def _lower(key: Expression) -> Expression:
    """The key of an item that every list has which is tried, in place of one further behind."""
    is_number = isinstance(key, Constant) and type(key.value) is int
    return Constant(0, key.start, key.end) if is_number else key


def _check_operands(
    node: Expression, operation: _Operation, facts: Facts, place: Place, subject: Subject
) -> Iterator[Diagnostic]:
    def shape_of(part: Expression) -> Shape:
        known = facts.both(subject.find_made(part, place, facts))
        return subject.flow.shape_of_part(part, place.node, place.frame, facts=known)

    for number, operand in enumerate(operation.operands[: operation.looked_at]):
        if isinstance(operand, Binary | Constant):
            continue  # which is none only if something in it is, or as it is written
        shape = shape_of(operand)
        if not shape.optional or shape.kind in (Kind.NONE, Kind.UNKNOWN):
            continue
        if isinstance(node, Applied) and shape.scalar:
            continue  # which is told where it is to become text
        wrong = _try_without(number, node, operation, shape_of)
        if wrong is None:
            continue
        mention = " ".join(place.template.scalar.value[operand.start : operand.end].split())
        instead = f"({mention} or [])" if shape.kind is Kind.LIST else f"{mention} | default(…)"
        test = f"test for it first: `… if {mention} is not none else …`"
        yield Diagnostic(
            "may-be-none",
            f"`{mention}` may be none: {wrong.message}",
            place.template.scalar.span_at(operand.start, operand.end),
            Severity.WARNING,
            help=test if isinstance(node, Attribute | Item) else f"write `{instead}`, or {test}",
        )


def _check_items(node: Applied, facts: Facts, place: Place, subject: Subject) -> Iterator[Diagnostic]:
    """A filter that goes by an item, or a part of it, which may be none."""
    path = find_gone_by(node)
    items = node.arguments[0]
    shape = subject.flow.shape_of_part(items, place.node, place.frame, facts=facts)
    item = shape.item if shape.kind is Kind.LIST else None
    found = None if item is None or path is None else item.follow(path)
    if found is None or not found.optional or found.kind in (Kind.NONE, Kind.UNKNOWN):
        return
    if is_tested(items, facts, subject.flow.certain.names_in(place.template, place.frame)):
        return
    mention, filtered = _split_filter(node, place.template.scalar.value)
    name = ".".join(path or ())
    what = f"`{name}` of an item of `{mention}`" if name else f"an item of `{mention}`"
    without = f"rejectattr('{name}', 'none')" if name else "reject('none')"
    yield Diagnostic(
        "may-be-none",
        f"{what} may be none, and `{node.name}` takes no none",
        place.template.scalar.span_at(node.start, node.end),
        Severity.WARNING,
        help=f"leave such items out first: `{mention} | {without} {filtered}`",
    )


def _split_filter(node: Applied, text: str) -> tuple[str, str]:
    """What stands before the bar of a filter, and the bar with all behind it; brackets around both left out."""
    items = node.arguments[0]
    bar = text.find("|", items.end, node.end)
    before, behind = text[items.start : bar].strip(), text[bar : node.end].strip()
    if before.count(")") > before.count("("):
        before = f"({before}"
    if behind.count(")") > behind.count("("):
        behind = behind.removesuffix(")").rstrip()
    return " ".join(before.split()), " ".join(behind.split())


def _try_without(
    number: int, node: Expression, operation: _Operation, shape_of: Callable[[Expression], Shape]
) -> RenderError | None:
    """What is wrong with an operation that goes well when its operand is there, and never when it is none."""
    try:
        choices = choose_values(node, operation.operands, shape_of)
        given = list(choices)
        given[number] = [value for value in choices[number] if value is not None]
        without = [[value for value in values if value is not None] or values for values in choices]
        without[number] = [None]
        if prod(map(len, given)) > _MOST_TRIED or all(_try(operation, given)):
            return None  # which is told as an error
        wrong = _try(operation, without)
    except Undecided:
        return None
    first = wrong[0] if wrong else None
    certain = all(error is not None and error.code == "template-type" for error in wrong)
    return first if certain else None


def _try(operation: _Operation, choices: Sequence[Sequence[object]]) -> list[RenderError | None]:
    found: list[RenderError | None] = []
    for values in product(*choices):
        constants = [
            Constant(value, one.start, one.end) for value, one in zip(values, operation.operands, strict=True)
        ]
        found.append(try_out(operation.build(*constants)))
    return found
