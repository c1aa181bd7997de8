"""What gives a template its value, as a help names it: an input, a column of a table, a step that may be skipped."""

from __future__ import annotations

from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template


def name_source(template: Template) -> str | None:
    """The input or the column that gives it, where one of them alone is mentioned."""
    mentions = {
        (one.root, one.path) if isinstance(one, NameReference) else None for one in template.references
    }
    if len(mentions) != 1 or None in mentions:
        return None
    ((root, path),) = (one for one in mentions if one is not None)
    if root == "inputs" and len(path) == 1:
        return f"the input `{path[0]}`"
    if root == "each" and len(path) == 2 and isinstance(path[1], str):
        return f"the column `{path[1]}`"
    return None


def advise_default(template: Template, otherwise: str | None = None) -> str:
    """How what may be none comes to have a value, or what is done `otherwise`; what was skipped has none."""
    if any(isinstance(one, StepReference) and one.skip_ok for one in template.references):
        return "mention it without `optional`, so that this step is skipped then as well"
    advice = _advise_value(template)
    if otherwise is None:
        return advice
    return f"{advice}, or {otherwise}" if advice.startswith("give") else otherwise


def _advise_value(template: Template) -> str:
    source = name_source(template)
    if source is not None and source.startswith("the column"):
        return f"give {source} a default"
    if any(isinstance(one, NameReference) and one.root != "inputs" for one in template.references):
        return "write `… | default(…)`"
    return "give the input a default"
