"""Whether a file is a drawing of ours, in any form: only such a one is written over unasked."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 64 * 1024
"""So much of a file is looked at: its first lines tell."""

_STARTS: Final = (
    re.compile(r'digraph "[^\n]*" \{\n  graph \[rankdir="TB"'),
    re.compile(r'---\ntitle: "[^\n]*"\n---\nflowchart TD\n'),
    re.compile(r'\{\s*"seedflow_graph":'),
    re.compile(r"(?:[^\n]+ · |[^\n]+\n)\d[\d,–]* (?:step|task)s?(?:,[^\n]*)?(?:\n|\Z)"),
)
"""Of DOT, Mermaid, JSON, and a tree, whose title stands before or above the count of what is drawn."""


def is_drawing(text: str) -> bool:
    """Whether a text begins as a drawing does."""
    return any(start.match(text) for start in _STARTS)


def may_be_replaced(path: Path) -> bool:
    """Whether a place is free for a drawing: nothing is there, or nothing is in it, or a drawing, or it is a device or pipe."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return True
        with path.open("rb") as file:
            head = file.read(MOST_BYTES)
    except OSError:
        return True  # absent; or found out when it is written
    return not head or is_drawing(head.decode("utf-8", "replace"))
