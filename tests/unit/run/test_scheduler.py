"""The scheduler hands out tasks as soon as all that they need has ended, the deeper ones first."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from seedflow.run.scheduler import Node, Scheduler


def drain(scheduler: Scheduler) -> list[str]:
    found = []
    while (address := scheduler.pop_ready()) is not None:
        found.append(address)
    return found


def node(address: str, step: str, *needs: str, depth: int = 0) -> Node:
    return Node(address, (step,), needs, depth)


def test_independent_tasks_are_ready_in_plan_order() -> None:
    scheduler = Scheduler([node("b", "b"), node("a", "a")])
    assert drain(scheduler) == ["b", "a"]


def test_a_task_waits_for_exactly_the_tasks_it_names() -> None:
    scheduler = Scheduler(
        [node("page[n=1]", "page"), node("page[n=2]", "page"), node("detail", "detail", "page[n=1]")]
    )
    assert drain(scheduler) == ["page[n=1]", "page[n=2]"]
    scheduler.finish("page[n=1]")
    assert drain(scheduler) == ["detail"]


def test_a_hub_opens_when_the_last_task_of_the_step_ends() -> None:
    scheduler = Scheduler(
        [node("page[n=1]", "page"), node("page[n=2]", "page"), node("cover", "cover", "page")]
    )
    drain(scheduler)
    scheduler.finish("page[n=2]")
    assert drain(scheduler) == []
    scheduler.finish("page[n=1]")
    assert drain(scheduler) == ["cover"]


def test_a_step_without_tasks_holds_nobody_up() -> None:
    scheduler = Scheduler([node("cover", "cover", "page")])
    assert drain(scheduler) == ["cover"]


def test_what_stands_deeper_comes_first_so_that_one_item_is_finished_before_the_next_is_begun() -> None:
    scheduler = Scheduler(
        [
            node("a[n=1]", "a"),
            node("a[n=2]", "a"),
            node("b[n=1]", "b", "a[n=1]", depth=1),
            node("b[n=2]", "b", "a[n=2]", depth=1),
        ]
    )
    assert scheduler.pop_ready() == "a[n=1]"
    scheduler.finish("a[n=1]")
    assert drain(scheduler) == ["b[n=1]", "a[n=2]"]


def test_a_hub_stays_shut_for_what_is_added_before_its_last_task_ends() -> None:
    scheduler = Scheduler([node("page[n=?]", "page"), node("cover", "cover", "page")])
    assert drain(scheduler) == ["page[n=?]"]
    scheduler.add([node("page[n=1]", "page"), node("page[n=2]", "page")])
    scheduler.finish("page[n=?]")
    assert drain(scheduler) == ["page[n=1]", "page[n=2]"]
    scheduler.finish("page[n=1]")
    scheduler.finish("page[n=2]")
    assert drain(scheduler) == ["cover"]


def test_a_task_that_was_handed_out_can_wait_for_more() -> None:
    scheduler = Scheduler([node("a", "a"), node("b", "b")])
    assert drain(scheduler) == ["a", "b"]
    assert scheduler.wait_again("b", ["a", "nobody"])
    scheduler.finish("a")
    assert drain(scheduler) == ["b"]
    assert not scheduler.wait_again("b", ["a"])


def test_a_whole_and_its_first_part_may_have_one_name() -> None:
    scheduler = Scheduler([node("a", "a"), Node("a#2", ("a",), ()), node("uses", "uses", "a", "a#2")])
    drain(scheduler)
    scheduler.finish("a")
    assert drain(scheduler) == []
    scheduler.finish("a#2")
    assert drain(scheduler) == ["uses"]


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
            nodes.append(Node(address, (step,), tuple(needs), number))
        names.append(step)
    return nodes


@given(graphs(), st.randoms(use_true_random=False), st.lists(st.integers(0, 7), max_size=3))
def test_every_task_ends_once_and_never_before_its_needs(
    nodes: list[Node], order: random.Random, grows: list[int]
) -> None:
    scheduler = Scheduler(nodes)
    by_step: dict[str, list[str]] = {}
    for one in nodes:
        by_step.setdefault(one.hubs[0], []).append(one.address)
    needs = {one.address: one.needs for one in nodes}
    ended: set[str] = set()
    growing = {nodes[number % len(nodes)].address for number in grows}
    at_work: list[str] = drain(scheduler)
    while at_work:
        address = at_work.pop(order.randrange(len(at_work)))
        assert address not in ended
        for need in needs[address]:
            assert ended.issuperset([need] if need in needs else by_step.get(need, []))
        if address in growing:
            step = next(one.hubs[0] for one in nodes if one.address == address)
            added = Node(f"{address}+", (step,), (), 1)
            scheduler.add([added])
            needs[added.address] = ()
            by_step[step].append(added.address)
        ended.add(address)
        scheduler.finish(address)
        at_work.extend(drain(scheduler))
    assert scheduler.finished
    assert ended == set(needs)
