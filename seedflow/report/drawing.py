"""The value that every drawing is made of: nodes, the edges between them, and groups that hold some of them.

What is drawn (steps or tasks) and how (a tree, Mermaid, DOT, JSON) meet here and know nothing of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NodeKind(StrEnum):
    """What a node stands for.

    A hub stands for all tasks of a step, where something uses the step as a whole; a rest for tasks that are only counted.
    """

    STEP = "step"
    RECIPE = "recipe"
    TASK = "task"
    HUB = "hub"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """One thing in the drawing. `name` is how it is called within its group, `notes` what is said of it, in order."""

    id: str
    name: str
    kind: NodeKind
    group: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    """`target` uses `source`. `labels` say as what; `order_only` where it only waits and takes no images."""

    source: str
    target: str
    labels: tuple[str, ...] = ()
    order_only: bool = False


@dataclass(frozen=True, slots=True)
class DrawnGroup:
    """Nodes that belong together: the inside of a used recipe, or the tasks of a step. `parent` is the group around it.

    A node with the same id, where there is one, is its door: the step that uses the recipe, and to which edges lead.
    """

    id: str
    name: str
    parent: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole drawing. Nodes stand in an order in which they could run; groups after those that hold them.

    `of` is `steps` or `tasks`; `hidden` counts the tasks that are drawn as a rest.
    """

    title: str
    of: str
    notes: tuple[str, ...]
    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]
    groups: tuple[DrawnGroup, ...] = ()
    hidden: int = 0
