"""Drawings are known again in every form, whatever their names contain."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from seedflow.report.dot import write_dot
from seedflow.report.drawing import Drawing
from seedflow.report.mermaid import write_mermaid
from seedflow.report.recognize import is_drawing, may_be_replaced
from seedflow.report.serialize import build_drawing_json
from seedflow.report.tree import lay_out_tree
from tests.unit.report.drawings import NASTY, draw, draw_nasty, draw_nested

NOTES = (("1 step",), ("3 steps", "1 used recipe"), ("1,200–40,000 tasks", "2 calls", "2 images", "$0.08"))


def spell(drawing: Drawing) -> list[str]:
    tree = "\n".join("".join(piece.text for piece in line) for line in lay_out_tree(drawing, 100)) + "\n"
    return [
        tree,
        write_dot(drawing),
        write_mermaid(drawing),
        json.dumps(build_drawing_json(drawing), indent=2),
    ]


@pytest.mark.parametrize("notes", NOTES)
@pytest.mark.parametrize("title", [*NASTY, "long " * 30])
def test_every_form_is_known_again(title: str, notes: tuple[str, ...]) -> None:
    for drawing in (draw("a>b a~c"), draw(""), draw_nested(), draw_nasty()):
        named = replace(drawing, title=title, notes=notes)
        assert [is_drawing(text) for text in spell(named)] == [True] * 4


@pytest.mark.parametrize(
    "text",
    [
        "seedflow: 1\nsteps: {}\n", "digraph G {\n  a -> b;\n}\n", "---\ntitle: x\n---\n# Notes\n", "[]", "{}", '{"steps": 1}',
        "A list\n3 steps to take\n", "a,b\n1,2\n", "graph TD\n", "3 steps\n",
    ],
)  # fmt: skip # a row a line
def test_other_texts_are_none(text: str) -> None:
    assert not is_drawing(text)


def test_a_place_is_free_where_nothing_would_be_lost(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").write_text("")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name, free in (("pipe", True), ("empty", True), ("absent", True), ("bytes", False)):
        assert may_be_replaced(tmp_path / name) is free
    assert may_be_replaced(Path(os.devnull))
