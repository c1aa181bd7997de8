"""Amounts of US dollars: exact, parsed and printed in one place. Stored as whole micro-dollars."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation, localcontext

MICROS_PER_USD = 1_000_000

ZERO_USD = Decimal(0)
MOST_USD = Decimal(10) ** 12
_MOST_DIGITS = 1_000
"""More than any number in JSON has, so that every finite amount can be told."""


def parse_usd(text: str) -> Decimal:
    """Read an amount such as `1.50` or `$0.04`.

    Raises:
        ValueError: not a finite, non-negative amount of at most six decimals.
    """
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        raise ValueError(f"`{text}` is not an amount of dollars") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"`{text}` is not an amount of dollars that can be spent")
    if amount > MOST_USD:
        raise ValueError(f"`{text}` is more than anybody can spend")
    if amount != amount.quantize(Decimal("0.000001")):
        raise ValueError(f"`{text}` has more than six decimals")
    return abs(amount)  # of a zero, `-0.0` keeps its sign


def to_micros(amount: Decimal) -> int:
    """Whole micro-dollars, rounded up so that a reservation is never too small."""
    return int((amount * MICROS_PER_USD).to_integral_value(rounding="ROUND_CEILING"))


def from_micros(micros: int) -> Decimal:
    """The inverse of `to_micros`."""
    return Decimal(micros) / MICROS_PER_USD


def format_usd(amount: Decimal) -> str:
    """`$0.04`, `$12.00`, `$0.0375`: two decimals, more only where they matter."""
    with localcontext(prec=_MOST_DIGITS):
        cents = amount.quantize(Decimal("0.01"))
        if cents == amount:
            return f"${cents:,}"
        return f"${amount.normalize():,f}"


def to_json_usd(amount: Decimal) -> float:
    """The number that stands for an amount in JSON output."""
    return float(amount)
