"""Characters that a text file must not hold: controls, lone surrogates, and line ends that editors do not count."""

from __future__ import annotations

import re
from typing import Final

from seedflow.diagnostics import Diagnostic, Source, Span

_FORBIDDEN: Final = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff\\ud800-\\udfff]|\\r(?!\\n)"
)
_FORBIDDEN_VALUE: Final = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\ud800-\\udfff]"
)
_NAMES: Final = {
    "\0": "NUL",
    "\x08": "backspace",
    "\x0b": "vertical tab",
    "\x0c": "form feed",
    "\r": "a carriage return without a line feed",
    "\x1b": "escape",
    "\x7f": "delete",
    "\x85": "next line",
    "\u2028": "line separator",
    "\u2029": "paragraph separator",
    "\ufeff": "byte order mark",
}
_STAND_INS: Final = {"\r": "\n", **dict.fromkeys("\x0b\x0c\x85\u2028\u2029", " ")}


def check_characters(source: Source) -> tuple[str, list[Diagnostic]]:
    """Find characters that do not belong into a text.

    Returns:
        The text with each of them replaced by one harmless character, so that reading can go on with all offsets
        unchanged, and one diagnostic for each kind of them, at its first place.
    """
    first = _FORBIDDEN.search(source.text)
    if first is None:
        return source.text, []
    counts: dict[str, int] = {}
    places: dict[str, int] = {}
    for found in _FORBIDDEN.finditer(source.text, first.start()):
        character = found.group()
        counts[character] = counts.get(character, 0) + 1
        places.setdefault(character, found.start())
    text = _FORBIDDEN.sub(lambda found: _STAND_INS.get(found.group(), "\ufffd"), source.text)
    return text, [
        _report(Span(source, at, at + 1), character, counts[character]) for character, at in places.items()
    ]


def find_control(value: str) -> int | None:
    """The offset of the first control character of a value, be it written by an escape sequence or given, or None."""
    found = _FORBIDDEN_VALUE.search(value)
    return found.start() if found else None


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8; bytes of a command line or path that are not become lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def report_escaped_control(span: Span, character: str) -> Diagnostic:
    """The diagnostic of an escape sequence that makes a control character."""
    return Diagnostic(
        "control-character",
        f"this escape sequence makes {describe(character)}, which is not allowed in a text",
        span,
        help="remove the escape sequence",
    )


def report_given_control(span: Span, character: str) -> Diagnostic:
    """The diagnostic of a control character in a value that no file holds."""
    return Diagnostic(
        "control-character",
        f"found the character {describe(character)}, which is not allowed in a text",
        span,
        help="remove it",
    )


def describe(character: str) -> str:
    """A character that cannot be shown, by number and name: `U+0000 (NUL)`."""
    number = f"U+{ord(character):04X}"
    if "\ud800" <= character <= "\udfff":
        return f"{number} (half of a surrogate pair)"
    return f"{number} ({_NAMES.get(character, 'control character')})"


def _report(span: Span, character: str, count: int) -> Diagnostic:
    times = f", {count} times in this file" if count > 1 else ""
    if character == "\r":
        message = f"lines end with a carriage return alone{times}, expected a line feed"
        return Diagnostic(
            "control-character", message, span, help="save the file with line ends of Unix or Windows"
        )
    return Diagnostic(
        "control-character",
        f"found the character {describe(character)}{times}, which is not allowed in a text file",
        span,
        help="remove it" if character not in _STAND_INS else "replace it by a space or an ordinary line end",
    )
