"""A drawing as a Mermaid flowchart, which GitHub, GitLab and many editors show in Markdown.

Nodes have ids of our own, so that no name can be a word of Mermaid's grammar; every label is quoted, and whatever could end
it or be taken for markup stands there as a numeric entity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from seedflow.report.drawing import Drawing, DrawnGroup, DrawnNode, NodeKind

MOST_EDGES: Final = 500
"""Mermaid draws no more unless whoever shows the drawing allows it."""

_UNSAFE: Final = re.compile(r"[^\w \-.,:/+=?!'*~@×→·–…()\[\]]")
_SHAPES: Final = {
    NodeKind.STEP: ("(", ")"),
    NodeKind.TASK: ("(", ")"),
    NodeKind.RECIPE: ("[[", "]]"),
    NodeKind.HUB: ("((", "))"),
    NodeKind.REST: (">", "]"),
}


def write_mermaid(drawing: Drawing) -> str:
    """The text of a `.mmd` file."""
    return "\n".join(_write(drawing)) + "\n"


def _write(drawing: Drawing) -> Iterator[str]:
    yield "---"
    yield f"title: {json.dumps(drawing.title)}"
    yield "---"
    yield "flowchart TD"
    ids = {node.id: f"n{number}" for number, node in enumerate(drawing.nodes, 1)}
    yield from _write_group(drawing, ids)
    for edge in drawing.edges:
        arrow = "-.->" if edge.order_only else "-->"
        label = f'|"{escape_label(", ".join(edge.labels))}"|' if edge.labels else ""
        yield f"  {ids[edge.source]} {arrow}{label} {ids[edge.target]}"


def _write_group(drawing: Drawing, ids: dict[str, str]) -> Iterator[str]:
    groups: dict[str | None, list[DrawnGroup]] = {}
    for group in drawing.groups:
        groups.setdefault(group.parent, []).append(group)
    names = {group.id: f"g{number}" for number, group in enumerate(drawing.groups, 1)}
    members: dict[str | None, list[DrawnNode]] = {}
    for node in drawing.nodes:
        members.setdefault(node.id if node.id in names else node.group, []).append(node)

    def write(parent: str | None, indent: str) -> Iterator[str]:
        for node in members.get(parent, ()):
            opened, closed = _SHAPES[node.kind]
            label = "<br>".join(escape_label(line) for line in (node.name, *node.notes))
            yield f'{indent}{ids[node.id]}{opened}"{label}"{closed}'
        for group in groups.get(parent, ()):
            yield f'{indent}subgraph {names[group.id]}["{escape_label(", ".join((group.name, *group.notes)))}"]'
            yield from write(group.id, indent + "  ")
            yield f"{indent}end"

    yield from write(None, "  ")


def escape_label(text: str) -> str:
    """Text as it may stand between the quotes of a label: shown as it is, whatever it contains."""
    one_line = " ".join(text.split())
    return _UNSAFE.sub(lambda found: f"#{ord(found[0])};", one_line)
