"""Small changes of a recipe's text, as somebody makes them who is trying things out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nested_expressions import Choices

EDITS = (
    (r"prompt: ('?)s(\d)", r"prompt: \1t\2"),
    (r"9999", "1"),
    (r"\bmax: 1\b", "max: 2"),
    (r"\bimages: 2\b", "images: 1"),
    (r"otherwise: fail", "otherwise: accept"),
    (r"otherwise: fail", "otherwise: retry"),
    (r"== ''a''", "== ''b''"),
    (r"- a\n", "- z\n"),
    (r"- b\n", ""),
    (r"takes: 2", "takes: 1"),
    (r"max_images: 3", "max_images: 2"),
    (r"succeeded\(([^()]*)\)", r"\1"),
    (r"length > ", "length >= "),
    (r"\[:1\]", "[:2]"),
    (r"\[1:\]", "[:2]"),
    (r"max_items: \d", "max_items: 9"),
    (r"default: true", "default: false"),
)
"""What is replaced in one place, and by what."""


def edit(texts: Mapping[str, str], choices: Choices) -> dict[str, str] | None:
    """The same files with one change in one of them; None if there is nothing to change."""
    for pattern, replacement in choices.permute(EDITS):
        places = [(name, found) for name, text in texts.items() for found in re.finditer(pattern, text)]
        if places:
            name, found = choices.one_of(places)
            text = texts[name]
            changed = f"{text[: found.start()]}{found.expand(replacement)}{text[found.end() :]}"
            return {**texts, name: changed}
    return None
