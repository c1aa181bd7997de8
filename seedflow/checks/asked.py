"""Fields of records that may be missing, and that a template asks for: `is defined`, `default(…)`, `'shade' in each.row`."""

from __future__ import annotations

from seedflow.graph.certain import Certain
from seedflow.graph.facts import spell
from seedflow.graph.places import Place
from seedflow.recipe.references import Reference
from seedflow.recipe.templating.lookup_nodes import Attribute
from seedflow.recipe.templating.operation_nodes import Applied


def is_asked_for(reference: Reference, field: str | int, place: Place, certain: Certain) -> bool:
    """Whether a mention of a field that may be missing stands where that does no harm."""
    asked: set[int] = set()
    for node, facts in certain.find_guarded(place.template, place.frame, certain.at(place)):
        if isinstance(node, Applied) and node.takes_missing and node.arguments:
            asked.add(id(node.arguments[0]))
        if isinstance(node, Attribute) and node.start == reference.start and node.name == field:
            key = spell(node, certain.names(place.frame))
            if id(node) in asked or (key is not None and bool(facts) and facts.is_found(key)):
                return True
    return False
