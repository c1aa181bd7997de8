"""What a condition makes certain where it holds, and where it does not: `{{ inputs.style is not none }}`, `length > 1`.

Whoever warns of a doubt asks here whether something rules it out. A test that nobody here understands gives what it looks at
the benefit of the doubt, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from seedflow.graph.facts import MAYBE_ANYTHING, NEVER, NO_FACTS, Facts, Known, Names, is_path, know, spell
from seedflow.graph.shapes import SAME_ITEMS
from seedflow.recipe.functions import TESTS
from seedflow.recipe.references import Slice
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Applied, Compared, Either, ListOf, Not, Or
from seedflow.recipe.templating.walking import find_parts, walk

_MAX_DEPTH = 6
_LENGTHS: Final = frozenset(("count", "length"))
_NEVER_NONE: Final = frozenset(
    ("string", "number", "integer", "float", "boolean", "mapping", "sequence", "true", "false", "even", "odd")
)
"""Tests that none does not pass."""
_OPPOSITE: Final[Mapping[operators.Operator, operators.Operator]] = {
    operators.equal: operators.unequal,
    operators.unequal: operators.equal,
    operators.less: operators.greater_or_equal,
    operators.less_or_equal: operators.greater,
    operators.greater: operators.less_or_equal,
    operators.greater_or_equal: operators.less,
    operators.contains: operators.lacks,
    operators.lacks: operators.contains,
}
_LENGTHS_THAT_PASS: Final[Mapping[operators.Operator, Callable[[int], tuple[int, int | None]]]] = {
    operators.equal: lambda number: (number, number),
    operators.less: lambda number: (0, number - 1),
    operators.less_or_equal: lambda number: (0, number),
    operators.greater: lambda number: (number + 1, None),
    operators.greater_or_equal: lambda number: (number, None),
}
_ORDERS: Final = frozenset(
    (operators.less, operators.less_or_equal, operators.greater, operators.greater_or_equal)
)


def learn(test: Expression, names: Names, *, holds: bool = True) -> Facts:
    """What is certain where a test holds, or where it does not."""
    return _Reader(names).learn(test, holds)


class _Reader:
    """Reads tests. Each part of them is looked at once for either outcome, so that the time does not explode."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def learn(self, test: Expression, holds: bool, depth: int = 0) -> Facts:
        key = (id(test), holds, depth)
        found = self._names.learned.get(key)
        if found is None:
            found = self._names.learned[key] = (test, self._learn(test, holds, depth))
        return found[1]

    def _learn(self, test: Expression, holds: bool, depth: int) -> Facts:
        names = self._names

        def also(part: Expression, wanted: bool) -> Facts:
            return self.learn(part, wanted, depth)

        match test:
            case Constant():
                return NO_FACTS if bool(test.value) is holds else NEVER
            case Not():
                return also(test.operand, not holds)
            case And() if holds:
                return also(test.left, True).both(also(test.right, True))
            case And():
                return also(test.left, False).either(also(test.left, True).both(also(test.right, False)))
            case Or() if holds:
                return also(test.left, True).either(also(test.left, False).both(also(test.right, True)))
            case Or():
                return also(test.left, False).both(also(test.right, False))
            case Either():
                taken = also(test.test, True).both(also(test.then, holds))
                return taken.either(also(test.test, False).both(also(test.otherwise, holds)))
            case Compared() if len(test.rest) > 1:
                return _learn_row(test, names, holds)
        meant = names.follow(test) if depth < _MAX_DEPTH else None
        if meant is not None:
            return self.learn(meant, holds, depth + 1)
        return _learn_leaf(test, names, holds)


def _learn_row(test: Compared, names: Names, holds: bool) -> Facts:
    """`0 < A < 3`: all of its comparisons hold, or one of them does not."""
    facts, left = NO_FACTS if holds else NEVER, test.first
    for operator, right in test.rest:
        one = _learn_leaf(Compared(left, [(operator, right)]), names, holds)
        facts = facts.both(one) if holds else facts.either(one)
        left = right
    return facts


