"""Spaces that look like plain ones and are none to YAML, where only plain ones part what stands there.

A no-break space, as copying from pages and typing on some keyboards leaves it, belongs to the text in which it stands.
In the indentation it makes a key of its own, and behind a colon it takes the key into the value.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.text.trouble import Trouble, find_line_end, find_line_start

_ODD: Final = "\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000"
_BEGINS: Final = re.compile(f"[{_ODD}]+")
_BEHIND_COLON: Final = re.compile(f"[A-Za-z_][\\w.-]*:(?P<odd>[{_ODD}]+)")
_ON_LINE: Final = re.compile(f"[ ]*(?:- +)*(?:[A-Za-z_][\\w.-]*: *)?(?P<odd>[{_ODD}]+)")


def find_odd_space(source: Source, start: int, *, key: bool) -> Diagnostic | None:
    """What is wrong with a text without quotes that begins with an odd space, or has one behind its first colon.

    Args:
        source: of the text.
        start: where it starts.
        key: whether it is a key. A value may begin with an odd space, or hold `Note:` and one behind it, unless it is
            alone on its line and so looks like a key.
    """
    text = source.text
    if not (key or _begins_line(text, start)):
        return None
    if found := _BEGINS.match(text, start):
        return _report(source, found.start(), found.end())
    found = _BEHIND_COLON.match(text, start)
    return _report(source, *found.span("odd")) if found else None


def explain_odd_space(trouble: Trouble) -> Diagnostic | None:
    """An odd space in front of what libyaml got stuck at, or at the end of the line above."""
    text = trouble.text
    lines = [find_line_start(text, trouble.since), find_line_start(text, trouble.at)]
    if trouble.says("mapping values are not allowed") and ":" not in trouble.before:
        lines.insert(1, find_line_start(text, max(lines[1] - 1, 0)))
    for line_start in lines:
        found = _ON_LINE.match(text, line_start, max(find_line_end(text, line_start), trouble.at))
        if found and found.start("odd") <= trouble.at:
            return _report(trouble.source, *found.span("odd"))
    return None


def _begins_line(text: str, at: int) -> bool:
    while at and text[at - 1] == " ":
        at -= 1
    return at == 0 or text[at - 1] == "\n"


def _report(source: Source, start: int, end: int) -> Diagnostic:
    line_start = find_line_start(source.text, start)
    character = source.text[start]
    name = f"U+{ord(character):04X} ({unicodedata.name(character).lower()})"
    before = source.text[line_start:start].rstrip(" ")
    where = "behind a colon" if before.endswith(":") else "before a text" if before else "in the indentation"
    return Diagnostic(
        "yaml-space",
        f"found the character {name} {where}, where only plain spaces are allowed",
        Span(source, start, end),
        help="replace it by plain spaces; put quotes around a text that begins with it",
    )
