"""Fields that may be missing, and that a template asks for: `is defined`, `default(…)`; items of lists whose length it tests."""

from __future__ import annotations

from seedflow.graph.certain import Certain
from seedflow.graph.facts import spell
from seedflow.graph.places import Place
from seedflow.recipe.references import Reference
from seedflow.recipe.templating.lookup_nodes import Attribute, Item
from seedflow.recipe.templating.nodes import Constant
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


def is_counted(reference: Reference, number: int, place: Place, certain: Certain) -> bool:
    """Whether a mention of an item stands where a test makes sure, as far as anybody can tell, that the list has so many."""
    needed = number + 1 if number >= 0 else -number
    for node, facts in certain.find_guarded(place.template, place.frame, certain.at(place)):
        if isinstance(node, Item) and isinstance(node.key, Constant) and node.start == reference.start:
            key = spell(node.base, certain.names(place.frame))
            if node.key.value == number and key is not None and facts.has(key, needed):
                return True
    return False
