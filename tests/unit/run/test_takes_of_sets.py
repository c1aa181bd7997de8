"""Loops over the images of sets with several takes: each take is waited for, counted, and fails by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from world import FakeProvider, World, refuse, reject, statuses

from seedflow.run.status import RunResult, RunStatus

SET = "generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}"
PAINT = 'generate: {prompt: "P {{ each.v.key }}", image_input: "{{ each.v }}"}'
ONE = f'steps:\n  set: {{takes: 2, {SET}}}\n  paint: {{for_each: {{v: "{{{{ steps.set.images }}}}"}}, {PAINT}}}\n'
MANY = (
    "steps:\n"
    '  set: {takes: 2, for_each: {t: [x, y]}, generate: {prompt: "Views {{ each.t }}", sequential_image_generation: auto, max_images: 3}}\n'
    f'  paint: {{for_each: {{v: "{{{{ steps.set.images }}}}"}}, {PAINT}}}\n'
)
NESTED = (
    "steps:\n"
    '  set: {takes: 2, for_each: {t: [x, y]}, generate: {prompt: "Views {{ each.t }}", sequential_image_generation: auto, max_images: 3}}\n'
    f'  paint: {{for_each: {{u: "{{{{ steps.set.tasks }}}}", v: "{{{{ each.u.images }}}}"}}, {PAINT}}}\n'
)
USED = (
    "steps:\n"
    "  set: {recipe: ./views.yaml}\n"
    f'  paint: {{for_each: {{v: "{{{{ steps.set.images }}}}"}}, {PAINT}}}\n'
)
VIEWS = (
    f"seedflow: 1\nsteps: {{views: {{takes: 2, {SET}}}}}\noutputs: {{o: '{{{{ steps.views.images }}}}'}}\n"
)


def open_world(folder: Path, text: str) -> World:
    (folder / "views.yaml").write_text(VIEWS)
    return World(folder, text, provider=FakeProvider(sets="max"))


def ended(result: RunResult, status: str) -> list[str]:
    found = {address for address, one in statuses(result).items() if one == status}
    return sorted(one.removeprefix("paint[v=").removesuffix("]") for one in found if one.startswith("paint"))


FAILING = {
    "one": (ONE, "set#2", ["set-1", "set-2", "set-3"], ["set-t2-?"]),
    "the first": (ONE, "set", ["set-t2-1", "set-t2-2", "set-t2-3"], ["set-?"]),
    "several": (
        MANY,
        "set[t=y]#2",
        ["x-1", "x-2", "x-3", "x-t2-1", "x-t2-2", "x-t2-3", "y-1", "y-2", "y-3"],
        ["y-t2-?"],
    ),
    "used": (USED, "set/views#2", ["views-1", "views-2", "views-3"], ["views-t2-?"]),
}


@pytest.mark.parametrize("most_in_flight", [1, 16])
@pytest.mark.parametrize("name", FAILING)
def test_a_take_that_failed_blocks_what_would_have_come_of_it_alone(
    tmp_path: Path, name: str, most_in_flight: int
) -> None:
    text, failing, done, blocked = FAILING[name]
    world = open_world(tmp_path, text)
    world.provider.meet(failing, reject())
    first = world.run(most_in_flight=most_in_flight)
    assert (ended(first, "done"), ended(first, "blocked")) == (done, blocked)
    paid = len(world.provider.calls)
    world.provider.meet(failing, reject())
    again = world.run(most_in_flight=most_in_flight)
    assert (ended(again, "reused"), ended(again, "blocked")) == (done, blocked)
    assert len(world.provider.calls) == paid + 1  # the take that failed


def test_a_loop_over_tasks_goes_through_all_takes_of_each(tmp_path: Path) -> None:
    world = open_world(tmp_path, NESTED)
    world.provider.meet("set[t=y]#2", reject())
    result = world.run()
    assert len(ended(result, "done")) == 6
    assert [one for one, status in statuses(result).items() if status == "blocked"] == [
        "paint[u=y,v=y-1]",
        "paint[u=y,v=y-2]",
        "paint[u=y,v=y-3]",
        "paint[u=y,v=y-t2-?]",
    ]


def test_a_further_take_that_failed_keeps_what_was_made_of_the_others(tmp_path: Path) -> None:
    world = open_world(tmp_path, ONE)
    world.run()
    world.text = ONE.replace("takes: 2", "takes: 3")
    world.provider.meet("set#3", reject())
    result = world.run(out=tmp_path / "out")
    assert (len(ended(result, "reused")), ended(result, "blocked")) == (6, ["set-t3-?"])
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == 6


def test_a_take_as_expected_keeps_what_was_made_of_it_when_less_is_expected(tmp_path: Path) -> None:
    strict = ONE.replace(SET, f"{SET}, expect: {{images: 3}}")
    world = open_world(tmp_path, strict)
    world.provider.meet("set#2", reject())
    assert ended(world.run(), "done") == ["set-1", "set-2", "set-3"]
    world.text = strict.replace("{images: 3}", "{images: {min: 2}}")
    world.provider.meet("set#2", reject())
    result = world.run()
    assert (ended(result, "reused"), ended(result, "blocked")) == (["set-1", "set-2", "set-3"], ["set-t2-?"])


def add_a_take(world: World) -> None:
    world.text = ONE.replace("takes: 2", "takes: 3")


def lose_a_take(world: World) -> None:
    del world


@pytest.mark.parametrize(("change", "fails"), [(add_a_take, None), (lose_a_take, "set#2")])
def test_the_plan_counts_what_follows_a_take_to_come_beside_what_is_stored(
    tmp_path: Path, change: Callable[[World], None], fails: str | None
) -> None:
    world = open_world(tmp_path, ONE)
    if fails is not None:
        world.provider.meet(fails, reject())
    world.run()
    change(world)
    totals = world.plan().totals
    assert (totals.calls, totals.images) == ((2, 4), (2, 6))
    paid = len(world.provider.calls)
    world.run()
    assert len(world.provider.calls) == paid + 4


def test_what_follows_a_take_does_not_wait_for_the_others(tmp_path: Path) -> None:
    world = open_world(tmp_path, ONE)
    asked: list[str] = []
    world.provider.on_call = lambda context: asked.append(context.address)
    world.provider.meet("set#2", *[refuse(after_s=1.0)] * 3)
    world.run(most_in_flight=16)
    last = len(asked) - 1 - asked[::-1].index("set#2")
    assert asked.index("paint[v=set-3]") < last


EDITS = (
    "steps:\n"
    "  a: {generate: {prompt: A}}\n"
    '  s: {for_each: {p: PLACES}, generate: {prompt: "S {{ each.p }}", sequential_image_generation: auto, max_images: 2}}\n'
    '  j: {TAKES iterate: {over: "{{ steps.s.images }}", as: e, start: "{{ steps.a.images[0] }}"}, '
    'generate: {prompt: "J {{ each.e.name }}", image_input: ["{{ prev }}", "{{ each.e }}"]}}\n'
    'outputs: {p: "{{ succeeded(steps.j.passes) }}"}\n'
)


@pytest.mark.parametrize("takes", ["", "takes: 2, "])
@pytest.mark.parametrize("stored", [False, True])
def test_edits_in_a_row_are_made_up_to_a_set_that_failed(tmp_path: Path, stored: bool, takes: str) -> None:
    text = EDITS.replace("TAKES ", takes)
    world = open_world(tmp_path, text.replace("PLACES", "[x]" if stored else "[x, z, w]"))
    if stored:
        world.run()
        world.text = text.replace("PLACES", "[x, z, w]")
    for _ in range(2):
        world.provider.meet("s[p=z]", reject())
        result = world.run(out=tmp_path / "out")
        ends = {one: status for one, status in statuses(result).items() if one.startswith("j[")}
        ended_well = [one for one, status in ends.items() if status in ("done", "reused")]
        slots = ["", "#2"] if takes else [""]
        assert sorted(ended_well) == sorted(f"j[e={number}]{slot}" for number in (1, 2) for slot in slots)
        assert {one: status for one, status in ends.items() if one not in ended_well} == {
            f"j[e=3]{slot}": "blocked" for slot in slots
        }
        assert len(list((tmp_path / "out").rglob("*.jpg"))) == 2 * len(slots)


@pytest.mark.parametrize(("text", "least"), [(ONE, 4), (MANY, 8), (NESTED, 8), (USED, 4)])
def test_the_least_counts_a_picture_of_each_take(tmp_path: Path, text: str, least: int) -> None:
    """Nothing but the picture tells the requests apart: no two takes give the same one."""
    (tmp_path / "views.yaml").write_text(VIEWS)
    world = World(tmp_path, text.replace("P {{ each.v.key }}", "P"), provider=FakeProvider(sets="min"))
    assert world.plan().totals.calls.low == least
    assert world.run().status is RunStatus.DONE
    assert len(world.provider.calls) == least
