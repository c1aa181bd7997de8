"""What an expression gives, from its syntax tree alone: text, a number, true or false, so many images.

What a mention gives is asked of whoever knows; all else follows from the operators, filters and functions. Nothing that
is not certain is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from seedflow.graph.assuming import Assuming, narrow
from seedflow.graph.facts import Facts, Known, Names, know, spell
from seedflow.graph.guards import learn
from seedflow.graph.numbered import narrow_count
from seedflow.graph.ranges import ANYTHING, Range, count_numbers, find_greatest, find_smallest
from seedflow.graph.selecting import narrow_items
from seedflow.graph.shapes import (
    ANY,
    BOOLEAN,
    IMAGE,
    INTEGER,
    NUMBER,
    SAME_ITEMS,
    TEXT,
    UNKNOWN,
    Count,
    Kind,
    Shape,
    add_lists,
    join_all,
    join_shapes,
    list_of,
    pair_counts,
    shape_of_value,
    whole_number,
)
from seedflow.graph.truth import always_holds
from seedflow.recipe.functions import TESTS
from seedflow.recipe.references import StepReference
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import (
    Attribute,
    Item,
    Mentioned,
    Named,
    OneImage,
    Part,
    Variable,
)
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import (
    And,
    Applied,
    Binary,
    Compared,
    Either,
    Joined,
    ListOf,
    Not,
    Or,
    RecordOf,
    Signed,
)
from seedflow.recipe.templating.statements import Called

_TEXT_FILTERS: Final = frozenset(
    (
        "capitalize",
        "decimals",
        "lower",
        "upper",
        "title",
        "trim",
        "truncate",
        "replace",
        "slug",
        "string",
        "join",
    )
)
_AT_MOST_AS_LONG: Final = frozenset(("select", "reject", "selectattr", "rejectattr"))
_WHOLE: Final = frozenset(("count", "length", "int"))
_ARITHMETIC: Final = frozenset(
    (operators.add, operators.subtract, operators.multiply, operators.floor_divide, operators.modulo)
)


class Lookup(Protocol):
    """Who knows what names and steps give."""

    def shape_of_root(self, root: str, name: str) -> Shape:
        """The shape of `inputs.NAME` and the like."""

    def shape_of_step(self, reference: StepReference) -> Shape:
        """The shape of a mention of a step."""

    def shape_of_variable(self, slot: int) -> Shape:
        """The shape of a variable that the template sets itself."""

    @property
    def facts(self) -> Facts:
        """What is certain where the expression stands."""

    @property
    def names(self) -> Names:
        """What names stand for."""


def infer_shape(node: Expression, lookup: Lookup) -> Shape:
    """The shape of what an expression gives; unknown where the text alone does not tell."""
    shape = _infer_shape(node, lookup)
    return narrow(shape, node, lookup) if lookup.facts else shape


def infer_where(node: Expression, lookup: Lookup, facts: Facts) -> Shape:
    """The same where more is certain."""
    return infer_shape(node, Assuming(lookup, facts, infer_shape) if facts else lookup)


def _infer_shape(node: Expression, lookup: Lookup) -> Shape:  # noqa: C901 - one case for each kind of node
    match node:
        case Constant():
            return shape_of_value(node.value)
        case Named():
            return lookup.shape_of_root(node.root, node.name)
        case Mentioned():
            return lookup.shape_of_step(node.reference)
        case Variable():
            return lookup.shape_of_variable(node.slot)
        case OneImage():
            return IMAGE
        case Attribute():
            return infer_shape(node.base, lookup).find(node.name) or UNKNOWN
        case Item():
            return _infer_item(node, lookup)
        case Part():
            return _infer_part(node, lookup)
        case ListOf():
            return _infer_list(node, lookup)
        case RecordOf():
            return _infer_record(node, lookup)
        case Either():
            return _join_branches(node.test, node.then, node.otherwise, lookup)
        case And():
            return _join_branches(node.left, node.right, node.left, lookup)
        case Or():
            return _join_branches(node.left, node.left, node.right, lookup)
        case Not() | Compared():
            return BOOLEAN
        case Signed():
            return _infer_signed(node, lookup)
        case Binary():
            return _infer_binary(node, lookup)
        case Joined() | Called():
            return TEXT
        case Applied():
            return _infer_applied(node, lookup)
        case FirstOf():
            return _join(node.arguments, lookup)
        case OrNone():
            return replace(infer_shape(node.argument, lookup), optional=True)
        case WithoutFailed():
            return _at_most(infer_shape(node.argument, lookup))
        case _:
            return UNKNOWN


def _join_branches(test: Expression, then: Expression, otherwise: Expression, lookup: Lookup) -> Shape:
    """What is true of both branches as far as they can be taken, each with what its test makes certain."""
    found = []
    always = always_holds(test, lambda node: infer_shape(node, lookup))
    for holds, node in ((True, then),) if always else ((True, then), (False, otherwise)):
        facts = lookup.facts.both(learn(test, lookup.names, holds=holds))
        if not facts.never:
            shape = infer_where(node, lookup, facts)
            found.append(shape.that_holds() if node is test and holds else shape)
    return join_all(found)


def _infer_list(node: ListOf, lookup: Lookup) -> Shape:
    """Of what stands in brackets: what is optional is an item, or is not there."""
    kept = sum(not item.may_leave_out for item in node.items)
    shapes = [infer_shape(item, lookup) for item in node.items]
    there = [
        replace(shape, optional=False) if item.may_leave_out else shape
        for item, shape in zip(node.items, shapes, strict=True)
    ]
    return list_of(join_all(there), Count(kept, len(node.items)))


def _join(nodes: Sequence[Expression], lookup: Lookup) -> Shape:
    return join_all([infer_shape(node, lookup) for node in nodes])


def _infer_item(node: Item, lookup: Lookup) -> Shape:
    base = infer_shape(node.base, lookup)
    if isinstance(node.key, Constant) and isinstance(node.key.value, str | int):
        return base.find(node.key.value) or UNKNOWN
    return base.item or UNKNOWN if base.kind is Kind.LIST else UNKNOWN


def _infer_part(node: Part, lookup: Lookup) -> Shape:
    base = infer_shape(node.base, lookup)
    if base.kind is not Kind.LIST:
        return UNKNOWN
    bounds: list[int | None] = []
    for bound in node.bounds:
        value = bound.value if isinstance(bound, Constant) else None
        if bound is not None and not isinstance(value, int):
            return _at_most(base)
        bounds.append(value if isinstance(value, int) else None)
    start, stop, step = bounds
    return list_of(base.item or UNKNOWN, base.count.sliced(start, stop, step), base.answers)


def _infer_record(node: RecordOf, lookup: Lookup) -> Shape:
    fields: dict[str, Shape] = {}
    for key, value in node.entries:
        if not isinstance(key, Constant) or not isinstance(key.value, str):
            return Shape(Kind.RECORD)
        fields[key.value] = infer_shape(value, lookup)
    return Shape(Kind.RECORD, fields=fields)


def _infer_signed(node: Signed, lookup: Lookup) -> Shape:
    operand = infer_shape(node.operand, lookup)
    if operand.kind not in (Kind.INTEGER, Kind.NUMBER):
        return UNKNOWN
    if operand.between is None or node.sign > 0:
        return _without_none(operand)
    return replace(operand, optional=False, between=operand.between.negated())


def _infer_binary(node: Binary, lookup: Lookup) -> Shape:
    left, right = infer_shape(node.left, lookup), infer_shape(node.right, lookup)
    kinds = {left.kind, right.kind}
    if kinds == {Kind.INTEGER} and node.operator in _ARITHMETIC:
        calculate = _RANGES.get(node.operator)
        if calculate is None or left.between is None or right.between is None:
            return INTEGER
        return whole_number(calculate(left.between, right.between))
    if kinds <= {Kind.INTEGER, Kind.NUMBER}:
        return NUMBER
    if node.operator is operators.add and kinds == {Kind.TEXT}:
        return TEXT
    if node.operator is operators.add and kinds <= {Kind.LIST, Kind.NONE}:
        return add_lists(left, right)
    return UNKNOWN


def _infer_applied(node: Applied, lookup: Lookup) -> Shape:
    test = TESTS.get(node.name)
    if test is not None and node.apply is test.apply:
        return BOOLEAN
    if node.name in _TEXT_FILTERS:
        return TEXT
    if node.name in _WHOLE:
        return _infer_whole(node, lookup)
    if node.name == "range":
        return list_of(INTEGER, _count_range(node))
    if node.name == "zip":
        lists = {name: infer_shape(items, lookup) for name, items in node.keywords.items()}
        fields = {name: shape.item or UNKNOWN for name, shape in lists.items()}
        counts = [shape.count for shape in lists.values() if shape.kind is Kind.LIST]
        return list_of(Shape(Kind.RECORD, fields=fields), pair_counts(counts))
    if not node.arguments:
        return UNKNOWN
    if node.name in ("min", "max") and isinstance(node.arguments[0], ListOf):
        return _infer_extreme(node.name, node.arguments[0], lookup)
    base = infer_shape(node.arguments[0], lookup)
    if node.name in ("default", "d"):
        return _infer_default(node, base, lookup)
    if node.name == "round":
        return INTEGER if len(node.arguments) == 1 and "precision" not in node.keywords else NUMBER
    if node.name == "sum" and _sums_others(node, lookup):
        return UNKNOWN  # which fails, as is told by itself
    if node.name in ("abs", "sum"):
        return INTEGER if base.kind is Kind.INTEGER else NUMBER
    if base.kind is Kind.RECORD and node.name == "list":
        return list_of(TEXT)
    if base.kind is not Kind.LIST:
        return UNKNOWN
    if node.name == "map":
        return list_of(_infer_mapped(node, base.item or UNKNOWN), base.count)
    if base.item is not None:
        base = replace(base, item=narrow_items(node, base.item))
    shape_of_list = _LISTS.get(node.name)
    found = UNKNOWN if shape_of_list is None else shape_of_list(base)
    return narrow_count(node, found, lambda before: infer_shape(before, lookup))


def _count_range(node: Applied) -> Count:
    """How many numbers a range of literal ones has."""
    ends: list[int] = []
    for argument in node.arguments:
        sign, end = (argument.sign, argument.operand) if isinstance(argument, Signed) else (1, argument)
        if not isinstance(end, Constant) or type(end.value) is not int:
            return ANY
        ends.append(sign * end.value)
    if not 1 <= len(ends) <= 3 or node.keywords or (len(ends) == 3 and ends[2] == 0):
        return ANY
    length = count_numbers(range(*ends))
    return Count(length, length)


def _infer_default(node: Applied, base: Shape, lookup: Lookup) -> Shape:
    """What stands there, or where that is none, something else."""
    given = [*node.arguments[1:], *(one for name, one in node.keywords.items() if name != "boolean")]
    of_none = len(node.arguments) + len(node.keywords) <= 2
    key = spell(node.arguments[0], lookup.names) if of_none else None
    missing = lookup.facts if key is None else lookup.facts.both(know(key, Known(there=False)))
    otherwise = TEXT
    if given:
        otherwise = infer_where(given[0], lookup, missing)
    flag = node.keywords.get("boolean", node.arguments[-1])
    of_false = not of_none and isinstance(flag, Constant) and bool(flag.value)
    joined = join_shapes([base.that_holds() if of_false else _without_none(base), otherwise])
    named = isinstance(node.arguments[0], Named | Attribute)
    sure = missing.never or (of_none and named and base.known and not base.optional)
    return _without_none(joined) if sure else joined


def _infer_whole(node: Applied, lookup: Lookup) -> Shape:
    """A length, which is known as far as the list is, or what is made a whole number."""
    base = infer_shape(node.arguments[0], lookup) if node.arguments else UNKNOWN
    if node.name == "int":
        return (
            base if base.kind is Kind.INTEGER and len(node.arguments) == 1 and not base.optional else INTEGER
        )
    return whole_number(Range(*base.count)) if base.kind is Kind.LIST else INTEGER


def _infer_extreme(name: str, items: ListOf, lookup: Lookup) -> Shape:
    """The smallest or greatest of items that are written out."""
    shapes = [infer_shape(item, lookup) for item in items.items]
    joined = join_shapes(shapes)
    if joined.kind is not Kind.INTEGER:
        return joined
    choose = find_smallest if name == "min" else find_greatest
    return replace(joined, between=choose(shape.between or ANYTHING for shape in shapes))


def _sums_others(node: Applied, lookup: Lookup) -> bool:
    """Whether a sum begins with something else than a number, such as a list."""
    starts = [*node.arguments[2:], *(value for name, value in node.keywords.items() if name == "start")]
    return any(
        infer_shape(one, lookup).kind not in (Kind.INTEGER, Kind.NUMBER, Kind.UNKNOWN) for one in starts
    )


def _infer_mapped(node: Applied, item: Shape) -> Shape:
    """What `map(attribute="NAME")` takes of each item. A list of lists is not claimed: where images are wanted it is flattened."""
    given = (*node.arguments[1:], *node.keywords.values())
    name = given[0] if len(given) == 1 else None
    if not isinstance(name, Constant) or not isinstance(name.value, str) or not name.value.isidentifier():
        return UNKNOWN
    found = item.find(name.value)
    return UNKNOWN if found is None or found.kind is Kind.LIST else found


def _without_none(shape: Shape) -> Shape:
    return replace(shape, optional=False)


def _at_most(shape: Shape) -> Shape:
    """The same list with any of its items left out."""
    return list_of(shape.item or UNKNOWN, Count(0, shape.count.high), shape.answers)


def _without_repetitions(shape: Shape) -> Shape:
    """The same list, which keeps one of each: with nothing in it only if it had nothing before."""
    return list_of(shape.item or UNKNOWN, Count(min(shape.count.low, 1), shape.count.high))


def _same(shape: Shape) -> Shape:
    return list_of(shape.item or UNKNOWN, shape.count, shape.answers)


def _item(shape: Shape) -> Shape:
    return shape.item or UNKNOWN


_RANGES: Final[Mapping[object, Callable[[Range, Range], Range]]] = {
    operators.add: Range.plus,
    operators.subtract: lambda one, other: one.plus(other.negated()),
    operators.multiply: Range.times,
    operators.floor_divide: Range.divided,
}
"""Between which numbers the result of an operator lies."""
_LISTS: Mapping[str, Callable[[Shape], Shape]] = {
    **dict.fromkeys(SAME_ITEMS, _same),
    **dict.fromkeys(_AT_MOST_AS_LONG, _at_most),
    "unique": _without_repetitions,
    **dict.fromkeys(("first", "last", "min", "max"), _item),
}
"""What a filter makes of a list."""
