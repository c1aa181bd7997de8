"""Tasks of a plan as a drawing: hubs where a step is used as a whole, rests of long steps, nothing left out."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from seedflow.diagnostics import Source, Span
from seedflow.plan.model import Action, Bounds, Origin, Plan, Reason, Task, Totals
from seedflow.report.drawing import Drawing, NodeKind
from seedflow.report.tasks import MOST_TASKS_OF_A_STEP, SHOWN_OF_A_LONG_STEP, draw_tasks

FREE = Bounds(Decimal(0), Decimal(0))


def task(address: str, *needs: str, **changes: object) -> Task:
    made = Task(
        address=address, step=re.sub(r"\[.*?\]", "", address), each={}, action=Action.CALL, reason=Reason.NEW, model="m",
        params={}, references_field=None, references=(), needs=needs, take=1, fingerprint=None, params_digest=None,
        images=Bounds(1, 1), cost_usd=FREE, list_cost_usd=FREE, price_usd=None, result=None,
        origin=Origin(Span(Source("r", ""), 0, 0), {}), hubs=_find_hubs(address),
    )  # fmt: skip # a row a line
    return replace(made, **changes)


def _find_hubs(address: str) -> tuple[str, ...]:
    """The step's whole, and those of the used recipes around it, as the planner gives them."""
    *around, own = address.split("/")
    found = {"/".join((*around, own.partition("[")[0])): None}
    for count in range(len(around), 0, -1):
        one = "/".join(around[:count])
        found |= {one: None, "/".join((*around[: count - 1], around[count - 1].partition("[")[0])): None}
    return tuple(found)


def plan(*tasks: Task) -> Plan:
    count = Bounds(len(tasks), len(tasks))
    return Plan(
        "book", str(Path("r.yaml")), "sketch", "sketch", tasks, Totals(count, count, count, FREE, FREE)
    )


def names(drawing: Drawing) -> dict[str, NodeKind]:
    return {node.name: node.kind for node in drawing.nodes}


def links(drawing: Drawing) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in drawing.edges]


def test_tasks_with_what_is_done_for_them() -> None:
    drawing = draw_tasks(
        plan(
            task("sheet", images=Bounds(1, 3), cost_usd=Bounds(Decimal("0.04"), Decimal("0.12"))),
            task("page", "sheet", action=Action.REUSE, reason=Reason.STORED, take=2),
            task("twin", shares_with="page", images=Bounds(0, 0)),
        )
    )
    assert [node.notes for node in drawing.nodes] == [
        ("new", "1–3 images", "$0.04–$0.12"),
        ("stored", "take 2", "1 image"),
        ("new", "shares with page"),
    ]
    assert links(drawing) == [("sheet", "page")]
    assert drawing.groups == ()
    assert drawing.notes == ("3 tasks", "3 calls", "3 images")


def test_a_step_that_is_used_as_a_whole_has_one_hub_for_all_its_users() -> None:
    drawing = draw_tasks(
        plan(task("page[n=1]"), task("page[n=2]"), task("cover", "page"), task("back", "page"))
    )
    assert names(drawing)["all of page"] is NodeKind.HUB
    assert sorted(links(drawing)) == [
        ("all of page", "back"),
        ("all of page", "cover"),
        ("page[n=1]", "all of page"),
        ("page[n=2]", "all of page"),
    ]
    assert [(group.name, group.notes) for group in drawing.groups] == [("page", ("2 tasks",))]


def test_a_hub_of_a_step_without_tasks_says_so() -> None:
    drawing = draw_tasks(plan(task("cover", "page")))
    assert [node.notes for node in drawing.nodes if node.kind is NodeKind.HUB] == [("no tasks",)]


def test_of_a_long_step_the_first_are_drawn_and_the_rest_is_one_node_with_all_its_edges() -> None:
    count = MOST_TASKS_OF_A_STEP + 1
    chains = [
        made
        for number in range(count)
        for made in (task(f"a[n={number}]"), task(f"b[n={number}]", f"a[n={number}]"))
    ]
    drawing = draw_tasks(plan(*chains))
    rest = count - SHOWN_OF_A_LONG_STEP
    assert names(drawing)[f"{rest} more of a"] is NodeKind.REST
    assert {node.notes for node in drawing.nodes if node.kind is NodeKind.REST} == {(f"{rest} calls",)}
    assert ("rest of a", "rest of b") in links(drawing)
    assert len(links(drawing)) == SHOWN_OF_A_LONG_STEP + 1
    assert drawing.hidden == 2 * rest
    whole = draw_tasks(plan(*chains), everything=True)
    assert (whole.hidden, len(whole.nodes), len(whole.edges)) == (0, 2 * count, count)


def test_edges_within_a_rest_are_none() -> None:
    row = [task("a[n=0]"), *(task(f"a[n={n}]", f"a[n={n - 1}]") for n in range(1, 40))]
    drawing = draw_tasks(plan(*row))
    assert all(one != other for one, other in links(drawing))
    assert ("a[n=3]", "rest of a") in links(drawing)


def test_takes_of_a_task_are_nodes_of_their_own_and_all_of_them_flow_on() -> None:
    drawing = draw_tasks(plan(task("a"), task("a", take=2), task("b", "a")))
    assert [(node.name, node.notes[1]) for node in drawing.nodes[:2]] == [("a", "1 image"), ("a", "take 2")]
    assert links(drawing) == [("a", "b"), ("a take 2", "b")]


def test_a_step_that_uses_a_recipe_stands_for_all_tasks_inside() -> None:
    drawing = draw_tasks(plan(task("cast/one"), task("cast/two[n=1]"), task("page", "cast")))
    assert [node.notes for node in drawing.nodes if node.kind is NodeKind.HUB] == [("2 tasks",)]
    assert links(drawing) == [
        ("all of cast", "page"),
        ("cast/one", "all of cast"),
        ("cast/two[n=1]", "all of cast"),
    ]
