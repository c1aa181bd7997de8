"""Between which numbers a whole number lies that nobody knows yet, and what arithmetic makes of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple


def count_numbers(numbers: range) -> int:
    """How many numbers a range has, be they more than `len` can tell."""
    return (numbers[-1] - numbers[0]) // numbers.step + 1 if numbers else 0


class Range(NamedTuple):
    """The least and the greatest that a whole number may be, both included; None where nothing bounds it."""

    low: int | None
    high: int | None

    def plus(self, other: Range) -> Range:
        """The sum."""
        return Range(_both(self.low, other.low, _add), _both(self.high, other.high, _add))

    def negated(self) -> Range:
        """The same below zero."""
        return Range(
            None if self.high is None else -self.high,
            None if self.low is None else -self.low,
        )

    def times(self, other: Range) -> Range:
        """The product; known where neither is below zero."""
        if self.low is None or other.low is None or self.low < 0 or other.low < 0:
            return ANYTHING
        return Range(self.low * other.low, _both(self.high, other.high, _multiply))

    def divided(self, other: Range) -> Range:
        """The quotient, rounded down; known for a divisor that is one number above zero."""
        by = other.low
        if by is None or by != other.high or by < 1:
            return ANYTHING
        return Range(
            None if self.low is None else self.low // by, None if self.high is None else self.high // by
        )

    def within(self, least: float | None, most: float | None) -> Range:
        """What is left of it between two bounds; the bounds themselves where nothing is."""
        low = _join((self.low, None if least is None else _round_up(least)), max)
        high = _join((self.high, None if most is None else int(most // 1)), min)
        return Range(low, high if low is None or high is None else max(low, high))

    def without_zero(self) -> Range:
        """The same where it is not 0, as far as that is one of its ends."""
        if self.low == self.high:
            return self
        return Range(
            self.low or 1 if self.low is not None else None,
            self.high or -1 if self.high is not None else None,
        )

    def describe(self) -> str:
        """`5`, `1 to 5`, `1 or more`."""
        if self.low == self.high and self.low is not None:
            return str(self.low)
        if self.low is None or self.high is None:
            return f"{self.low} or more" if self.low is not None else f"{self.high} or less"
        return f"{self.low} to {self.high}"


ANYTHING = Range(None, None)


def join_ranges(ranges: Iterable[Range]) -> Range:
    """Of one of several numbers."""
    lows, highs = zip(*ranges, strict=True)
    return Range(None if None in lows else min(lows), None if None in highs else max(highs))


def find_smallest(ranges: Iterable[Range]) -> Range:
    """Of the smallest of several numbers."""
    lows, highs = zip(*ranges, strict=True)
    return Range(None if None in lows else min(lows), _join(highs, min))


def find_greatest(ranges: Iterable[Range]) -> Range:
    """Of the greatest of several numbers."""
    lows, highs = zip(*ranges, strict=True)
    return Range(_join(lows, max), None if None in highs else max(highs))


def _both(one: int | None, other: int | None, apply: Callable[[int, int], int]) -> int | None:
    return None if one is None or other is None else apply(one, other)


def _add(one: int, other: int) -> int:
    return one + other


def _multiply(one: int, other: int) -> int:
    return one * other


def _join(numbers: Iterable[int | None], choose: Callable[[list[int]], int]) -> int | None:
    """The one to choose of those that are known."""
    known = [number for number in numbers if number is not None]
    return choose(known) if known else None


def _round_up(number: float) -> int:
    return -int(-number // 1)
