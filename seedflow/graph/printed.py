"""Mentions that make up a whole `{{ }}`, and so are printed as they are."""

from __future__ import annotations

import re

from seedflow.recipe.references import Reference
from seedflow.recipe.template import Template

_AFTER_MENTION = re.compile(r"((?:\.[A-Za-z_]\w*)*)\s*[-+]?\}\}")
_BEFORE_MENTION = re.compile(r"\{\{[-+]?\s*")


def find_printed_tail(template: Template, reference: Reference) -> tuple[str, ...] | None:
    """The attributes after a mention that, with them, makes up a whole `{{ }}`; None when it is part of anything else."""
    text = template.scalar.value
    after = _AFTER_MENTION.match(text, reference.end)
    opening = text.rfind("{{", 0, reference.start)
    if after is None or opening < 0 or _BEFORE_MENTION.fullmatch(text, opening, reference.start) is None:
        return None
    return tuple(after[1].split(".")[1:])
