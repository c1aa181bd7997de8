"""A drawing as DOT, for Graphviz. Names, labels and ids are quoted strings, never words of the grammar nor markup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seedflow.report.drawing import Drawing, DrawnGroup, DrawnNode, NodeKind

_SHAPES: Final = {
    NodeKind.STEP: "box",
    NodeKind.TASK: "box",
    NodeKind.RECIPE: "folder",
    NodeKind.HUB: "ellipse",
    NodeKind.REST: "note",
}


def write_dot(drawing: Drawing) -> str:
    """The text of a `.dot` file."""
    return "\n".join(_write(drawing)) + "\n"


def _write(drawing: Drawing) -> Iterator[str]:
    yield f"digraph {quote(drawing.title)} {{"
    yield '  graph [rankdir="TB", fontname="Helvetica"];'
    yield '  node [shape="box", style="rounded", fontname="Helvetica"];'
    yield '  edge [fontname="Helvetica", fontsize="10"];'
    yield from _write_groups(drawing)
    for edge in drawing.edges:
        label = f"label={quote(', '.join(edge.labels))}" if edge.labels else ""
        style = 'style="dashed"' if edge.order_only else ""
        attributes = ", ".join(filter(None, (label, style)))
        yield f"  {quote(edge.source)} -> {quote(edge.target)}{f' [{attributes}]' if attributes else ''};"
    yield "}"


def _write_groups(drawing: Drawing) -> Iterator[str]:
    groups: dict[str | None, list[DrawnGroup]] = {}
    for group in drawing.groups:
        groups.setdefault(group.parent, []).append(group)
    known = {group.id for group in drawing.groups}
    members: dict[str | None, list[DrawnNode]] = {}
    for node in drawing.nodes:
        members.setdefault(node.id if node.id in known else node.group, []).append(node)

    def write(parent: str | None, indent: str) -> Iterator[str]:
        for node in members.get(parent, ()):
            label = quote("\n".join((node.name, *node.notes)))
            shape = _SHAPES[node.kind]
            extra = "" if shape == "box" else f', shape="{shape}", style="solid"'
            yield f"{indent}{quote(node.id)} [label={label}{extra}];"
        for group in groups.get(parent, ()):
            yield f"{indent}subgraph {quote('cluster_' + group.id)} {{"
            yield f"{indent}  label={quote(', '.join((group.name, *group.notes)))};"
            yield from write(group.id, indent + "  ")
            yield f"{indent}}}"

    yield from write(None, "  ")


def quote(text: str) -> str:
    """Text as a quoted string of DOT that is shown as it is: its backslashes begin no escape, its line ends are kept."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
