"""What a client writes about its call is read, whatever it writes."""

from __future__ import annotations

import json

import pytest

from seedflow.emulator.metadata import read_caller


@pytest.mark.parametrize(
    ("said", "take"),
    [
        (1, 1),
        ("7", 7),
        (999_999_999, 999_999_999),
        (10**9, 1),
        (2**53 + 1, 1),
        ("9" * 40, 1),
        (0, 1),
        (True, 1),
    ],
)
def test_counts_that_nobody_counts_to_are_none(said: object, take: int) -> None:
    assert read_caller({"cf-aig-metadata": json.dumps({"take": said})}).take == take
