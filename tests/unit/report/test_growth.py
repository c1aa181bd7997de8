"""The tree of a drawing: every node once, what it uses above it, recipes inside their step, however deep or large."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from seedflow.report.drawing import Drawing, DrawnEdge, DrawnNode, NodeKind
from seedflow.report.growth import Grown, grow_tree
from tests.unit.report.drawings import draw, draw_nested


def sketch(tree: Sequence[Grown], indent: str = "") -> str:
    """One line a node: dots for its depth, its name, what it uses besides, and its inside in brackets."""
    lines = []
    for grown in tree:
        uses = " ".join(("~" if use.order_only else "<") + use.name for use in grown.uses)
        lines.append(f"{indent}{'.' * grown.depth}{grown.node.name} {uses}".rstrip())
        if grown.inside:
            lines.append(sketch(grown.inside, indent + "  "))
    return "\n".join(lines)


def test_a_chain_and_its_branches() -> None:
    assert sketch(grow_tree(draw("a>b b>c a>d e"), most_levels=9)) == "a\n.b\n..c\n.d\ne"


def test_a_node_stands_below_the_last_that_it_uses_and_names_the_others() -> None:
    assert sketch(grow_tree(draw("a>c b>c c>d a>d"), most_levels=9)) == "a\nb\n.c <a\n..d <a"


def test_what_only_waits_says_so_wherever_it_stands() -> None:
    assert sketch(grow_tree(draw("a~b a>c b~c"), most_levels=9)) == "a\n.b ~a\n..c <a ~b"


def test_a_mention_counts_for_more_than_an_entry_of_needs() -> None:
    nodes = (DrawnNode("a", "a", NodeKind.STEP), DrawnNode("b", "b", NodeKind.STEP))
    edges = (DrawnEdge("a", "b", order_only=True), DrawnEdge("a", "b"))
    (_, b) = grow_tree(Drawing("book", "steps", (), nodes, edges), most_levels=9)
    assert (b.uses, b.is_below) == ((), True)


def test_a_hub_is_no_line_but_what_uses_it_names_it() -> None:
    drawing = draw("p>h q>h h>c r>c", kinds={"h": NodeKind.HUB})
    assert sketch(grow_tree(drawing, most_levels=9)) == "p\nq\nr\n.c <h"
    assert sketch(grow_tree(draw("p>h q>h h>c", kinds={"h": NodeKind.HUB}), most_levels=9)) == "p\nq\n.c <h"


def test_a_hub_without_tasks_holds_nothing_up() -> None:
    assert sketch(grow_tree(draw("h>c c>d", kinds={"h": NodeKind.HUB}), most_levels=9)) == "c <h\n.d"


def test_a_recipe_holds_its_steps_and_edges_across_its_border_lead_to_it() -> None:
    assert sketch(grow_tree(draw_nested(), most_levels=9)) == (
        "hero\n.cast\n  portrait\n  .pose\n    side\n..page"
    )


def test_a_tree_that_is_too_deep_goes_on_at_the_left() -> None:
    tree = grow_tree(draw("a>b b>c c>d c>e x"), most_levels=3)
    assert sketch(tree) == "a\n.b\n..c\nd <c\ne <c\nx"
    assert [grown.moved for grown in tree if grown.moved] == [("d", "e")]
    assert not any(grown.has_more for grown in tree if grown.moved)


@st.composite
def drawings(draw_from: st.DrawFn) -> Drawing:
    """Any graph without cycles, with hubs in it."""
    count = draw_from(st.integers(1, 12))
    kinds = draw_from(
        st.lists(
            st.sampled_from([NodeKind.STEP, NodeKind.STEP, NodeKind.HUB]), min_size=count, max_size=count
        )
    )
    pairs = draw_from(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.booleans()), max_size=30)
    )
    nodes = tuple(DrawnNode(f"n{number}", f"n{number}", kind) for number, kind in enumerate(kinds))
    edges = tuple(
        DrawnEdge(f"n{min(one, other)}", f"n{max(one, other)}", order_only=order_only)
        for one, other, order_only in pairs
        if one != other
    )
    return Drawing("any", "steps", (), nodes, edges)  # fmt: skip # a row a line


def find_sources(drawing: Drawing, node_id: str) -> Iterator[str]:
    """What a node uses, hubs replaced by what they stand for."""
    kinds = {node.id: node.kind for node in drawing.nodes}
    for edge in drawing.edges:
        if edge.target == node_id:
            if kinds[edge.source] is NodeKind.HUB:
                yield from find_sources(drawing, edge.source)
            else:
                yield edge.source


@given(drawings(), st.integers(1, 6))
def test_each_node_once_and_what_it_uses_above_it(drawing: Drawing, most_levels: int) -> None:
    tree = grow_tree(drawing, most_levels=most_levels)
    order = [grown.node.id for grown in tree]
    assert sorted(order) == sorted(node.id for node in drawing.nodes if node.kind is not NodeKind.HUB)
    for number, grown in enumerate(tree):
        assert set(find_sources(drawing, grown.node.id)) <= set(order[:number])
        assert grown.depth < most_levels
    for grown, after in itertools.pairwise(tree):
        assert after.depth <= grown.depth + 1
        assert grown.has_more == (after.depth == grown.depth + 1)


def test_ten_thousand_nodes_in_a_row_or_side_by_side_take_no_time() -> None:
    count = 10_000
    row = draw(" ".join(f"n{number}>n{number + 1}" for number in range(count)))
    fan = draw(" ".join(f"a>n{number} n{number}>z" for number in range(count)))
    started = time.process_time()
    assert len(grow_tree(row, most_levels=20)) == count + 1
    assert len(grow_tree(fan, most_levels=20)) == count + 2
    assert time.process_time() - started < 5
