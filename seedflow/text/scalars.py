"""What a plain (unquoted) YAML scalar means: the core schema of YAML 1.2.2, section 10.3.2, made narrower.

Only the spellings below are special; every other text is text. So `no`, `on`, `yes`, `True`, `Null`, `16:9`, `1_000`
and `2024-01-31` are text.

- null: nothing at all, `null`, `~`
- boolean: `true`, `false`
- integer: `12`, `-3`, `007` (seven), `0o17`, `0xff`
- number: `1.5`, `.5`, `3.`, `1e3`, `.inf`, `-.inf`, `.nan` (the last two also as `.Inf`, `.INF`, `.NaN`, `.NAN`)
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Plain: TypeAlias = "str | int | float | bool | None"

LONGEST_NUMBER: Final = 128
"""Characters. What is longer is text: no number that anybody means has so many digits, and Python refuses to print
or convert the largest integers."""

_WORDS: Final[dict[str, Plain]] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBER_STARTS: Final = frozenset("+-.0123456789")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEXADECIMAL: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")

_NULLS: Final = frozenset(word for word, value in _WORDS.items() if value is None)


def is_null(text: str) -> bool:
    """Whether a plain scalar is null."""
    return text in _NULLS


def resolve_plain(text: str) -> Plain:
    """The value of a plain scalar. Never raises; what is not special is given back as it is.

    Args:
        text: the scalar after folding, without white space at its ends.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS or len(text) > LONGEST_NUMBER:
        return text
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OCTAL_OR_HEXADECIMAL.fullmatch(text):
        return int(text, 0)
    return text
