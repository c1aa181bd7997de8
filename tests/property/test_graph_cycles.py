"""For any graph: every strongly connected component gets exactly one cycle, and none is shorter."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from seedflow.graph.cycles import find_shortest_cycles

SIZES = st.integers(1, 12)


@st.composite
def graphs(draw: st.DrawFn) -> nx.DiGraph[int]:
    size = draw(SIZES)
    nodes = st.integers(0, size - 1)
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(draw(st.permutations(range(size))))
    graph.add_edges_from(draw(st.lists(st.tuples(nodes, nodes), max_size=3 * size)))
    return graph


def shortest_length(graph: nx.DiGraph[int], members: set[int]) -> int:
    """By brute force: the length of the shortest cycle inside a component."""
    inside = graph.subgraph(members)
    lengths = [
        1 + nx.shortest_path_length(inside, after, node)
        for node, after in inside.edges
        if nx.has_path(inside, after, node)
    ]
    return min(lengths)


@given(graphs())
def test_every_loop_and_then_one_other_shortest_cycle_of_every_component_is_given(
    graph: nx.DiGraph[int],
) -> None:
    position = {node: at for at, node in enumerate(graph)}
    found = list(find_shortest_cycles(graph, position))
    loops = [[node] for node in graph if graph.has_edge(node, node)]
    assert found[: len(loops)] == loops
    found = found[len(loops) :]
    graph.remove_edges_from([(node, node) for (node,) in loops])
    cyclic = [members for members in nx.strongly_connected_components(graph) if len(members) > 1]
    assert len(found) == len(cyclic)
    for cycle in found:
        assert all(
            graph.has_edge(one, other) for one, other in zip(cycle, [*cycle[1:], cycle[0]], strict=True)
        )
        assert len(set(cycle)) == len(cycle)
        assert position[cycle[0]] == min(position[node] for node in cycle)
        (members,) = [members for members in cyclic if set(cycle) <= members]
        assert len(cycle) == shortest_length(graph, members)
    firsts = [
        min(position[node] for node in members)
        for members in cyclic
        if any(set(cycle) <= members for cycle in found)
    ]
    assert len(firsts) == len(found)


@given(graphs())
def test_the_choice_is_the_same_on_every_run(graph: nx.DiGraph[int]) -> None:
    position = {node: at for at, node in enumerate(graph)}
    assert list(find_shortest_cycles(graph, position)) == list(find_shortest_cycles(graph, position))
