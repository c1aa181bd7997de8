"""Comparisons whose outcome is known beforehand: with a text that a choice never is, or of kinds that are never equal.

Only what is certain is said. Texts that are written out are switches of the author, which may be set otherwise tomorrow; only
what may become one of several options, and never another, is held against what it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final, NamedTuple

from seedflow.diagnostics.suggest import find_near
from seedflow.graph.guards import is_test
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied, ListOf
from seedflow.recipe.templating.problems import RenderError

_ALIKE: Final = {
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
    Kind.INTEGER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.LIST: "list",
    Kind.IMAGE: "record",
    Kind.TASK: "record",
    Kind.RECORD: "record",
}
"""Kinds whose values may be equal have one word; of those that have none nothing is known."""
_HOLDS: Final[Mapping[operators.Operator, bool]] = {
    operators.equal: False,
    operators.contains: False,
    operators.unequal: True,
    operators.lacks: True,
}
"""Whether a comparison holds where nothing is equal."""
_TESTS: Final = {name: operator for name, operator in operators.TESTS.items() if operator in _HOLDS}
_PICKING: Final = {"select": 1, "reject": 1, "selectattr": 2, "rejectattr": 2}
"""Filters with a test, and how many texts stand before what that compares with."""
_MOST_SHOWN: Final = 8
_LONGEST_SHOWN: Final = 60


class Side(NamedTuple):
    """A side of a comparison: `words` are how messages call it, which may be a part of what `node` gives."""

    node: Expression
    shape: Shape
    words: str


class Reading(NamedTuple):
    """What is known of the text that a comparison stands in."""

    text: str
    shape_of: Callable[[Expression], Shape]

    def side(self, node: Expression) -> Side:
        """An expression as a side of a comparison."""
        return Side(node, self.shape_of(node), self.spell(node))

    def spell(self, node: Expression) -> str:
        """An expression as it is written."""
        spelled = " ".join(self.text[node.start : node.end].split())
        return f"`{spelled if len(spelled) <= _LONGEST_SHOWN else spelled[: _LONGEST_SHOWN - 1] + '…'}`"


def find_never_equal(
    left: Side, operator: operators.Operator, right: Expression, reading: Reading
) -> Iterator[RenderError]:
    """What is certain beforehand of one comparison."""
    holds = _HOLDS.get(operator)
    if holds is None:
        return
    outcome = f", so that this {'always' if holds else 'never'} holds"
    if operator in (operators.equal, operators.unequal):
        yield from _compare(left, reading.side(right), outcome)
    elif isinstance(right, ListOf):
        yield from _look_in_items(left, [reading.side(item) for item in right.items], outcome)
    else:
        items = reading.side(right)
        if items.shape.kind is Kind.LIST and items.shape.item is not None:
            item = Side(right, items.shape.item, f"an item of {items.words}")
            yield from _compare(left, item, outcome)


def find_tested(node: Applied, reading: Reading) -> tuple[Side, operators.Operator, Expression] | None:
    """The comparison that a test or a filter with a test is: `A is eq(B)`, `A | selectattr("mood", "eq", "wild")`."""
    if node.keywords or not node.arguments:
        return None
    first, *others = node.arguments
    if is_test(node):
        operator = _TESTS.get(node.name)
        return None if operator is None or len(others) != 1 else (reading.side(first), operator, others[0])
    given = _PICKING.get(node.name)
    words = [one.value for one in others[:-1] if isinstance(one, Constant) and isinstance(one.value, str)]
    operator = _TESTS.get(words[-1]) if words and len(words) == given == len(others) - 1 else None
    item = reading.shape_of(first).item
    if operator is None or item is None:
        return None
    if given == 1:
        return Side(first, item, f"an item of {reading.spell(first)}"), operator, others[-1]
    found = item.find(words[0])
    if found is None:
        return None
    return Side(first, found, f"`{words[0]}` of an item of {reading.spell(first)}"), operator, others[-1]


def _look_in_items(left: Side, items: Sequence[Side], outcome: str) -> Iterator[RenderError]:
    """Where an item may be equal, only the slip of an option is told; lists may well have more in them than a choice."""
    reasons = [_find_reason(left, item) for item in items]
    strangers = [item for item, why in zip(items, reasons, strict=True) if why is _Never.OPTION]
    if not all(reasons):
        strangers, outcome = [item for item in strangers if _find_meant(left, item) is not None], ""
    for item in strangers or (items[:1] if outcome else ()):
        yield from _compare(left, item, outcome)


def _compare(left: Side, right: Side, outcome: str) -> Iterator[RenderError]:
    if isinstance(left.node, Constant):
        left, right = right, left
    match _find_reason(left, right):
        case _Never.OPTION:
            yield _say_no_option(left, right, outcome)
        case _Never.KIND:
            yield RenderError(
                f"{left.words} is {_describe(left)} and {right.words} is {_describe(right)}{outcome}",
                *_span(left, right),
                "never-equal",
                _help_with_kinds(left, right),
            )
        case None:
            return


class _Never(Enum):
    """Why two values are never equal."""

    OPTION = "option"
    KIND = "kind"


def _find_reason(left: Side, right: Side) -> _Never | None:
    """Why the two are never equal; None where they may be."""
    one, other = _ALIKE.get(left.shape.kind), _ALIKE.get(right.shape.kind)
    if one is None or other is None or (left.shape.optional and right.shape.optional):
        return None
    if one != other:
        return _Never.KIND
    options, others = _find_options(left), _find_options(right)
    if len(options) < 2 and len(others) < 2:
        return None
    return _Never.OPTION if options and others and set(options).isdisjoint(others) else None


def _find_options(side: Side) -> tuple[str, ...]:
    """All that a text may be; a single option may be what a value happens to be today."""
    if isinstance(side.node, Constant):
        return (side.node.value,) if isinstance(side.node.value, str) else ()
    return side.shape.options if len(side.shape.options) > 1 else ()


def _say_no_option(left: Side, right: Side, outcome: str) -> RenderError:
    options = left.shape.options
    shown = ", ".join(f"`{one}`" for one in options[:_MOST_SHOWN])
    shown += ", …" if len(options) > _MOST_SHOWN else ""
    if not isinstance(right.node, Constant):
        message = f"{left.words} and {right.words} have no option in common{outcome}"
        return RenderError(
            message, *_span(left, right), "never-equal", f"the options of {left.words} are {shown}"
        )
    near = _find_meant(left, right)
    return RenderError(
        f"{left.words} is never {right.words}, which is none of its options{outcome}",
        right.node.start,
        right.node.end,
        "never-equal",
        f"its options are {shown}" if near is None else f"did you mean `{near}`?",
    )


def _find_meant(left: Side, right: Side) -> str | None:
    """The option that a text is a slip of."""
    value = right.node.value if isinstance(right.node, Constant) else None
    return find_near(value, left.shape.options) if isinstance(value, str) else None


def _span(left: Side, right: Side) -> tuple[int, int]:
    return min(left.node.start, right.node.start), max(left.node.end, right.node.end)


def _describe(side: Side) -> str:
    return replace(side.shape, optional=False).describe()


def _help_with_kinds(left: Side, right: Side) -> str:
    """What to write instead; `right` is what is written out, if either is."""
    value = right.node.value if isinstance(right.node, Constant) else None
    kinds = {_ALIKE[left.shape.kind], _ALIKE[right.shape.kind]}
    if isinstance(value, str) and value.casefold() in ("true", "false") and "boolean" in kinds:
        return f"write `{value.casefold()}` without quotes"
    if isinstance(value, str) and kinds == {"text", "number"} and _is_number(value):
        return f"write the number without quotes: `{value.strip()}`"
    if value is not None and left.shape.kind is Kind.TEXT and "list" not in kinds:
        return f"text is compared with text: write `'{right.words.strip('`')}'`"
    if "boolean" in kinds:
        return "a boolean is `true` or `false`, and nothing else"
    if "record" in kinds:
        return "compare one of its attributes or fields, such as `.name` of an image"
    if "list" in kinds:
        return "write `in` to look for an item of a list, or compare its `length`"
    return "text never becomes a number: compare the number as text, with `… | string`"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
