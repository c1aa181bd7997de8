"""A drawing as JSON: the same data that the other forms show, for tools that draw by themselves."""

from __future__ import annotations

from seedflow.report.drawing import Drawing

GRAPH_VERSION = 1


def build_drawing_json(drawing: Drawing) -> dict[str, object]:
    """One JSON object: `recipe`, `of`, `nodes`, `edges`, `groups`."""
    return {
        "seedflow_graph": GRAPH_VERSION,
        "recipe": drawing.title,
        "of": drawing.of,
        "nodes": [
            {
                "id": node.id,
                "kind": node.kind.value,
                "name": node.name,
                "group": node.group,
                "notes": list(node.notes),
            }
            for node in drawing.nodes
        ],
        "edges": [
            {
                "source": edge.source,
                "target": edge.target,
                "labels": list(edge.labels),
                "order_only": edge.order_only,
            }
            for edge in drawing.edges
        ],
        "groups": [
            {"id": group.id, "name": group.name, "parent": group.parent, "notes": list(group.notes)}
            for group in drawing.groups
        ],
    }
