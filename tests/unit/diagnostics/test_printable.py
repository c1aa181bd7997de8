"""Nothing in a printed text is obeyed by a terminal, hidden, or shown in another order than it stands."""

from __future__ import annotations

import pytest

from seedflow.diagnostics.printable import make_printable, show_characters


@pytest.mark.parametrize(
    "text",
    ["plain ASCII\tand\nlines", "é ü ß Ω Я 日本語 한국어 हिन्दी", "👩‍🚀 👨‍👩‍👧 ❤️‍🔥 🇯🇵 👍🏽", "می‌خواهم", "क्‍ष", "“quotes” – … ×"],
)  # fmt: skip # a row a line
def test_what_people_write_stays(text: str) -> None:
    assert make_printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2J\x1b]8;;x\x07", r"a\x1b[2J\x1b]8;;x\x07"),
        ("\0\r\b\x7f\x9b\x85", r"\x00\x0d\x08\x7f\x9b\x85"),
        ("a\u202eb\u2066c\u200f", r"a\u202eb\u2066c\u200f"),
        ("a\u200bb\u2060c\ufeff\u00ad", r"a\u200bb\u2060c\ufeff\xad"),
        ("ad\u200cmin\u200d", r"ad\u200cmin\u200d"),
        ("\u200d👩", r"\u200d👩"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\udc80\ud800", r"\udc80\ud800"),
        ("\U000e0041\U000e0100", r"\U000e0041\U000e0100"),
        ("\u3164\u115f\u034f", r"\u3164\u115f\u034f"),
    ],
)
def test_what_nobody_sees_or_terminals_obey_is_escaped(text: str, shown: str) -> None:
    assert make_printable(text) == shown


def test_each_character_is_shown_by_itself() -> None:
    assert show_characters("a\x1b👩\u200d🚀") == ["a", r"\x1b", "👩", "\u200d", "🚀"]
