"""What stands in a request for something that is not known yet, so that two equal requests are recognised."""

from __future__ import annotations

from collections.abc import Sequence

from seedflow.graph.places import find_templates
from seedflow.recipe.model import Expression
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template


def find_symbol(expression: Expression, keys: Sequence[tuple[str, str]]) -> str:
    """What stands for the value of a parameter in the request of a task with these keys."""
    return ";".join(
        f"{template.scalar.value}|{_spell_keys(template, keys)}" for template in find_templates(expression)
    )


def _spell_keys(template: Template, keys: Sequence[tuple[str, str]]) -> str:
    loops = {
        mention.name
        for mention in template.references
        if isinstance(mention, NameReference) and mention.root == "each"
    }
    selected = any(
        isinstance(mention, StepReference) and mention.selector is not None for mention in template.references
    )
    return ",".join(f"{name}={key}" for name, key in keys if name in loops or selected)


def spell_part(template: Template) -> str:
    """The text of a template; of a part of a sum as it would stand in a list of such parts."""
    text, node = template.scalar.value, template.expression
    return text if node is None else f"{{{{ {text[node.start : node.end].strip()} }}}}"
