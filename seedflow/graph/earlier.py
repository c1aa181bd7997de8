"""Loop variables whose lists mention earlier ones: they have other items for each of theirs, and perhaps another number of them."""

from __future__ import annotations

from seedflow.graph.places import find_templates
from seedflow.recipe.model import LoopVariable
from seedflow.recipe.references import NameReference


def find_earlier(variable: LoopVariable) -> set[str]:
    """The variables that the lists of one mention."""
    return {
        found.name
        for items in variable.lists
        for template in find_templates(items)
        for found in template.references
        if isinstance(found, NameReference) and found.root == "each" and found.path
    }
