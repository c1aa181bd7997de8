"""Text that is not ours, made safe for a terminal: nothing in it moves the cursor, hides or reorders what is shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SUSPECT: Final = re.compile(r"[^\t\n -~\u00a1-\u00ac\u00ae-\u02ff]")
"""What needs a closer look; text without it is printed as it is, at no cost."""

_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols by category that show nothing at all."""

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"


def make_printable(text: str) -> str:
    r"""The text with everything that a terminal might obey, or that nobody can see, written as an escape.

    Line ends and tabs stay. Other control characters (`\x1b`), marks that change the direction of writing
    (`\u202e`), characters without width (`\u200b`), lone surrogates (`\udc80`) and tags (`\U000e0041`) become what
    stands in brackets here. Joiners stay where a script or an emoji is made with them.
    """
    if _SUSPECT.search(text) is None:
        return text
    return "".join(show_characters(text))


def show_characters(text: str) -> list[str]:
    """What `make_printable` makes of each character."""
    if _SUSPECT.search(text) is None:
        return list(text)
    return [_show(text, at, character) for at, character in enumerate(text)]


def _show(text: str, at: int, character: str) -> str:
    if character in "\t\n" or " " <= character <= "~":
        return character
    category = unicodedata.category(character)
    hidden = category in _HIDDEN or character in _INVISIBLE or "\U000e0000" <= character <= "\U000e0fff"
    if not hidden or (character in _JOINERS and _joins(text, at)):
        return character
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _joins(text: str, at: int) -> bool:
    """Whether a joiner stands between two letters of a script that uses them, or parts of an emoji."""
    if not 0 < at < len(text) - 1:
        return False
    before, after = unicodedata.category(text[at - 1]), unicodedata.category(text[at + 1])
    scripts = ("Lo", "Mn", "Mc")
    if before in scripts and after in scripts and text[at - 1] != "\ufe0f":
        return True
    return text[at] == "\u200d" and (before in ("So", "Sk") or text[at - 1] == "\ufe0f") and after == "So"
