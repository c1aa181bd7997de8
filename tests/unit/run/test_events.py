"""What a run tells while it goes: a closed set of events, in an order that a listener can rely on."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from world import drop, refuse, statuses

from seedflow.errors import UsageError
from seedflow.run.event_file import EventFile
from seedflow.run.events import Event, EventKind
from seedflow.run.perform import build_record
from seedflow.store.base import Granted

CHAIN = """
steps:
  first: {generate: {prompt: One, sequential_image_generation: auto, max_images: 2}}
  second: {generate: {prompt: Two, image_input: ["{{ steps.first.images }}"]}}
  third: {generate: {prompt: Three, image_input: ["{{ steps.second.images[0] }}"]}}
"""


def test_a_run_begins_and_ends_once_and_every_task_in_between(make_world) -> None:
    world = make_world(CHAIN)
    world.run()
    kinds = [event.kind.value for event in world.events]
    assert (kinds[0], kinds[-1]) == ("run-started", "run-finished")
    assert kinds.count("run-started") == kinds.count("run-finished") == 1
    assert kinds[1:4] == ["task-planned"] * 3, "first what is planned, in order"
    assert [event.address for event in world.events[1:4]] == ["first", "second", "third"]
    one = ["task-started", "call-sent", "call-answered"]
    assert world.kinds("first") == ["task-planned", *one, "image-stored", "image-stored", "task-finished"]
    assert world.kinds("second") == ["task-planned", *one, "image-stored", "task-finished"]


def test_a_call_that_is_repeated_says_so_between_its_sendings(make_world) -> None:
    world = make_world(CHAIN)
    world.provider.meet("first", refuse("overloaded", 3), drop(), drop(billed=False))
    world.run()
    assert world.kinds("first")[1:7] == [
        "task-started",
        "call-sent",
        "call-retried",
        "call-sent",
        "call-lost",
        "call-answered",
    ]
    retried = world.data(EventKind.CALL_RETRIED)[0]
    assert (retried["kind"], retried["call"]) == ("overloaded", 1)
    assert 3 <= float(str(retried["wait_s"])) < 4


def test_reused_blocked_and_cancelled_tasks_are_finished_too(make_world) -> None:
    world = make_world(CHAIN)
    world.run()
    world.run()
    assert [event.kind.value for event in world.events if event.address == "second"] == [
        "task-planned",
        "task-finished",
    ]
    other = make_world(CHAIN.replace("One", "Else"))
    other.at(0.5, lambda: other.control.stop())
    other.provider.meet("first", refuse("overloaded", 100))
    other.run()
    finished = {
        event.address: event.data["status"] for event in other.events if event.kind is EventKind.TASK_FINISHED
    }
    assert finished == {"first": "cancelled"}, "what never began is not told"


def test_every_event_is_one_flat_line_of_json(make_world, tmp_path) -> None:
    world = make_world(CHAIN)
    path = tmp_path / "events.jsonl"
    with EventFile(path) as file:
        world.run(emit=file.write)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["event"] for line in lines} <= {kind.value for kind in EventKind}
    assert all({"event", "time", "run", "address"} <= set(line) for line in lines)
    assert len({line["run"] for line in lines}) == 1
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)


def test_odd_pictures_are_told_where_the_task_ends(make_world) -> None:
    world = make_world("steps: {a: {generate: {prompt: One, aspect_ratio: '16:9', size: 2K}}}")
    world.provider.shape_px = (40, 90)
    result = world.run()
    assert len(result.tasks[0].warnings) == 1
    assert "40×90, not the ratio 16:9" in result.tasks[0].warnings[0]
    assert world.data(EventKind.TASK_FINISHED)[0]["warnings"] == list(result.tasks[0].warnings)


def test_a_picture_of_another_format_than_asked_for_is_odd(make_world) -> None:
    world = make_world(
        "steps: {a: {generate: {model: bytedance/seedream-5-lite, prompt: One, output_format: png}}}"
    )
    result = world.run()
    assert result.tasks[0].warnings == ("image 1 is JPEG, not the PNG that was asked for",)


def test_a_picture_in_the_right_shape_is_not_odd(make_world) -> None:
    world = make_world("steps: {a: {generate: {prompt: One, aspect_ratio: '16:9', size: 2K}}}")
    assert world.run().tasks[0].warnings == ()


GROWING = """
steps:
  sheet: {generate: {prompt: One, sequential_image_generation: auto, max_images: 3}}
  page:
    for_each: {p: "{{ steps.sheet.images }}"}
    when: "{{ each.p.number < 3 }}"
    generate: {prompt: Two, image_input: ["{{ each.p }}"]}
  again:
    for_each: {p: "{{ steps.page.images }}"}
    generate: {prompt: Three, image_input: ["{{ each.p }}"]}
