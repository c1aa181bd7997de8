"""What filters leave of the images of requests by `number` and `take`: which numbers pass is known before any image is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import eq, ge, gt, le, lt, ne
from typing import Final, NamedTuple

from seedflow.graph.shapes import SAME_ITEMS, Answers, Count, Kind, Shape
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied, ListOf

_COUNTED: Final = ("number", "take")
_LEAVE_OUT: Final = frozenset(("select", "reject", "selectattr", "rejectattr", "unique"))
_OF_NUMBERS: Final[Mapping[operators.Operator, Callable[[int, int], bool]]] = {
    operators.equal: eq,
    operators.unequal: ne,
    operators.less_or_equal: le,
    operators.less: lt,
    operators.greater_or_equal: ge,
    operators.greater: gt,
}
_COMPARED: Final = {name: _OF_NUMBERS[one] for name, one in operators.TESTS.items() if one in _OF_NUMBERS}
_MOST: Final = 1_000
"""Numbers beyond this are not looked at one by one."""


class _Test(NamedTuple):
    """Whether numbers pass; beyond the `last` one that it names, all of them do or none."""

    passes: Callable[[int], bool]
    last: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters one behind the other, and the list before all of them; `counted` when nothing but numbers and takes decides.

    Which takes are the current ones only picks know, so that of these no more is known than how many may pass.
    """

    base: Expression
    numbers: tuple[_Test, ...]
    takes: tuple[_Test, ...]
    counted: bool

    @property
    def exact(self) -> bool:
        """Whether nothing but numbers decides."""
        return self.counted and not self.takes

    def passes(self, number: object, take: object) -> bool:
        """Whether an image may pass; what is not known of it may be anything."""
        pairs = ((self.numbers, number), (self.takes, take))
        return all(not isinstance(of, int) or all(one.passes(of) for one in tests) for tests, of in pairs)

    def count_images(self, images: Count) -> Count:
        """How many images of an answer pass, of so many."""
        return _count(images, self.numbers)

    @property
    def most_takes(self) -> int | None:
        """How many takes of a task may pass; None where that depends on how many there are."""
        return _count(Count(0, None), self.takes).high

    def count_all(self, answers: Answers) -> Count:
        """How many images of all requests pass."""
        takes, most = answers.takes, self.most_takes
        if most is not None:
            takes = Count(0, most if takes.high is None else min(takes.high, most))
        found = answers.tasks.times(takes).times(self.count_images(answers.images))
        return found if self.exact else Count(0, found.high)

    def leaves_some_of_each(self, answers: Answers) -> bool:
        """Whether some images of each task pass that is made, as long as no take was drawn anew."""
        images, takes = self.count_images(answers.images), _count(answers.takes, self.takes)
        return self.counted and images.low > 0 and takes.low > 0


def read_selection(node: Expression) -> Selection | None:
    """The filters that a list went through last; None where none of them looks at a number or a take."""
    found: dict[str, list[_Test]] = {name: [] for name in _COUNTED}
    counted = True
    while isinstance(node, Applied) and node.arguments and node.name in SAME_ITEMS | _LEAVE_OUT:
        test = _read_test(node)
        if test is not None:
            found[test[0]].append(test[1])
        elif node.name in _LEAVE_OUT:
            counted = False
        node = node.arguments[0]
    if not any(found.values()):
        return None
    return Selection(node, tuple(found["number"]), tuple(found["take"]), counted)


def narrow_count(node: Applied, found: Shape, infer: Callable[[Expression], Shape]) -> Shape:
    """A list that a filter gives, with how many images of each request pass; `infer` says what stood before all filters."""
    selection = read_selection(node) if node.name in _LEAVE_OUT and found.kind is Kind.LIST else None
    base = infer(selection.base) if selection is not None else found
    if selection is None or base.answers is None:
        return found
    low, high = selection.count_all(base.answers)
    if base.optional or base.count != base.answers.count_images():
        low = 0
    highs = [one for one in (high, found.count.high) if one is not None]
    high = min(highs, default=None)
    return replace(found, count=Count(low if high is None else min(low, high), high))


def _read_test(node: Applied) -> tuple[str, _Test] | None:
    """`selectattr('number', 'le', 2)` and the like, with what is written out."""
    if node.name not in ("selectattr", "rejectattr") or node.keywords or len(node.arguments) != 4:
        return None
    attribute, name, value = (_read_literal(one) for one in node.arguments[1:])
    if not isinstance(attribute, str) or not isinstance(name, str) or attribute not in _COUNTED:
        return None
    wanted = node.name == "selectattr"
    compare, bound = _COMPARED.get(name), _read_number(value)
    if compare is not None and bound is not None:
        return attribute, _Test(lambda number: compare(number, bound) is wanted, max(bound, 0))
    listed = [_read_number(one) for one in value] if isinstance(value, list | tuple) else [None]
    known = frozenset(one for one in listed if one is not None)
    if name == "in" and None not in listed:
        return attribute, _Test(lambda number: (number in known) is wanted, max(known, default=0))
    return None


def _read_number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value <= _MOST else None


def _read_literal(node: Expression) -> object:
    if isinstance(node, ListOf):
        return [_read_literal(item) for item in node.items]
    return node.value if isinstance(node, Constant) else None


def _count(count: Count, tests: Sequence[_Test]) -> Count:
    if not tests:
        return count
    last = max(test.last for test in tests)
    passing = [number for number in range(1, last + 1) if all(test.passes(number) for test in tests)]
    beyond = all(test.passes(last + 1) for test in tests)

    def pass_of(many: int) -> int:
        return sum(number <= many for number in passing) + (max(many - last, 0) if beyond else 0)

    high = count.high
    if high is None:
        return Count(pass_of(count.low), None if beyond else len(passing))
    return Count(pass_of(count.low), pass_of(high))
