"""Mermaid, read back line by line by a strict parser of the few forms that are written."""

from __future__ import annotations

import json
import re

import pytest

from seedflow.report.drawing import Drawing, NodeKind
from seedflow.report.mermaid import escape_label, write_mermaid
from tests.unit.report.drawings import NASTY, draw, draw_nasty, draw_nested

LABEL = r'"(?P<label>[^"<>&`{}|;\\]*(?:(?:<br>|#\d+;)[^"<>&`{}|;\\]*)*)"'
NODE = re.compile(r"(?P<id>n\d+)(?P<open>\[\[|\(\(|\(|>|\[)" + LABEL + r"(?P<close>\]\]|\)\)|\)|\])")
EDGE = re.compile(rf"(?P<source>n\d+) (?P<arrow>-->|-\.->)(?:\|{LABEL}\|)? (?P<target>n\d+)")
GROUP = re.compile(rf"subgraph (?P<id>g\d+)\[{LABEL}\]")
SHAPES = {NodeKind.STEP: "()", NodeKind.TASK: "()", NodeKind.RECIPE: "[[]]", NodeKind.HUB: "(())", NodeKind.REST: ">]"}  # fmt: skip # a row a line


def plain(label: str | None) -> str:
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), (label or "").replace("<br>", "\n"))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    "drawing", [draw_nasty(), draw_nested(), draw("a>b a~c")], ids=["nasty", "nested", "small"]
)
def test_all_of_a_drawing_is_read_back(drawing: Drawing) -> None:
    lines = write_mermaid(drawing).splitlines()
    assert lines[0] == lines[2] == "---"
    assert lines[1] == f"title: {json.dumps(drawing.title)}"
    assert lines[3] == "flowchart TD"
    nodes: dict[str, tuple[str, str, str | None]] = {}
    edges, groups, inside = [], {}, []
    for line in (line.strip() for line in lines[4:]):
        if (node := NODE.fullmatch(line)) is not None:
            nodes[node["id"]] = (
                plain(node["label"]),
                node["open"] + node["close"],
                inside[-1] if inside else None,
            )
        elif (edge := EDGE.fullmatch(line)) is not None:
            edges.append((edge["source"], edge["target"], edge["arrow"], plain(edge["label"])))
        elif (group := GROUP.fullmatch(line)) is not None:
            groups[group["id"]] = plain(group["label"])
            inside.append(group["id"])
        else:
            assert line == "end", line
            inside.pop()
    assert inside == []
    ids = {node.id: f"n{number}" for number, node in enumerate(drawing.nodes, 1)}
    names = {group.id: f"g{number}" for number, group in enumerate(drawing.groups, 1)}
    for node in drawing.nodes:
        group_id = names.get(node.id) or (None if node.group is None else names[node.group])
        label = "\n".join(flat(text) for text in (node.name, *node.notes))
        assert nodes.pop(ids[node.id]) == (label, SHAPES[node.kind], group_id)
    assert nodes == {}
    assert edges == [
        (ids[edge.source], ids[edge.target], "-.->" if edge.order_only else "-->", flat(", ".join(edge.labels)))
        for edge in drawing.edges
    ]  # fmt: skip # a row a line
    assert groups == {
        names[group.id]: flat(", ".join((group.name, *group.notes))) for group in drawing.groups
    }


@pytest.mark.parametrize("text", NASTY)
def test_a_label_holds_nothing_that_could_end_it(text: str) -> None:
    assert re.fullmatch(r"(?:[^\"<>&`{}|;\\#$%\n]|#\d+;)*", escape_label(text))
