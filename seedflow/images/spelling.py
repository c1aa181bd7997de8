"""Text in the characters that the built-in font has: ASCII and a little punctuation.

What it lacks is spelled as near as one can: accents are dropped (`é` → `e`), Greek, Cyrillic, kana and Hangul are
transliterated, emoji and symbols are named (`[fox face]`), and what cannot be spelled is counted
(`[12 Han characters]`). So a picture never shows rows of empty boxes, and never a wrong letter silently.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

COVERED = frozenset(
    "".join(map(chr, range(0x20, 0x7F)))
    + "\u00a9\u00ab\u00b0\u00b1\u00b4\u00b7\u00bb\u2018\u2019\u201c\u201d\u2026\u2039\u203a\u2044\u2122"
)
"""The characters of Pillow's built-in font (a test compares them with the font itself)."""

_SAME = {
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2010": "-", "\u2011": "-", "\u00d7": "x", "\u2022": "\u00b7", "\u201e": "\u201c", "\u201a": "\u2018",
    "\u2192": "->", "\u2190": "<-", "\u2264": "<=", "\u2265": ">=", "\u20ac": "EUR", "\u00a3": "GBP", "\u00a5": "JPY", "\u00a2": "ct", "\u00a7": "S.", "\u00b6": "",
    "\u3001": ", ", "\u3002": ". ", "\uff0c": ", ", "\uff1a": ": ", "\uff1b": "; ", "\uff01": "! ", "\uff1f": "? ", "\u300c": "\u201c", "\u300d": "\u201d", "\u300e": "\u201c", "\u300f": "\u201d",
    "\u300a": "\u00ab", "\u300b": "\u00bb", "\u30fb": "\u00b7", "\u30fc": "", "\u00bf": "?", "\u00a1": "!", "\u00ae": "(R)", "\u2032": "'", "\u2033": '"', "\u00b5": "u",
    "\u00df": "ss", "\u1e9e": "SS", "\u00e6": "ae", "\u00c6": "AE", "\u0153": "oe", "\u0152": "OE", "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L",
    "\u0111": "d", "\u0110": "D", "\u00f0": "d", "\u00d0": "D", "\u00fe": "th", "\u00de": "Th", "\u0131": "i", "\u0127": "h", "\u0126": "H", "\u014b": "ng", "\u014a": "NG",
}  # fmt: skip # a row a line
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch",
    "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "ё": "yo", "є": "ye", "і": "i",
    "ї": "yi", "ґ": "g", "ў": "u", "ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz",
}  # fmt: skip # a row a line
_GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m",
    "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps",
    "ω": "o",
}  # fmt: skip # a row a line
_SCRIPT_WORDS = {"CJK": "Han"}
_NAMED_CATEGORIES = frozenset({"So", "Sm", "Sc", "Po", "Ps", "Pe", "Pd", "No", "Nl"})
_BY_NAME = re.compile(r"(?:HANGUL SYLLABLE|(?:HIRAGANA|KATAKANA) LETTER(?: SMALL)?) ([A-Z]+)")
_MARK_START, _MARK_END = "\ue000", "\ue001"
_MERGED = re.compile(
    f"{_MARK_START}([^{_MARK_END}]+){_MARK_END}((?:[^0-9A-Za-z\\[\\]\n{_MARK_START}{_MARK_END}]*{_MARK_START}\\1{_MARK_END})*)"
)


def spell(text: str) -> str:
    """The text in covered characters and line ends. Text of a single script that cannot be spelled is counted."""
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if all(character in COVERED or character == "\n" for character in normal):
        return normal
    spelled = "".join(
        character if character in COVERED or character == "\n" else _spell(character) for character in normal
    )
    return _MERGED.sub(_count, spelled)


@lru_cache(maxsize=4096)
def _spell(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    lower = character.lower()
    for table in (_CYRILLIC, _GREEK):
        if lower in table:
            return table[lower] if character == lower else table[lower].capitalize()
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp"} or character == "\t":
        return " "
    if category[0] in "MC" or category == "Sk" or "\ufe00" <= character <= "\ufe0f":
        return ""
    name = unicodedata.name(character, "")
    if found := _BY_NAME.fullmatch(name):
        return found[1].lower()
    base = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    )
    if base != character and base:
        return "".join(part if part in COVERED else _spell(part) for part in base)
    if category in _NAMED_CATEGORIES:
        return f"[{name.lower()}]" if name else ""
    word = name.partition(" ")[0]
    return f"{_MARK_START}{_SCRIPT_WORDS.get(word, word.capitalize()) or 'other'}{_MARK_END}"


def _count(found: re.Match[str]) -> str:
    count = 1 + found[2].count(_MARK_START)
    return f"[{count} {found[1]} character{'s' if count > 1 else ''}]"
