"""Plain scalars mean what the YAML 1.2 core schema says, made narrower where language.md says so."""

from __future__ import annotations

import math

import pytest

from seedflow.text.scalars import LONGEST_NUMBER, resolve_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("false", False),
        ("0", 0), ("12", 12), ("-3", -3), ("+4", 4), ("007", 7), ("0o17", 15), ("0xfF", 255),
        ("1.5", 1.5), ("-.5", -0.5), ("3.", 3.0), ("1e3", 1000.0), ("1.10", 1.1), ("6.02E+23", 6.02e23),
        (".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf), ("1e999", math.inf),
    ],
)  # fmt: skip # a row a line
def test_special_spellings_have_a_value(text: str, value: object) -> None:
    resolved = resolve_plain(text)
    assert (type(resolved), resolved) == (type(value), value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_a_number(text: str) -> None:
    resolved = resolve_plain(text)
    assert isinstance(resolved, float)
    assert math.isnan(resolved)


@pytest.mark.parametrize(
    "text",
    [
        "16:9", "4:3", "1:1", "190:20:30", "no", "yes", "on", "off", "y", "n", "No", "ON", "True", "TRUE", "False", "Null",
        "NULL", "2024-01-31", "2024-13-45", "2001-12-14t21:59:43.10-05:00", "1_000", "0b101", "0b_", "0x", "0x_", "0o8", "0o",
        "-0x1", "+0o7", "1e", "e3", ".", "-", "+", "..5", "1.2.3", ".inff", "٣", "１", "=", "<<", "--1", "0.1.0", "1 2", "4k",
    ],
)  # fmt: skip # a row a line
def test_everything_else_is_text(text: str) -> None:
    assert resolve_plain(text) == text
    assert isinstance(resolve_plain(text), str)


@pytest.mark.parametrize("prefix", ["", "-", "0x", "0o", "0.", "1e", "-.", "1e-"])
@pytest.mark.parametrize("count", [LONGEST_NUMBER, 5_000, 1_000_000])
def test_huge_numbers_never_raise_and_are_text_beyond_the_limit(prefix: str, count: int) -> None:
    text = prefix + "7" * count
    resolved = resolve_plain(text)
    if len(text) > LONGEST_NUMBER:
        assert resolved == text
    else:
        assert f"{resolved}"
        assert not isinstance(resolved, str)
