"""For any recipe: the order is topological, the first possible one as written, and needs are its edges."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from seedflow.diagnostics import Source
from seedflow.graph.build import build_graph
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import parse_recipe

CATALOG = load_catalog()


@st.composite
def needs(draw: st.DrawFn) -> dict[str, list[str]]:
    """Steps in written order, each with those that it needs; cycles included."""
    names = draw(st.permutations([f"s{number}" for number in range(draw(st.integers(1, 8)))]))
    return {name: draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) for name in names}


def write(steps: dict[str, list[str]]) -> str:
    """Half of the needs as mentions, half as `needs:`."""
    lines = ["seedflow: 1", "steps:"]
    for name, others in steps.items():
        mentioned, listed = others[::2], others[1::2]
        images = ", ".join(f'"{{{{ steps.{other}.images }}}}"' for other in mentioned)
        lines.append(
            f"  {name}: {{generate: {{prompt: P, image_input: [{images}]}}, needs: [{', '.join(listed)}]}}"
        )
    return "\n".join(lines)


def first_order(steps: dict[str, list[str]]) -> list[str]:
    """By brute force: again and again the first step as written whose needs are met."""
    order: list[str] = []
    while ready := [name for name in steps if name not in order and set(steps[name]) <= set(order)]:
        order.append(ready[0])
    return order


@given(needs())
def test_the_order_is_the_first_possible_one(steps: dict[str, list[str]]) -> None:
    recipe, problems = parse_recipe(Source("r.yaml", write(steps)), CATALOG, folder=Path(), default_name="r")
    assert recipe is not None, problems
    graph, found = build_graph(recipe, CATALOG)
    assert {name: set(graph.needs(name)) for name in steps} == {
        name: set(others) for name, others in steps.items()
    }
    expected = first_order(steps)
    assert list(graph.order[: len(expected)]) == expected
    assert list(graph.order[len(expected) :]) == [name for name in steps if name not in expected]
    assert bool(found) == (len(expected) < len(steps))
    assert all(problem.code == "cycle" for problem in found)
