"""Help for a plain text that looks like an expression, such as `steps.page.images` where `"{{ steps.page.images }}"` is meant."""

from __future__ import annotations

import re
from typing import Final

_PART: Final = r"(?:\.[a-z_][a-z0-9_]*|\[[^\[\]{}]*\]|\([^(){}]*\))"
_EXPRESSION: Final = re.compile(rf"(?:steps|inputs|values|each)\.[a-z][a-z0-9_]*{_PART}*")

_FILE: Final = re.compile(r"[a-z]+\.(?:jpe?g|png|webp|gif|csv|tsv|jsonl?|ya?ml|txt|md)")
"""A file's name that begins like one."""


def find_expression(text: str) -> str | None:
    """The expression that a text is as a whole, white space around it left out; None for anything else, prose above all."""
    found = text.strip()
    return found if _EXPRESSION.fullmatch(found) and not _FILE.fullmatch(found) else None


def suggest_braces(text: str) -> str | None:
    """The help that puts an expression into braces; None when a text is none."""
    found = find_expression(text)
    if found is None:
        return None
    quote = "'" if '"' in found else '"'
    return f"did you mean `{quote}{{{{ {found} }}}}{quote}`?"
