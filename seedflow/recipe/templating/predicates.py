"""The tests that may follow `is`, and be named in `select` and its relatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seedflow.recipe.templating import operators
from seedflow.recipe.templating.callees import Callee
from seedflow.recipe.templating.rendering import MISSING, Rendering
from seedflow.recipe.templating.scalar_filters import check_whole


def _kind(*kinds: type, but: type | None = None) -> Callee:
    return Callee(
        lambda _, value: isinstance(value, kinds) and not (but is not None and isinstance(value, but))
    )


def _ordered(sign: str) -> Callee:
    return Callee(lambda rendering, value, other: operators.compare(rendering, sign, value, other))


def _is_divisible(rendering: Rendering, value: object, num: object) -> bool:
    return operators.modulo(rendering, value, num) == 0


_EQUAL: Final = Callee(operators.equal)
_UNEQUAL: Final = Callee(lambda rendering, value, other: not operators.equal(rendering, value, other))

TESTS: Final[Mapping[str, Callee]] = {
    "boolean": _kind(bool),
    "defined": Callee(lambda _, value: value is not MISSING, takes_missing=True),
    "divisibleby": Callee(_is_divisible),
    "eq": _EQUAL,
    "equalto": _EQUAL,
    "==": _EQUAL,
    "even": Callee(lambda _, value: check_whole(value, "what is even or odd") % 2 == 0),
    "false": Callee(lambda _, value: value is False),
    "float": _kind(float),
    "ge": _ordered(">="),
    ">=": _ordered(">="),
    "gt": _ordered(">"),
    ">": _ordered(">"),
    "in": Callee(operators.contains),
    "integer": _kind(int, but=bool),
    "le": _ordered("<="),
    "<=": _ordered("<="),
    "lt": _ordered("<"),
    "<": _ordered("<"),
    "mapping": _kind(Mapping),
    "ne": _UNEQUAL,
    "!=": _UNEQUAL,
    "none": Callee(lambda _, value: value is None),
    "number": _kind(int, float, but=bool),
    "odd": Callee(lambda _, value: check_whole(value, "what is even or odd") % 2 == 1),
    "sequence": _kind(list, tuple),
    "string": _kind(str),
    "true": Callee(lambda _, value: value is True),
    "undefined": Callee(lambda _, value: value is MISSING, takes_missing=True),
}
