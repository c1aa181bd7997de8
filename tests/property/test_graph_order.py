"""For any graph: the order of steps is the one that networkx gives, and what a cycle holds up is left out."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from seedflow.graph.order import sort_topologically

NAMES = st.lists(st.sampled_from("abcdefghijkl"), unique=True, min_size=1)


@given(NAMES, st.data())
def test_steps_stand_as_early_as_what_they_use_allows(names: list[str], data: st.DataObject) -> None:
    one = st.sampled_from(names)
    ties = data.draw(st.lists(st.tuples(one, one), max_size=2 * len(names)))
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(ties)
    expected: list[str] = []
    try:
        expected.extend(nx.lexicographical_topological_sort(graph, key=names.index))
    except nx.NetworkXUnfeasible:
        assert len(expected) < len(names)
    assert sort_topologically(names, ties) == expected
