"""The scheduler hands out tasks in plan order as soon as all that they need is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seedflow.run.scheduler import Node, Scheduler


def drain(scheduler: Scheduler) -> list[str]:
    found = []
    while (address := scheduler.pop_ready()) is not None:
        found.append(address)
    return found


def test_independent_tasks_are_ready_in_plan_order() -> None:
    scheduler = Scheduler([Node("b", "b", ()), Node("a", "a", ())])
    assert drain(scheduler) == ["b", "a"]


def test_a_task_waits_for_exactly_the_tasks_it_names() -> None:
    scheduler = Scheduler(
        [
            Node("page[n=1]", "page", ()),
            Node("page[n=2]", "page", ()),
            Node("detail", "detail", ("page[n=1]",)),
        ]
    )
    assert drain(scheduler) == ["page[n=1]", "page[n=2]"]
    scheduler.finish("page[n=1]", gave_images=True)
    assert drain(scheduler) == ["detail"]


def test_a_hub_opens_when_the_last_task_of_the_step_ends() -> None:
    scheduler = Scheduler(
        [Node("page[n=1]", "page", ()), Node("page[n=2]", "page", ()), Node("cover", "cover", ("page",))]
    )
    drain(scheduler)
    scheduler.finish("page[n=2]", gave_images=True)
    assert drain(scheduler) == []
    scheduler.finish("page[n=1]", gave_images=True)
    assert drain(scheduler) == ["cover"]


def test_a_step_without_tasks_holds_nobody_up() -> None:
    scheduler = Scheduler([Node("cover", "cover", ("page",))])
    assert drain(scheduler) == ["cover"]


def test_a_failure_blocks_only_what_depends_on_it_and_names_the_cause() -> None:
    nodes = [
        Node("a", "a", ()),
        Node("b", "b", ()),
        Node("uses_a", "uses_a", ("a",)),
        Node("uses_uses_a", "uses_uses_a", ("uses_a",)),
        Node("uses_b", "uses_b", ("b",)),
    ]
    scheduler = Scheduler(nodes)
    drain(scheduler)
    blocked = scheduler.finish("a", gave_images=False)
    assert [(one.address, one.cause) for one in blocked] == [("uses_a", "a"), ("uses_uses_a", "a")]
    scheduler.finish("b", gave_images=True)
    assert drain(scheduler) == ["uses_b"]
    scheduler.finish("uses_b", gave_images=True)
    assert scheduler.finished


def test_a_failed_member_of_a_step_blocks_users_of_the_whole_step_once_it_has_ended() -> None:
    scheduler = Scheduler(
        [Node("page[n=1]", "page", ()), Node("page[n=2]", "page", ()), Node("cover", "cover", ("page",))]
    )
    drain(scheduler)
    assert scheduler.finish("page[n=1]", gave_images=False) == []
    assert [one.cause for one in scheduler.finish("page[n=2]", gave_images=True)] == ["page[n=1]"]
    assert scheduler.finished


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    steps = draw(st.lists(st.integers(0, 3), min_size=1, max_size=8))
    nodes: list[Node] = []
    names: list[str] = []
    for number, fan in enumerate(steps):
        step = f"s{number}"
        targets = names + [node.address for node in nodes]
        for item in range(max(fan, 1)):
            address = f"{step}[i={item}]" if fan else step
            needs = draw(st.lists(st.sampled_from(targets), max_size=3)) if targets else []
            nodes.append(Node(address, step, tuple(needs)))
        names.append(step)
    return nodes


@given(graphs(), st.randoms(use_true_random=False), st.floats(0, 1))
def test_every_task_ends_once_and_never_before_its_needs(
    nodes: list[Node], order: object, fail_rate: float
) -> None:
    import random

    assert isinstance(order, random.Random)
    scheduler = Scheduler(nodes)
    by_step: dict[str, list[str]] = {}
    for node in nodes:
        by_step.setdefault(node.step, []).append(node.address)
    needs = {node.address: node.needs for node in nodes}
    gave: dict[str, bool] = {}
    at_work: list[str] = drain(scheduler)
    while at_work:
        address = at_work.pop(order.randrange(len(at_work)))
        for need in needs[address]:
            for member in by_step.get(need, [need]):
                assert gave[member]
        gave[address] = order.random() >= fail_rate
        for blocked in scheduler.finish(address, gave_images=gave[address]):
            assert blocked.address not in gave
            gave[blocked.address] = False
            assert gave[blocked.cause] is False
        at_work.extend(drain(scheduler))
    assert scheduler.finished
    assert set(gave) == set(needs)
