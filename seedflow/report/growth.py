"""A drawing as a tree: each node once, below the last of those that it uses, so that all the others stand further up.

The tree of a graph is not unique. This one is read like a recipe: what a line uses stands above it, without exception.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seedflow.report.drawing import Drawing, DrawnEdge, DrawnNode, NodeKind


@dataclass(frozen=True, slots=True)
class Use:
    """One of the nodes that a node uses. `is_whole` for a step as a whole, `order_only` where it only waits."""

    name: str
    order_only: bool
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Grown:
    """One node in its place.

    `depth` counts from 0; `last` says whether it is the last below its parent, `has_more` whether anything stands below
    it. `uses` are those that its place does not show; `is_below` whether its place shows one at all. `inside` is the tree
    of the recipe that it uses. `moved` are those that would stand below it and stand further down for lack of room.
    """

    node: DrawnNode
    depth: int
    last: bool
    has_more: bool
    uses: tuple[Use, ...] = ()
    is_below: bool = False
    inside: tuple[Grown, ...] = ()
    moved: tuple[str, ...] = ()


@dataclass(slots=True)
class _Level:
    """The nodes of one group, and the edges between them."""

    nodes: list[DrawnNode] = field(default_factory=list)
    sources: dict[str, dict[str, bool]] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)

    def connect(self, source: str, target: str, *, order_only: bool) -> None:
        known = self.sources.setdefault(target, {})
        if source not in known:
            self.users.setdefault(source, []).append(target)
        known[source] = known.get(source, True) and order_only


def grow_tree(drawing: Drawing, *, most_levels: int) -> tuple[Grown, ...]:
    """All nodes of a drawing in the order in which they are printed.

    Takes time linear in nodes and edges. What would stand deeper than `most_levels` begins anew at the left.
    """
    by_id = {node.id: node for node in drawing.nodes}
    parents = {group.id: group.parent for group in drawing.groups}
    doors = {group.id for group in drawing.groups if group.id in by_id}
    levels: dict[str | None, _Level] = {}
    for node in drawing.nodes:
        levels.setdefault(_home(node, doors), _Level()).nodes.append(node)
    for edge in drawing.edges:
        lifted = _lift(edge, by_id, parents, doors)
        if lifted is not None:
            group, source, target = lifted
            levels[group].connect(source, target, order_only=edge.order_only)
    return tuple(_grow(None, levels, by_id, most_levels))


def _home(node: DrawnNode, doors: set[str]) -> str | None:
    return node.group if node.group in doors else None


def _lift(
    edge: DrawnEdge, by_id: Mapping[str, DrawnNode], parents: Mapping[str, str | None], doors: set[str]
) -> tuple[str | None, str, str] | None:
    """An edge as seen from the innermost group around both ends; None for one between a step and its own inside."""
    source = _path(by_id[edge.source], parents, doors)
    target = _path(by_id[edge.target], parents, doors)
    for depth, (one, other) in enumerate(zip(source, target, strict=False)):
        if one != other:
            return (source[depth - 1] if depth else None), one, other
    return None


def _path(node: DrawnNode, parents: Mapping[str, str | None], doors: set[str]) -> tuple[str, ...]:
    found = [node.id]
    group = _home(node, doors)
    while group is not None:
        found.append(group)
        group = parents.get(group)
    return tuple(reversed(found))


def _grow(
    group: str | None,
    levels: Mapping[str | None, _Level],
    by_id: Mapping[str, DrawnNode],
    most_levels: int,
) -> Iterator[Grown]:
    level = levels.get(group, _Level())
    waiting = {node.id: len(level.sources.get(node.id, ())) for node in level.nodes}
    position = {node.id: number for number, node in enumerate(level.nodes)}
    ready = [node.id for node in level.nodes if not waiting[node.id]]
    roots = deque((found, False) for found in _open(ready, level, waiting, by_id, position))
    while roots:
        root, moved = roots.popleft()
        stack = [(root, None if moved else "", 0, True)]
        while stack:
            at, parent, depth, last = stack.pop()
            below = list(_open(_release(at, level, waiting), level, waiting, by_id, position))
            too_deep = bool(below) and depth + 1 >= most_levels
            if too_deep:
                roots.extendleft((found, True) for found in reversed(below))
            yield Grown(
                by_id[at],
                depth,
                last,
                bool(below) and not too_deep,
                tuple(_list_uses(at, parent, level, by_id)),
                bool(parent) and parent in level.sources.get(at, {}),
                tuple(_grow(at, levels, by_id, most_levels)) if at in levels else (),
                tuple(by_id[found].name for found in below) if too_deep else (),
            )
            if not too_deep:
                stack.extend(
                    (found, at, depth + 1, number == 0) for number, found in enumerate(reversed(below))
                )


def _release(at: str, level: _Level, waiting: dict[str, int]) -> Iterator[str]:
    """The nodes that waited for this one alone."""
    for user in level.users.get(at, ()):
        waiting[user] -= 1
        if not waiting[user]:
            yield user


def _open(
    ready: Sequence[str] | Iterator[str],
    level: _Level,
    waiting: dict[str, int],
    by_id: Mapping[str, DrawnNode],
    position: Mapping[str, int],
) -> list[str]:
    """What is ready, in the drawing's order; a hub gives way to those that waited for it, unless it has no tasks."""
    found: list[str] = []
    for node_id in ready:
        if by_id[node_id].kind is NodeKind.HUB:
            found.extend(_open(_release(node_id, level, waiting), level, waiting, by_id, position))
        else:
            found.append(node_id)
    return sorted(found, key=position.__getitem__)


def _list_uses(at: str, parent: str | None, level: _Level, by_id: Mapping[str, DrawnNode]) -> Iterator[Use]:
    for source, order_only in level.sources.get(at, {}).items():
        if source != parent or order_only:
            node = by_id[source]
            yield Use(node.name, order_only, node.kind is NodeKind.HUB)