def _learn_leaf(test: Expression, names: Names, holds: bool) -> Facts:
    """A test that is not made of others, and that it came to be worked out at all."""
    if spell(test, names) is None:
        return MAYBE_ANYTHING
    facts = _know(test, names, Known(holds=holds))
    if isinstance(test, Compared):
        ((operator, right),) = test.rest
        found = _learn_compared(test.first, operator if holds else _OPPOSITE.get(operator), right, names)
    elif isinstance(test, Applied) and is_test(test):
        found = _learn_test(test, names, holds)
    else:
        found = _learn_truth(test, names, holds)
    for node in walk(test):
        if isinstance(node, Attribute | Item) and is_path(node.base):
            found = found.both(_know(node.base, names, Known(there=True)))
    return facts.both(found)


def _learn_truth(test: Expression, names: Names, holds: bool) -> Facts:
    counted = _find_counted(test)
    if counted is not None:
        return _learn_count(counted, names, (1, None) if holds else (0, 0))
    known = Known(there=True if holds else None, low=int(holds), high=None if holds else 0)
    facts = _know(test, names, known)
    if isinstance(test, OrNone) and holds:
        facts = facts.both(_know(test.argument, names, known))
    return facts if is_path(test) else facts.both(_doubt(test, names))


def _learn_test(test: Applied, names: Names, holds: bool) -> Facts:
    """`A is none`, `A is defined`, `A is string`."""
    first, *others = test.arguments
    match test.name:
        case "none":
            facts = _know(first, names, Known(there=not holds))
        case "defined" | "undefined":
            facts = _know(first, names, Known(found=holds is (test.name == "defined")))
        case name if name in _NEVER_NONE:
            facts = _know(first, names, Known(there=True)) if holds else NO_FACTS
        case "eq" | "equalto" | "==" | "ne" | "!=" if others:
            equal = holds is (test.name not in ("ne", "!="))
            return _learn_compared(first, operators.equal if equal else operators.unequal, others[0], names)
        case _:
            return _doubt(test, names)
    return facts if is_path(first) else facts.both(_doubt(first, names))


def _learn_compared(
    left: Expression, operator: operators.Operator | None, right: Expression, names: Names
) -> Facts:
    """What a comparison says that holds."""
    if operator in (operators.contains, operators.lacks):
        return _learn_contained(left, operator, right, names)
    if isinstance(_follow(left, names), Constant) and operator is not None:
        left, operator, right = right, operators.MIRRORED[operator], left
    counted, value = _find_counted(_follow(left, names)), _follow(right, names)
    lengths = _LENGTHS_THAT_PASS.get(operator) if operator is not None else None
    number = value.value if isinstance(value, Constant) else None
    if counted is not None and isinstance(number, int) and not isinstance(number, bool):
        doubt = NO_FACTS if isinstance(left, Applied) else _doubt_itself(left, names)
        if lengths is not None:
            return _learn_count(counted, names, lengths(number)).both(doubt)
        if operator is operators.unequal:
            return _learn_unlike(counted, number, names).both(doubt)
    if isinstance(right, ListOf) and not right.items and operator in (operators.equal, operators.unequal):
        return _learn_empty(left, names, empty=operator is operators.equal)
    facts = NO_FACTS
    for one, other in ((left, right), (right, left)):
        if operator in _ORDERS:
            facts = facts.both(_know(one, names, Known(there=True)))
        elif isinstance(other, Constant) and other.value is None:
            facts = facts.both(_know(one, names, Known(there=operator is operators.unequal)))
        elif isinstance(other, Constant) and operator is operators.equal:
            facts = facts.both(_know(one, names, Known(there=True, holds=bool(other.value))))
        key = spell(one, names)
        if (
            key is not None
            and isinstance(other, Constant)
            and operator in (operators.equal, operators.unequal)
        ):
            same = ("equal", key, type(other.value), other.value)
            facts = facts.both(know(same, Known(holds=operator is operators.equal)))
        if not is_path(one):
            facts = facts.both(_doubt(one, names))
        elif not isinstance(other, Constant) or isinstance(other.value, int | float):
            facts = facts.both(_doubt_number(one, names))
    return facts


def _learn_contained(
    value: Expression, operator: operators.Operator, container: Expression, names: Names
) -> Facts:
    """`'shade' in each.row`, `inputs.style in ['ink', 'oil']`."""
    if isinstance(value, Constant) and isinstance(value.value, str) and is_path(container):
        column = Attribute(container, value.value, 0, 0, 0)
        return _know(column, names, Known(found=operator is operators.contains))
    if isinstance(container, ListOf) and all(isinstance(item, Constant) for item in container.items):
        within = operator is operators.contains
        facts = NEVER if within else NO_FACTS
        for item in container.items:
            one = _learn_compared(value, operators.equal if within else operators.unequal, item, names)
            facts = facts.either(one) if within else facts.both(one)
        return facts
    return _doubt(value, names).both(_doubt(container, names))


