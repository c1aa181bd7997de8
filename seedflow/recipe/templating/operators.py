"""What operators mean, and what their results may cost. Stricter than Python: no mixed types, no text times text, no overflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias, TypeGuard

from seedflow.recipe.templating.limits import MAX_EXPONENT, MAX_NUMBER
from seedflow.recipe.templating.problems import Refusal
from seedflow.recipe.templating.rendering import Rendering, describe, to_text

Number: TypeAlias = int | float
Operator: TypeAlias = Callable[[Rendering, object, object], object]

_TEXT_SHARE: Final = 6
"""Comparing text is paid for by this power of two characters."""
_TEST_FOR_NONE: Final = "test for none first, or say with `default(…)` what stands in its place"
_DECLARE: Final = "declare the input or the column that it comes from with `type: number`"
_TEXT_IS_NO_NUMBER: Final = f"text is put together with `~`; to reckon with it, {_DECLARE}"
_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def is_number(value: object) -> bool:
    """Whether it is a number; a boolean is none here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_number(value: object) -> Number:
    """The number, kept within bounds.

    Raises:
        Refusal: no number, too large, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refusal(code="template-type", message=f"expected a number, but this is {describe(value)}")
    if isinstance(value, float):
        if math.isfinite(value):
            return value
    elif -MAX_NUMBER < value < MAX_NUMBER:
        return value
    raise Refusal(code="template-number", message="this number is too large", help="use smaller numbers")


def _two_numbers(sign: str, left: object, right: object, takes: str = "two numbers") -> tuple[Number, Number]:
    if is_number(left) and is_number(right):
        return check_number(left), check_number(right)
    raise Refusal(
        code="template-type",
        message=f"`{sign}` takes {takes}, but these are {describe(left)} and {describe(right)}",
        help=_TEST_FOR_NONE
        if left is None or right is None
        else _TEXT_IS_NO_NUMBER
        if isinstance(left, str) or isinstance(right, str)
        else None,
    )


def add(rendering: Rendering, left: object, right: object) -> object:
    """Two numbers, two texts, or two lists. None is no items: beside a list it adds nothing, and twice it is still none."""
    if is_number(left) and is_number(right):
        return check_number(check_number(left) + check_number(right))
    if isinstance(left, str) and isinstance(right, str):
        rendering.check_length(len(left) + len(right))
        return left + right
    if not _may_be_items(left) or not _may_be_items(right):
        raise Refusal(
            code="template-type",
            message=f"`+` takes two numbers, two texts or two lists, but these are {describe(left)} and {describe(right)}",
            help=_advise_sum(left, right),
        )
    if left is None and right is None:
        return None
    first, second = left or (), right or ()
    rendering.check_items(len(first) + len(second))
    rendering.weigh(first)
    rendering.weigh(second)
    return [*first, *second]


def _may_be_items(value: object) -> TypeGuard[list[object] | tuple[object, ...] | None]:
    return value is None or isinstance(value, list | tuple)


def _advise_sum(left: object, right: object) -> str:
    """What to write instead of a sum that there is not."""
    if any(isinstance(one, list | tuple) for one in (left, right)):
        return "put what is no list into brackets to add it as an item: `… + [ITEM]`"
    if left is None or right is None:
        return _TEST_FOR_NONE
    if isinstance(left, str) and isinstance(right, str):
        return "text is put together with `~`"
    if isinstance(left, str) or isinstance(right, str):
        return _TEXT_IS_NO_NUMBER
    return "make a list of them: `[A, B]`"


def subtract(_: Rendering, left: object, right: object) -> object:
    """Numbers."""
    first, second = _two_numbers("-", left, right)
    return check_number(first - second)


def multiply(rendering: Rendering, left: object, right: object) -> object:
    """Numbers, or text or a list times a whole number."""
    if is_number(left) and isinstance(right, str | list | tuple):
        left, right = right, left
    if isinstance(left, str | list | tuple) and isinstance(right, int) and not isinstance(right, bool):
        times = max(0, right)
        if isinstance(left, str):
            rendering.check_length(len(left) * times)
            return left * times
        rendering.check_items(len(left) * times)
        for _ in range(times if left else 0):
            rendering.weigh(left)
        return list(left) * times
    first, second = _two_numbers("*", left, right, "two numbers, or text or a list and a whole number")
    return check_number(first * second)


def _refuse_zero() -> Refusal:
    return Refusal(code="template-number", message="this divides by zero", help="test the divisor first")


def divide(_: Rendering, left: object, right: object) -> object:
    """Numbers; the result is a number with a fraction."""
    first, second = _two_numbers("/", left, right)
    if second == 0:
        raise _refuse_zero()
    return check_number(first / second)


def floor_divide(_: Rendering, left: object, right: object) -> object:
    """Numbers; the fraction is cut off, downwards."""
    first, second = _two_numbers("//", left, right)
    if second == 0:
        raise _refuse_zero()
    return check_number(first // second)


def modulo(_: Rendering, left: object, right: object) -> object:
    """Numbers; formatting text with `%` is not offered."""
    first, second = _two_numbers("%", left, right)
    if second == 0:
        raise _refuse_zero()
    return check_number(first % second)


def power(_: Rendering, left: object, right: object) -> object:
    """Numbers, small ones."""
    base, exponent = _two_numbers("**", left, right)
    if abs(exponent) > MAX_EXPONENT:
        raise Refusal(
            code="template-number",
            message=f"an exponent lies between -{MAX_EXPONENT:,} and {MAX_EXPONENT:,}",
            help="use a smaller one",
        )
    if base == 0 and exponent < 0:
        raise _refuse_zero()
    try:
        result = base**exponent
    except OverflowError:
        raise Refusal(
            code="template-number", message="this number is too large", help="use smaller numbers"
        ) from None
    if isinstance(result, complex):
        raise Refusal(code="template-number", message="this root of a negative number does not exist")
    return check_number(result)


def concatenate(rendering: Rendering, parts: list[object]) -> str:
    """The texts of scalars, one behind the other."""
    texts = [to_text(part) for part in parts]
    rendering.check_length(sum(map(len, texts)))
    return "".join(texts)


def equal(rendering: Rendering, left: object, right: object) -> bool:
    """Whether two values are the same; lists and records item by item. A boolean is never a number."""
    if isinstance(left, str) and isinstance(right, str):
        rendering.spend(len(left) >> _TEXT_SHARE)
    elif isinstance(left, list | tuple | Mapping):
        rendering.weigh(left)
        rendering.weigh(right)
    return _are_same(left, right)


def _are_same(left: object, right: object) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_are_same, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_are_same(left[name], right[name]) for name in left)
    return left == right


def compare(rendering: Rendering, sign: str, left: object, right: object) -> bool:
    """`<`, `<=`, `>` or `>=` of two numbers or two texts."""
    if isinstance(left, str) and isinstance(right, str):
        rendering.spend(len(left) >> _TEXT_SHARE)
        return _ORDERS[sign](left, right)
    if is_number(left) and is_number(right):
        return _ORDERS[sign](left, right)
    raise Refusal(
        code="template-type",
        message=f"`{sign}` compares two numbers or two texts, but these are {describe(left)} and {describe(right)}",
        help=f"text never becomes a number: write a number without quotes, or {_DECLARE}"
        if {describe(left), describe(right)} == {"a number", "text"}
        else None,
    )


def contains(rendering: Rendering, value: object, container: object) -> bool:
    """`in`: a text in a text, an item in a list, a name in a record."""
    if isinstance(container, str):
        if isinstance(value, str):
            rendering.spend(1 + (len(container) >> _TEXT_SHARE))
            return value in container
    elif isinstance(container, list | tuple):
        rendering.weigh(container)
        rendering.weigh(value)
        return _is_among(rendering, value, container)
    elif isinstance(container, Mapping):
        return isinstance(value, str) and value in container
    raise Refusal(
        code="template-type",
        message=f"`in` looks for {describe(value)} in {describe(container)}",
        help="the right side is a list, a record, or, for text, text",
    )


def _is_among(rendering: Rendering, value: object, items: Sequence[object]) -> bool:
    """Whether a value is one of some items that are paid for: with many of them, what `equal` asks of each would take most of the time."""
    if isinstance(value, str):
        work = len(value) >> _TEXT_SHARE
        for item in items:
            if isinstance(item, str):
                rendering.spend(work)
                if value == item:
                    return True
        return False
    if isinstance(value, list | tuple | Mapping):
        return any(equal(rendering, value, item) for item in items)
    return any(_are_same(value, item) for item in items)


def unequal(rendering: Rendering, left: object, right: object) -> bool:
    """Whether two values differ."""
    return not equal(rendering, left, right)


def less(rendering: Rendering, left: object, right: object) -> bool:
    """`<`."""
    return compare(rendering, "<", left, right)


def less_or_equal(rendering: Rendering, left: object, right: object) -> bool:
    """`<=`."""
    return compare(rendering, "<=", left, right)


def greater(rendering: Rendering, left: object, right: object) -> bool:
    """`>`."""
    return compare(rendering, ">", left, right)


def greater_or_equal(rendering: Rendering, left: object, right: object) -> bool:
    """`>=`."""
    return compare(rendering, ">=", left, right)


def lacks(rendering: Rendering, value: object, container: object) -> bool:
    """`not in`."""
    return not contains(rendering, value, container)


COMPARISONS: Final[dict[str, Operator]] = {
    "eq": equal,
    "ne": unequal,
    "lt": less,
    "lteq": less_or_equal,
    "gt": greater,
    "gteq": greater_or_equal,
    "in": contains,
    "notin": lacks,
}
"""Comparisons by the names that Jinja has for them."""

TESTS: Final[Mapping[str, Operator]] = {
    **dict.fromkeys(("eq", "equalto", "=="), equal),
    **dict.fromkeys(("ne", "!="), unequal),
    **dict.fromkeys(("lt", "<"), less),
    **dict.fromkeys(("le", "<="), less_or_equal),
    **dict.fromkeys(("gt", ">"), greater),
    **dict.fromkeys(("ge", ">="), greater_or_equal),
    "in": contains,
}
"""Comparisons by the names of the tests that stand for them: `is eq('wild')`, `selectattr("mood", "eq", "wild")`."""

MIRRORED: Final[Mapping[Operator, Operator]] = {
    equal: equal,
    unequal: unequal,
    less: greater,
    less_or_equal: greater_or_equal,
    greater: less,
    greater_or_equal: less_or_equal,
}
"""The comparison that says the same with its sides exchanged."""
