"""Drawings that tests draw."""

from __future__ import annotations

import itertools

from seedflow.report.drawing import Drawing, DrawnEdge, DrawnGroup, DrawnNode, NodeKind

NASTY = (
    'she said "no"',
    "a <b>bold</b> & [brackets] {braces} (round) |pipe|",
    "back\\slash \\n \\N at the end\\",
    "line one\nline two",
    "end",
    "`ticks` #35; #quot; %% ; --> ~~~ $$x$$",
    "1. a list",
    "- another",
    "日本語 für Ötzi 🦊",
    "{{ inputs.x }}",
    "'single'",
    "@{ shape: circle }",
    ":::class",
)
"""Texts that a grammar might take for its own."""


def draw(edges: str, *, kinds: dict[str, NodeKind] | None = None, **options: object) -> Drawing:
    """A drawing of `a>b a~c`: nodes in order of appearance, `>` for use, `~` for order alone."""
    nodes: dict[str, None] = {}
    found = []
    for word in edges.split():
        for mark in ">~":
            if mark in word:
                source, target = word.split(mark)
                nodes |= {source: None, target: None}
                found.append(DrawnEdge(source, target, order_only=mark == "~"))
                break
        else:
            nodes[word] = None
    kinds = kinds or {}
    return Drawing(
        "book", "steps", (f"{len(nodes)} steps",),
        tuple(DrawnNode(name, name, kinds.get(name, NodeKind.STEP)) for name in nodes), tuple(found),
        **options,
    )  # fmt: skip # a row a line


def draw_nested() -> Drawing:
    """A step, a recipe that uses another one, and a step that uses what comes out."""
    groups = (
        DrawnGroup("cast", "cast: ./cast.yaml"),
        DrawnGroup("cast/pose", "pose: ./pose.yaml", "cast"),
    )
    nodes = (
        DrawnNode("hero", "hero", NodeKind.STEP),
        DrawnNode("cast", "cast", NodeKind.RECIPE, None, ("recipe ./cast.yaml",)),
        DrawnNode("cast/portrait", "portrait", NodeKind.STEP, "cast"),
        DrawnNode("cast/pose", "pose", NodeKind.RECIPE, "cast"),
        DrawnNode("cast/pose/side", "side", NodeKind.STEP, "cast/pose"),
        DrawnNode("page", "page", NodeKind.STEP),
    )
    edges = (
        DrawnEdge("hero", "cast"),
        DrawnEdge("hero", "cast/portrait"),
        DrawnEdge("cast", "cast/portrait"),
        DrawnEdge("cast/portrait", "cast/pose"),
        DrawnEdge("cast/portrait", "cast/pose/side"),
        DrawnEdge("cast/pose/side", "page"),
        DrawnEdge("cast", "page"),
    )
    return Drawing("book", "steps", ("4 steps",), nodes, edges, groups)


def draw_nasty() -> Drawing:
    """Every text that might break a grammar, as id, name, note, label, group and title."""
    groups = tuple(DrawnGroup(f"group {text}", text, None, (text,)) for text in NASTY)
    nodes = tuple(
        DrawnNode(text, text, kind, f"group {text}" if number % 2 else None, (text, text))
        for number, (text, kind) in enumerate(zip(NASTY, [*NodeKind] * 3, strict=False))
    )
    edges = tuple(
        DrawnEdge(one, other, (one, other), order_only=bool(number % 2))
        for number, (one, other) in enumerate(itertools.pairwise(NASTY))
    )
    return Drawing(NASTY[1] + NASTY[0] + NASTY[2], "steps", (), nodes, edges, groups)