def _learn_count(items: Expression, names: Names, between: tuple[int, int | None]) -> Facts:
    low, high = between
    if high is not None and high < low:
        return NEVER
    facts = _know(items, names, Known(there=True, low=low, high=high))
    if isinstance(items, OrNone):  # which has a length only where it is what it stands around
        return facts.both(_learn_count(items.argument, names, between))
    reference = items.reference if isinstance(items, Mentioned) else None
    if reference is not None and isinstance(reference.index, Slice):
        start, stop, step = reference.index.start or 0, reference.index.stop, reference.index.step or 1
        if low and start >= 0 and step == 1 and (stop is None or stop > 0):
            whole = Mentioned(replace(reference, index=None))
            facts = facts.both(_know(whole, names, Known(low=start + low)))
    return facts if is_path(items) else facts.both(_doubt(items, names))


def _learn_unlike(items: Expression, number: int, names: Names) -> Facts:
    """A list that has any number of items but one."""
    fewer = _learn_count(items, names, (0, number - 1))
    return fewer.either(_learn_count(items, names, (number + 1, None)))


def _learn_empty(items: Expression, names: Names, *, empty: bool) -> Facts:
    if empty:
        return _learn_count(items, names, (0, 0))
    more = _learn_count(items, names, (1, None))
    return more.either(_know(items, names, Known(there=False)))


def _find_counted(node: Expression) -> Expression | None:
    """The list whose length an expression is."""
    if not isinstance(node, Applied) or node.name not in _LENGTHS or len(node.arguments) != 1:
        return None
    return as_long_as(node.arguments[0])


def _follow(node: Expression, names: Names) -> Expression:
    """What a name of a value or a variable stands for in the end; anything else stands for itself."""
    for _ in range(_MAX_DEPTH):
        meant = names.follow(node)
        if meant is None:
            break
        node = meant
    return node


def as_long_as(items: Expression) -> Expression:
    """The list that another one is as long as: without filters that only change the order."""
    while isinstance(items, Applied) and items.name in SAME_ITEMS and items.arguments:
        items = items.arguments[0]
    return items


def _know(node: Expression, names: Names, known: Known) -> Facts:
    key = None if isinstance(node, Constant) else spell(node, names)
    return NO_FACTS if key is None else know(key, known)


def _doubt(node: Expression, names: Names) -> Facts:
    """What is known of the parts of an expression of which nobody here knows what it means."""
    facts = NO_FACTS
    waiting, seen = [node], {id(node)}
    while waiting:
        for part in _find_paths(waiting.pop()):
            meant = names.follow(part)
            if meant is not None and id(meant) not in seen:
                seen.add(id(meant))
                waiting.append(meant)
            key = spell(part, names)
            facts = facts.both(MAYBE_ANYTHING if key is None else know(key, Known(unclear=True)))
    return facts


def _doubt_number(node: Expression, names: Names) -> Facts:
    """What is known of a number of which a test says how great it is: nothing here, but nobody doubts it."""
    facts, meant = _doubt_itself(node, names), names.follow(node)
    return facts if meant is None or is_path(meant) else facts.both(_doubt(meant, names))


def _doubt_itself(number: Expression, names: Names) -> Facts:
    key = spell(number, names)
    return NO_FACTS if key is None else know(("number", key), Known(unclear=True))


def is_tested(node: Expression, facts: Facts, names: Names) -> bool:
    """Whether a test looked at what an expression is made of, in a way that nobody here understands."""
    waiting, seen = [node], {id(node)}
    while waiting:
        for part in _find_paths(waiting.pop()):
            key, meant = spell(part, names), names.follow(part)
            if key is not None and (facts.is_unclear(key) or facts.is_unclear(("number", key))):
                return True
            if meant is not None and id(meant) not in seen:
                seen.add(id(meant))
                waiting.append(meant)
    return False


def _find_paths(node: Expression) -> Iterator[Expression]:
    """The longest paths in an expression."""
    if is_path(node):
        yield node
        return
    for part in find_parts(node):
        yield from _find_paths(part)


def is_test(node: Applied) -> bool:
    """Whether it is a test and no filter of the same name."""
    test = TESTS.get(node.name)
    return test is not None and node.apply is test.apply and bool(node.arguments)
