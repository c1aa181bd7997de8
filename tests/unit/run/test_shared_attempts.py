"""Tasks with one request that expect different things of it: what each gives depends on itself, and not on when the others ask."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import World

SET = {"prompt": "a fox", "sequential_image_generation": "auto", "max_images": 4}
ACCEPT = {"images": {"min": 3}, "otherwise": "accept"}
FAIL = {"images": {"min": 3}}
RETRY = {"images": {"min": 3}, "otherwise": "retry", "attempts": 4}

Expects = dict[str, dict[str, Any] | None]
Ends = dict[str, tuple[str, int]]


def write(expects: Expects, begins: dict[str, int] | None = None, **more: Any) -> str:
    """A recipe with a step for each expectation, all with the same request; `begins` says after how many seconds, else at once."""
    steps: dict[str, dict[str, Any]] = {
        name: {"generate": SET} | ({} if expect is None else {"expect": expect})
        for name, expect in expects.items()
    }
    for name, after_s in (begins or {}).items():
        for second in range(1, after_s + 1):  # each step takes one
            before = {"needs": f"second{second - 1}"} if second > 1 else {}
            steps[f"second{second}"] = {"generate": {"prompt": f"second {second}"}} | before
        if after_s:
            steps[name]["needs"] = f"second{after_s}"
    return dump({**steps, **more})


def dump(steps: dict[str, Any]) -> str:
    """JSON is YAML, without anchors."""
    return f"steps: {json.dumps(steps)}"


def make(folder: Path, text: str) -> World:
    """A world whose foxes come one with the first attempt, two with the second, and so on."""
    folder.mkdir(exist_ok=True)
    world = World(folder, text)
    world.provider.count = lambda context: min(context.attempt, 4)
    return world


def run(world: World) -> Ends:
    """Whether each task gave pictures, and the attempt that gave them, or that was its last."""
    return {
        task.address: ("gives" if task.status.has_images else task.status.value, task.attempt)
        for task in world.run().tasks
        if not task.address.startswith("second")
    }


def count_foxes(world: World) -> int:
    return sum(call.params["prompt"] == "a fox" for call in world.provider.calls)


def test_who_takes_what_comes_takes_the_first_whatever_another_has_asked_for_by_then(tmp_path):
    expects: Expects = {"takes": ACCEPT, "asks": RETRY, "either": None}
    for number, seconds in enumerate(permutations([0, 4, 8])):
        begins = dict(zip(expects, seconds, strict=True))
        world = make(tmp_path / str(number), write(expects, begins))
        first = run(world)
        assert first == {"takes": ("gives", 1), "asks": ("gives", 3), "either": ("gives", 1)}
        assert count_foxes(world) == 3
        assert run(world) == first
        assert count_foxes(world) == 3


def test_who_fails_by_its_own_attempts_is_not_saved_by_those_of_others(tmp_path):
    expects: Expects = {"fails": FAIL, "asks": RETRY, "twice": RETRY | {"attempts": 2}}
    for number, seconds in enumerate(permutations([0, 4, 8])):
        begins = dict(zip(expects, seconds, strict=True))
        world = make(tmp_path / str(number), write(expects, begins))
        first = run(world)
        assert first == {"fails": ("failed", 1), "asks": ("gives", 3), "twice": ("failed", 2)}
        assert run(world) == first
        assert count_foxes(world) == 3


@st.composite
def expectations(draw: st.DrawFn) -> Expects:
    expects: Expects = {}
    for name in draw(st.sampled_from([("a", "b"), ("a", "b", "c")])):
        otherwise = draw(st.sampled_from(["accept", "fail", "retry", "nothing"]))
        expect: dict[str, Any] = {"images": {"min": draw(st.integers(1, 4))}, "otherwise": otherwise}
        if otherwise == "retry":
            expect["attempts"] = draw(st.integers(1, 4))
        expects[name] = None if otherwise == "nothing" else expect
    return expects


@given(expectations(), st.lists(st.integers(0, 6), min_size=3, max_size=3))
def test_neither_order_nor_a_further_run_changes_what_a_task_gives(expects, seconds):
    with TemporaryDirectory() as folder:
        together = make(Path(folder, "together"), write(expects))
        apart = make(Path(folder, "apart"), write(expects, dict(zip(expects, seconds, strict=False))))
        first = run(together)
        assert run(apart) == first
        paid = count_foxes(together)
        for world in (together, apart):
            assert run(world) == first
            assert count_foxes(world) == paid
            world.assert_nothing_paid_twice_within_attempts()


LATER = {"generate": {"prompt": "a den", "image_input": "{{ steps.fox.images }}"}}


@pytest.mark.parametrize("expect", [ACCEPT, FAIL, RETRY | {"attempts": 2}], ids=["accept", "fail", "fewer"])
def test_what_asking_again_has_brought_stays_when_no_more_is_to_be_asked(tmp_path, expect):
    world = make(tmp_path, write({"fox": RETRY}, den=LATER))
    first = run(world)
    assert first == {"fox": ("gives", 3), "den": ("gives", 1)}
    world.text = write({"fox": expect}, den=LATER)
    assert run(world) == first
    assert len(world.provider.calls) == 4


def test_it_stays_with_who_only_shared_it_and_under_a_new_name(tmp_path):
    world = make(tmp_path, write({"other": RETRY, "fox": RETRY}, {"fox": 4}, den=LATER))
    assert run(world) == {"other": ("gives", 3), "fox": ("gives", 3), "den": ("gives", 1)}
    assert "fox" not in {address for address, _, _ in world.attempts()}
    world.text = write({"fox": ACCEPT}, den=LATER)
    assert run(world) == {"fox": ("gives", 3), "den": ("gives", 1)}
    vixen = {"generate": SET, "expect": ACCEPT}
    world.text = dump({"vixen": vixen | {"was": "fox"}})
    assert run(world) == {"vixen": ("gives", 3)}
    world.text = dump({"vixen": vixen})
    assert run(world) == {"vixen": ("gives", 3)}
    assert count_foxes(world) == 3


def test_what_was_judged_by_a_run_that_was_killed_is_known_by_who_asked(tmp_path):
    world = make(tmp_path, write({"fox": RETRY}))
    store = world.open_store()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    store.record_past_requests = die  # type: ignore[method-assign] - the end of a killed run
    with pytest.raises(KeyboardInterrupt):
        world.run(store=store)
    world.text = write({"fox": ACCEPT})
    assert run(world) == {"fox": ("gives", 3)}
    assert len(world.provider.calls) == 3


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("order", list(permutations(["den", "sure", "open", "too"])), ids="-".join)
def test_what_is_asked_under_a_condition_and_without_one_counts_once(tmp_path, holds, late, order):
    fox = {"generate": {"prompt": "a fox"}}
    when = {"when": f"{{{{ steps.den.images[0].width > {1 if holds else 9999} }}}}"}
    steps = {
        "den": {"generate": {"prompt": "a den"}},
        "sure": dict(fox),
        "open": when | fox,
        "too": when | fox,
    }
    if late:
        steps["sure"]["needs"] = "den"
    world = make(tmp_path, dump({name: steps[name] for name in order}))
    world.provider.count = None
    assert world.plan().totals.calls == (2, 2)
    result = {task.address: task.status.has_images for task in world.run().tasks}
    assert result == {"den": True, "sure": True, "open": holds, "too": holds}
    assert len(world.provider.calls) == 2


@pytest.mark.parametrize("holds", [True, False])
def test_what_is_asked_under_two_conditions_counts_once_at_most(tmp_path, holds):
    fox = {"generate": {"prompt": "a fox"}}
    widths = {"open": 9999, "too": 1 if holds else 9999}
    steps = {
        name: {"when": f"{{{{ steps.den.images[0].width > {width} }}}}"} | fox
        for name, width in widths.items()
    }
    world = make(tmp_path, dump({"den": {"generate": {"prompt": "a den"}}, **steps}))
    world.provider.count = None
    assert world.plan().totals.calls == (1, 2)
    result = {task.address: task.status.has_images for task in world.run().tasks}
    assert result == {"den": True, "open": False, "too": holds}
    assert len(world.provider.calls) == 1 + holds


def test_who_fails_by_attempts_that_another_asked_for_has_judged_them_too(tmp_path):
    most = {"images": {"min": 4}, "otherwise": "retry", "attempts": 3}
    alone, beside = make(tmp_path / "alone", write({"fox": most})), make(tmp_path / "beside", "")
    beside.text = write({"other": most, "fox": most})
    for world in (alone, beside):
        assert run(world)["fox"] == ("failed", 3)
    alone.text = write({"fox": ACCEPT})
    beside.text = write({"fox": ACCEPT, "other": ACCEPT})
    assert run(alone)["fox"] == run(beside)["fox"] == ("gives", 3)
