"""How far a run is, while tasks come of others that stood for them."""

from __future__ import annotations

from seedflow.cli.progress import Progress
from seedflow.plan.model import Bounds
from seedflow.run.events import Event, EventKind


def event(what: EventKind, address: str, /, **data: object) -> Event:
    return Event(what, 0.0, "run", address, data)


def planned(*addresses: str) -> list[Event]:
    return [event(EventKind.TASK_PLANNED, address) for address in addresses]


def progress_of(*events: Event) -> Progress:
    progress = Progress(Bounds(9, 9))
    for one in events:
        progress.take_in(one)
    return progress


def test_before_anything_is_said_the_plan_counts() -> None:
    assert progress_of().spell() == "0 of 9"


def test_a_task_that_stands_for_others_counts_for_as_many_as_they_may_be() -> None:
    group = event(EventKind.TASK_PLANNED, "page[p=?]", tasks=[1, 3])
    assert progress_of(*planned("sheet"), group).spell() == "0 of 2–4"


def test_tasks_that_came_of_others_take_their_place() -> None:
    progress = progress_of(
        *planned("sheet"),
        event(EventKind.TASK_PLANNED, "page[p=?]", tasks=[1, 3]),
        event(EventKind.TASK_FINISHED, "sheet", status="done"),
        event(EventKind.TASK_GROWN, "page[p=?]", tasks=["page[p=1]", "page[p=2]"]),
        *planned("page[p=1]", "page[p=2]"),
    )
    assert progress.spell() == "1 of 3"
    assert progress.fill(30) == 10


def test_a_group_of_which_nothing_came_is_gone() -> None:
    group = event(EventKind.TASK_PLANNED, "page[p=?]", tasks=[0, 3])
    grown = event(EventKind.TASK_GROWN, "page[p=?]", tasks=[])
    assert progress_of(*planned("sheet"), group, grown).spell() == "0 of 1"


def test_a_group_that_could_not_grow_ends_as_one_task() -> None:
    group = event(EventKind.TASK_PLANNED, "page[p=?]", tasks=[1, 3])
    ended = event(EventKind.TASK_FINISHED, "page[p=?]", status="blocked")
    assert progress_of(*planned("sheet"), group, ended).spell() == "1 of 2"
