"""Images of one step by which `.at()` and `.where()` choose among tasks that go through those of another."""

from __future__ import annotations

from seedflow.graph.model import StepGraph, StepNode
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Mentioned


def find_giver(node: StepNode, variable: str, graph: StepGraph) -> StepNode | None:
    """The step whose images, and nothing else, a variable of `for_each` goes through; None where that is not plain to see."""
    for entry in node.step.for_each:
        if variable in entry.names:
            items = entry.lists[entry.names.index(variable)]
            return _find_giver(items, node, graph) if isinstance(items, Template) else None
    return None


def _find_giver(items: Template, node: StepNode, graph: StepGraph) -> StepNode | None:
    match items.expression:
        case Mentioned(reference=StepReference(step=name, collection="images", selector=None)):
            giver = graph.find_target(node, name)
            return giver if giver is not None and giver.step.generate is not None else None
        case _:
            return None


def always_miss(wanted: StepNode, given: StepNode, graph: StepGraph) -> bool:
    """Whether, whenever there are any images, one of a step is none of another's, by which the tasks of a third are called.

    Without `for_each` their keys begin with their steps' names. A step that goes through the images of another has longer
    keys than these, so that its longest, or the other's shortest, meets none.
    """
    if wanted is given:
        return False
    if not (wanted.step.for_each or given.step.for_each):
        return True
    return _descends(wanted, given, graph) or _descends(given, wanted, graph)


def _descends(node: StepNode, ancestor: StepNode, graph: StepGraph) -> bool:
    waiting, seen = [node], set[str]()
    while waiting:
        one = waiting.pop()
        if one.id in seen:  # in a cycle, which others tell
            continue
        seen.add(one.id)
        names = [name for entry in one.step.for_each for name in entry.names]
        givers = [giver for name in names if (giver := find_giver(one, name, graph)) is not None]
        if any(giver is ancestor for giver in givers):
            return True
        waiting.extend(givers)
    return False
