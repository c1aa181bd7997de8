"""Spaces that are none to YAML are named where they would part something, and left alone inside of texts."""

from __future__ import annotations

import time

import pytest

from seedflow.diagnostics import Source
from seedflow.text.reader import read_yaml

from .conftest import Read


@pytest.mark.parametrize(
    ("text", "place", "marked", "where"),
    [
        ("s:\n  p:\n___ g: x\n", (3, 1), 3, "in the indentation"),
        ("s:\n  p:\n   _ g: x\n", (3, 4), 1, "in the indentation"),
        ("s:\n  p: hello\n   _q: x\n", (3, 4), 1, "in the indentation"),
        ("s:\n_- b\n- c\n", (2, 1), 1, "in the indentation"),
        ("s: |\n  x\n_  y: z\n", (3, 1), 1, "in the indentation"),
        ("s: x\n_\nb: c\n", (2, 1), 1, "in the indentation"),
        ("s:\n  g:_{p: x}\n", (2, 5), 1, "behind a colon"),
        ("s:\n  g:_x\n", (2, 5), 1, "behind a colon"),
        ("s:_1\nt:\n  a: 1\n", (1, 3), 1, "behind a colon"),
        ("r: 1\ns:_\n  a: b\n", (2, 3), 1, "behind a colon"),
        ("s: {b:_c}\n", (1, 7), 1, "behind a colon"),
        ("s: {b: 1, _c: 2}\n", (1, 11), 1, "before a text"),
    ],
)
@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u202f", "\u200b"])
def test_they_are_named_alone_where_plain_ones_belong(
    read: Read, text: str, place: tuple[int, int], marked: int, where: str, space: str
) -> None:
    written = text.replace("_", space)
    root, problems = read(written)
    assert root is None
    [found] = problems
    assert found.span is not None
    assert (found.code, found.span.first) == ("yaml-space", place)
    assert written[found.span.start : found.span.end] == space * marked
    assert found.message.startswith(f"found the character U+{ord(space):04X} (")
    assert f"{where}, where only plain spaces are allowed" in found.message
    assert "replace it by plain spaces" in found.help


@pytest.mark.parametrize(
    "text",
    ["a: b_c\n", "a: __x\n", "- _x\n", "a: Note:_b\n", "- Note:_b\n", "a: |\n  _b\n  c:_d\ne: 1\n", 'a: "b\n  _c"\n', "a: '_b'\n", "a: b\n  _c\n", "a: b # _c\n"],
)  # fmt: skip # a row a line
def test_inside_of_texts_they_are_fine(read: Read, text: str) -> None:
    assert read(text.replace("_", "\u00a0"))[1] == []


def test_a_slip_behind_a_text_that_holds_them_is_told_as_ever(read: Read) -> None:
    _, [found] = read("a: |\n  b\n  \u00a0c:\u00a0d\ne: f: g\n")
    assert found.code == "yaml-colon"


def test_many_texts_on_one_line_take_linear_time() -> None:
    began = time.process_time()
    _, problems = read_yaml(Source("a.yaml", "a: [" + "x:\u00a0y, " * 50_000 + "z]"))
    assert problems == []
    assert time.process_time() - began < 4
