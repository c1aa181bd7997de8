"""Templates that are nothing but one mention."""

from __future__ import annotations

from seedflow.recipe.references import Reference
from seedflow.recipe.template import Template, TemplateForm

_SUCCEEDED = "succeeded("


def find_whole(template: Template) -> Reference | None:
    """The mention that a template is nothing but, or nothing but inside `succeeded()`; None for anything else."""
    if template.form is not TemplateForm.EXPRESSION or not template.references:
        return None
    text = template.scalar.value
    inside = text.strip().removeprefix("{{").removesuffix("}}").strip("-+ \t\n")
    for (
        mention
    ) in template.references:  # the arguments of a selector are mentions as well, within another one
        spelled = text[mention.start : mention.end]
        if inside == spelled:
            return mention
        if (
            mention.fail_ok
            and inside.startswith(_SUCCEEDED)
            and inside.endswith(")")
            and inside[len(_SUCCEEDED) : -1].strip() == spelled
        ):
            return mention
    return None
