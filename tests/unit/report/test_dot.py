"""DOT, read back by a small strict parser of its grammar: quoted strings, statements, clusters; nothing gets lost or added."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from seedflow.report.dot import write_dot
from seedflow.report.drawing import Drawing
from tests.unit.report.drawings import draw, draw_nasty, draw_nested

TOKEN = re.compile(r'\s+|"(?:[^"\\]|\\.)*"|->|[{}\[\]=,;]|[A-Za-z_]\w*', re.DOTALL)
ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


@dataclass
class Read:
    """What a parser found: nodes with attributes and cluster, edges, and clusters with their labels."""

    title: str = ""
    nodes: dict[str, tuple[dict[str, str], str | None]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    clusters: dict[str, str] = field(default_factory=dict)


def tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        assert found is not None, f"no token of DOT: {text[at : at + 40]!r}"
        at = found.end()
        if not found[0].isspace():
            yield found[0]


def unquote(token: str) -> str:
    assert token.startswith('"'), token
    return re.sub(r"\\.", lambda found: ESCAPES[found[0]], token[1:-1])


def read(text: str) -> Read:
    """Strict: any other statement than those that are written is an error."""
    stream = list(tokens(text))[::-1]
    found = Read()

    def take(expected: str | None = None) -> str:
        token = stream.pop()
        assert expected is None or token == expected, (token, expected)
        return token

    def attributes() -> dict[str, str]:
        result: dict[str, str] = {}
        if stream[-1] != "[":
            return result
        take("[")
        while stream[-1] != "]":
            name = take()
            take("=")
            result[name] = unquote(take())
            if stream[-1] == ",":
                take()
        take("]")
        return result

    def statements(cluster: str | None) -> None:
        while stream[-1] != "}":
            token = take()
            if token in ("graph", "node", "edge"):
                attributes()
                take(";")
            elif token == "label":
                take("=")
                assert cluster is not None
                found.clusters[cluster] = unquote(take())
                take(";")
            elif token == "subgraph":
                name = unquote(take())
                assert name.startswith("cluster_")
                take("{")
                statements(name.removeprefix("cluster_"))
                take("}")
            elif stream[-1] == "->":
                take("->")
                target = unquote(take())
                found.edges.append((unquote(token), target, attributes()))
                take(";")
            else:
                assert unquote(token) not in found.nodes
                found.nodes[unquote(token)] = (attributes(), cluster)
                take(";")

    take("digraph")
    found.title = unquote(take())
    take("{")
    statements(None)
    take("}")
    assert stream == []
    return found


@pytest.mark.parametrize(
    "drawing", [draw_nasty(), draw_nested(), draw("a>b a~c")], ids=["nasty", "nested", "small"]
)
def test_all_of_a_drawing_is_read_back(drawing: Drawing) -> None:
    found = read(write_dot(drawing))
    assert found.title == drawing.title
    assert set(found.nodes) == {node.id for node in drawing.nodes}
    for node in drawing.nodes:
        attributes, _ = found.nodes[node.id]
        assert attributes["label"] == "\n".join((node.name, *node.notes))
    assert [(one, other) for one, other, _ in found.edges] == [(e.source, e.target) for e in drawing.edges]
    for (_, _, attributes), edge in zip(found.edges, drawing.edges, strict=True):
        assert attributes.get("label", "") == ", ".join(edge.labels)
        assert (attributes.get("style") == "dashed") == edge.order_only
    assert found.clusters == {
        group.id: ", ".join((group.name, *group.notes)) for group in drawing.groups
    }  # fmt: skip # a row a line


def test_a_recipe_is_a_cluster_with_its_step_as_the_door() -> None:
    found = read(write_dot(draw_nested()))
    assert {name: cluster for name, (_, cluster) in found.nodes.items()} == {
        "hero": None,
        "page": None,
        "cast": "cast",
        "cast/portrait": "cast",
        "cast/pose": "cast/pose",
        "cast/pose/side": "cast/pose",
    }


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("drawing", [draw_nasty(), draw_nested()], ids=["nasty", "nested"])
def test_graphviz_reads_it_without_a_warning(drawing: Drawing) -> None:
    ended = subprocess.run(
        ["dot", "-Tcanon"], input=write_dot(drawing), capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
