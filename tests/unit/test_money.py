"""Amounts are exact, and a reservation is never too small."""

from __future__ import annotations

from decimal import Decimal

import pytest

from seedflow.money import format_usd, from_micros, parse_usd, to_micros


@pytest.mark.parametrize(
    ("text", "amount"), [("1.50", "1.5"), ("$0.04", "0.04"), ("0", "0"), (" 12 ", "12"), ("-0.0", "0")]
)
def test_amounts_are_read(text: str, amount: str) -> None:
    assert parse_usd(text) == Decimal(amount)
    assert not parse_usd(text).is_signed(), "a zero has no sign"


@pytest.mark.parametrize("text", ["", "a", "-1", "nan", "inf", "0.0000001", "1,5"])
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"dollars|decimals"):
        parse_usd(text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.04", "$0.04"),
        ("12", "$12.00"),
        ("0.0375", "$0.0375"),
        ("1234.5", "$1,234.50"),
        ("1e30", f"${10**30:,}.00"),
    ],
)
def test_amounts_are_printed(amount: str, text: str) -> None:
    assert format_usd(Decimal(amount)) == text


def test_micros_round_up() -> None:
    assert to_micros(Decimal("0.0000001")) == 1
    assert from_micros(to_micros(Decimal("0.04"))) == Decimal("0.04")


@pytest.mark.parametrize("amount", ["1e300", "-1e300", "1.7976931348623157e308", "5e-324", "0." + "1" * 400])
def test_any_finite_amount_can_be_printed(amount: str) -> None:
    assert format_usd(Decimal(amount)).startswith("$")
