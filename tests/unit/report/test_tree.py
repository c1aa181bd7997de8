"""The lines of a tree: branches, notes beside or below, never wider than the terminal."""

from __future__ import annotations

import pytest

from seedflow.diagnostics.cells import count_cells
from seedflow.report.drawing import Drawing, DrawnEdge, DrawnNode, NodeKind
from seedflow.report.tree import lay_out_tree
from tests.unit.report.drawings import draw, draw_nasty, draw_nested


def text(drawing: Drawing, width: int) -> str:
    return "\n".join("".join(piece.text for piece in line) for line in lay_out_tree(drawing, width))


def test_a_tree_with_a_recipe_inside() -> None:
    assert text(draw_nested(), 60) == (
        "book · 4 steps\n\n"
        "hero\n"
        "└─ cast         recipe ./cast.yaml\n"
        "   ┊ portrait\n"
        "   ┊ └─ pose\n"
        "   ┊    ┊ side\n"
        "   └─ page"
    )


NOTED = Drawing(
    "book",
    "steps",
    ("3 steps",),
    (
        DrawnNode("sheet", "sheet", NodeKind.STEP),
        DrawnNode("page", "page", NodeKind.STEP, None, ("each scene × season", "when inputs.pages and true")),
        DrawnNode("cover", "cover", NodeKind.STEP, None, ("4 takes", "output cover")),
        DrawnNode("end", "end", NodeKind.STEP),
    ),
    (
        DrawnEdge("sheet", "page"),
        DrawnEdge("sheet", "cover"),
        DrawnEdge("page", "cover"),
        DrawnEdge("sheet", "end"),
    ),
)


def test_notes_stand_beside_in_a_column_and_are_folded_there() -> None:
    assert text(NOTED, 50) == (
        "book · 3 steps\n\n"
        "sheet\n"
        "├─ page      each scene × season · when\n"
        "│  │         inputs.pages and true\n"
        "│  └─ cover  4 takes · output cover · also uses\n"
        "│            sheet\n"
        "└─ end"
    )


def test_notes_stand_below_where_it_is_narrow() -> None:
    assert text(NOTED, 30) == (
        "book · 3 steps\n\n"
        "sheet\n"
        "├─ page\n"
        "│  │  each scene × season\n"
        "│  │  when inputs.pages and\n"
        "│  │  true\n"
        "│  └─ cover\n"
        "│        4 takes · output\n"
        "│        cover · also uses\n"
        "│        sheet\n"
        "└─ end"
    )


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize(
    "drawing",
    [
        NOTED,
        draw_nested(),
        draw_nasty(),
        draw(" ".join(f"step{number}>step{number + 1}" for number in range(60))),
        draw(" ".join(f"a>{'long' * 12}{number} {'long' * 12}{number}>end" for number in range(9))),
    ],
    ids=["noted", "nested", "nasty", "deep", "long"],
)
def test_no_line_is_wider_than_the_terminal_or_ends_in_blanks(drawing: Drawing, width: int) -> None:
    for line in text(drawing, width).split("\n"):
        assert count_cells(line) <= width, line
        assert line == line.rstrip()


def test_long_lists_of_uses_are_counted() -> None:
    tree = text(draw(" ".join(f"a{number}>z" for number in range(9))), 100)
    assert "also uses a0, a1, a2, a3 and 4 more" in tree
