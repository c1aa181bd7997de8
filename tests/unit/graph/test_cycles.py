"""One shortest cycle for each set of steps that wait for each other, found in time that large graphs allow."""

from __future__ import annotations

from time import process_time

import networkx as nx

from seedflow.graph.cycles import find_shortest_cycles


def find(edges: list[tuple[str, str]], nodes: str = "") -> list[list[str]]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(nodes or sorted({node for edge in edges for node in edge}))
    graph.add_edges_from(edges)
    return list(find_shortest_cycles(graph, {node: at for at, node in enumerate(graph)}))


def test_a_graph_without_cycles_has_none() -> None:
    assert find([("a", "b"), ("a", "c"), ("b", "c")]) == []


def test_the_shortest_cycle_of_a_component_is_taken() -> None:
    assert find([("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("c", "b")]) == [["b", "c"]]


def test_a_cycle_begins_with_its_first_node_in_written_order() -> None:
    assert find([("c", "a"), ("a", "b"), ("b", "c")]) == [["a", "b", "c"]]
    assert find([("c", "a"), ("a", "b"), ("b", "c")], nodes="cab") == [["c", "a", "b"]]


def test_a_node_that_points_at_itself_hides_no_other_cycle() -> None:
    assert find([("a", "b"), ("b", "a"), ("b", "b")]) == [["b"], ["a", "b"]]


def test_every_component_has_its_own_cycle_in_written_order() -> None:
    edges = [("e", "f"), ("f", "e"), ("a", "b"), ("b", "a"), ("b", "e"), ("z", "z")]
    assert find(edges) == [["z"], ["a", "b"], ["e", "f"]]


def test_nodes_between_two_cycles_are_in_neither() -> None:
    assert find([("a", "b"), ("b", "a"), ("b", "m"), ("m", "x"), ("x", "y"), ("y", "x")]) == [
        ["a", "b"],
        ["x", "y"],
    ]


def ring(size: int, *chords: int) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(size))
    for step in (1, *chords):
        graph.add_edges_from((node, (node + step) % size) for node in range(size))
    return graph


def timed(graph: nx.DiGraph[int]) -> tuple[list[list[int]], float]:
    started = process_time()
    found = list(find_shortest_cycles(graph, {node: node for node in graph}))
    return found, process_time() - started


def test_one_ring_of_50_000_steps_is_found_in_linear_time() -> None:
    (cycle,), seconds = timed(ring(50_000))
    assert cycle == list(range(50_000))
    assert seconds < 5


def test_a_ring_with_chords_everywhere_is_no_trap() -> None:
    (cycle,), seconds = timed(ring(10_000, 2))
    assert len(cycle) == 5_000
    assert seconds < 5


def test_25_000_pairs_have_25_000_cycles() -> None:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from(edge for at in range(0, 50_000, 2) for edge in ((at, at + 1), (at + 1, at)))
    found, seconds = timed(graph)
    assert found == [[at, at + 1] for at in range(0, 50_000, 2)]
    assert seconds < 5
