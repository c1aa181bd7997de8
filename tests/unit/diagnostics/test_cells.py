"""Text takes as many cells as a terminal gives it."""

from __future__ import annotations

import pytest

from seedflow.diagnostics.cells import count_cells, lay_out


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("日本", 4), ("ｆ", 2), ("한", 2), ("👍", 2), ("👍🏽", 2), ("👩‍🚀", 2), ("👨‍👩‍👧", 2),
        ("❤", 1), ("❤️", 2), ("🇯🇵", 2), ("क्ष", 2), ("\x1b", 4), ("\u202e", 6), ("…", 1), ("می‌خواهم", 7),
    ],
)  # fmt: skip # a row a line
def test_characters_take_their_cells(text: str, cells: int) -> None:
    assert count_cells(text) == cells


def test_tabs_fill_up_to_the_next_stop() -> None:
    assert [cells for _, cells in lay_out("\ta\tabc\tabcd\t日\t")] == [
        4,
        1,
        3,
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        4,
        2,
        2,
    ]
    assert all(shown == " " * cells for shown, cells in lay_out("a\t\t")[1:])