"""


def test_tasks_that_come_of_another_are_told_before_they_are_planned(make_world) -> None:
    world = make_world(GROWING)
    result = world.run()
    planned = [event for event in world.events if event.kind is EventKind.TASK_PLANNED]
    (group,) = [event for event in planned if event.address == "page[p=sheet-?]"]
    assert group.data["tasks"] == [1, 3]
    grown = {event.address: event for event in world.events if event.kind is EventKind.TASK_GROWN}
    came = grown["page[p=sheet-?]"].data["tasks"]
    assert came == [task.address for task in result.tasks if task.address.startswith("page[")]
    told = [event.address for event in world.events]
    assert all(told.index("page[p=sheet-?]") < told.index(address) for address in came)
    finished = {event.address for event in world.events if event.kind is EventKind.TASK_FINISHED}
    assert finished == {task.address for task in result.tasks}, "what grew has no other end"
    assert not finished & set(grown)


def test_what_is_skipped_names_the_task_with_which_it_is(make_world) -> None:
    world = make_world(
        """
steps:
  sheet: {generate: {prompt: One}}
  wide: {when: "{{ steps.sheet.images[0].width > 9999 }}", generate: {prompt: Wide}}
  frame: {generate: {prompt: Frame, image_input: ["{{ steps.wide.images[0] }}"]}}
"""
    )
    result = {task.address: task for task in world.run().tasks}
    assert (result["wide"].status, result["wide"].reason, result["wide"].cause) == (
        "skipped", "condition-false", None,
    )  # fmt: skip # a row a line
    assert (result["frame"].reason, result["frame"].cause) == ("upstream-skipped", "wide")
    told = {event.address: event.data for event in world.events if event.kind is EventKind.TASK_FINISHED}
    assert told["frame"]["cause"] == "wide"


def test_every_task_of_a_result_knows_its_place(make_world) -> None:
    for task in make_world(GROWING).run().tasks:
        assert task.span is not None
        assert task.span.source.text[task.span.start :].startswith(task.address.partition("[")[0])


def test_a_file_that_cannot_be_opened_is_told_before_anything_is_asked(tmp_path) -> None:
    with pytest.raises(UsageError, match="cannot be written"), EventFile(tmp_path / "no" / "such.jsonl"):
        pass


def test_no_file_takes_every_event() -> None:
    with EventFile(None) as file:
        file.write(Event(EventKind.RUN_STARTED, 0.0, "run"))


def test_a_run_that_waits_for_what_another_run_asks_for_says_so_once_after_a_moment(make_world) -> None:
    for held_s, said in ((0.5, 0), (9, 1)):
        world = make_world("steps: {a: {generate: {prompt: One}}}")
        plan = world.plan()
        other = world.open_store()
        other.begin_run("other", plan.recipe, plan.realm)
        claimed = other.claim("other", build_record(plan.tasks[0], plan.realm, plan.recipe), Decimal(0), ())
        assert isinstance(claimed, Granted)
        world.at(held_s, other.close)
        assert statuses(world.run()) == {"a": "done"}
        assert world.kinds("a").count("call-awaited") == said
