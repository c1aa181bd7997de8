"""Names behind `each`: `.each` of images and tasks whose step has no `for_each`, of which the step is told, and those that nobody could read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seedflow.graph.bounds import find_bound_sources
from seedflow.graph.mistakes import lacks_option
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.references import StepReference

_MAX_DEPTH = 6
"""How many loop variables are followed to what their lists are made of."""


def has_unread_variables(node: StepNode | None) -> bool:
    """Whether variables of a step could not be read, so that nobody knows their names."""
    return node is not None and lacks_option(node, "for_each", "iterate")


def is_each(owner: Shape, part: str | int, found: Shape) -> bool:
    """Whether a part of something is the `.each` of an image or a task, and nobody repeated what gave that."""
    return part == "each" and owner.kind in (Kind.IMAGE, Kind.TASK) and found.fields == {}


def say_without_names(name: str | int, steps: Sequence[str]) -> tuple[str, str]:
    """The message and the help for a name behind an `.each` that has none; `steps` gave it, as far as that is known."""
    listed = " and ".join(f"`{step}`" for step in steps)
    if not steps:
        what = "the step that gave this has"
    elif len(steps) == 1:
        what = f"step {listed} has"
    else:
        what = f"steps {listed} have"
    return (
        f"`each` has no `{name}` here: {what} no `for_each`",
        f"give {f'step {listed}' if len(steps) == 1 else 'the step'} a variable `{name}` under `for_each`, or take `.each.{name}` away",
    )


def find_steps(variable: str, node: StepNode | None) -> tuple[str, ...]:
    """The steps of whose results the items of a loop variable are made, each once."""
    return () if node is None else tuple(dict.fromkeys(_follow(variable, node, _MAX_DEPTH)))


def _follow(variable: str, node: StepNode, depth: int) -> Iterator[str]:
    for entry in node.step.for_each:
        for name, items in zip(entry.names, entry.lists, strict=True):
            if name != variable:
                continue
            for template in find_templates(items):
                for source in find_bound_sources(template) or ():
                    if isinstance(source, StepReference):
                        yield source.step
                    elif source.root == "each" and depth:
                        yield from _follow(source.name, node, depth - 1)
