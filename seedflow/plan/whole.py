"""Templates that are nothing but one mention."""

from __future__ import annotations

from seedflow.recipe.references import Reference
from seedflow.recipe.template import Template, TemplateForm


def find_whole(template: Template) -> Reference | None:
    """The mention that a template is nothing but, or nothing but inside `succeeded()`; None for anything else."""
    if template.form is not TemplateForm.EXPRESSION or len(template.references) != 1:
        return None
    (mention,) = template.references
    text = template.scalar.value
    inside = text.strip().removeprefix("{{").removesuffix("}}").strip("-+ \t\n")
    spelled = text[mention.start : mention.end]
    if inside == spelled:
        return mention
    if mention.fail_ok and inside.startswith("succeeded(") and inside.endswith(")"):
        return mention if inside[len("succeeded(") : -1].strip() == spelled else None
    return None
