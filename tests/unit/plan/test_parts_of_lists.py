"""Parts of lists that a caller gives: they are as long inside a used recipe as outside, in the plan and when running."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import KnownResults, open_planner
from playing import play

from seedflow.plan.model import Bounds
from seedflow.plan.picking import count_part
from seedflow.recipe.references import Slice

INSIDE = (
    "seedflow: 1\ninputs: {pics: {type: list, of: image}}\nsteps:\n"
    "  q: {for_each: {p: '{{ inputs.pics }}'}, generate: {prompt: Q, image_input: ['{{ each.p }}']}}\n"
    "  two: {generate: {prompt: Two, image_input: ['{{ inputs.pics[:2] }}']}}\n"
    "outputs: {images: '{{ steps.q.images }}'}\n"
)
OUTSIDE = (
    "steps:\n  a: {for_each: {v: [x, y, z]}, generate: {prompt: 'A {{ each.v }}'}}\n"
    "  u: {recipe: ./inside.yaml, with: {pics: '{{ steps.a.images%s }}'}}\n"
)


def test_a_part_that_a_caller_gives_is_no_longer_inside(tmp_path: Path) -> None:
    (tmp_path / "inside.yaml").write_text(INSIDE)
    played = play(OUTSIDE % "[:1]", folder=tmp_path)
    assert [one for one in played.addresses if one.startswith("u/q")] == ["u/q[p=x-1]"]
    assert played.plan.totals.calls == (5, 5)


def test_a_part_of_what_a_caller_gives_is_these_very_images(tmp_path: Path) -> None:
    (tmp_path / "inside.yaml").write_text(INSIDE)
    played = play(OUTSIDE % "", folder=tmp_path)
    (task,) = (task for task in played.plan.tasks if task.address == "u/two")
    assert [str(item.image.mention) for item in task.references] == ["a[v=x] image 1", "a[v=y] image 1"]


@pytest.mark.parametrize(
    ("count", "cut", "expected"),
    [((0, 5), (-2, 1), (0, 1)), ((1, 3), (None, 2), (1, 2)), ((3, 3), (-1, None), (1, 1))],
)
def test_a_longer_list_may_have_a_shorter_part(
    count: tuple[int, int], cut: tuple[int | None, int | None], expected: tuple[int, int]
) -> None:
    assert count_part(Bounds(*count), Slice(*cut, None)) == expected


def test_a_list_may_be_longer_than_any_that_a_machine_can_hold() -> None:
    assert count_part(Bounds(2, 10**30), Slice(1, None, 2)) == (1, 10**30 // 2)


def test_a_second_list_of_the_first_ones_value_has_room_in_the_most() -> None:
    steps = (
        "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 2}}\n"
        "  b: {for_each: {v: '{{ steps.a.images }}', w: ['{{ each.v }}']}, generate: {prompt: B, image_input: ['{{ each.w }}']}}\n"
    )
    plan, _ = open_planner(steps).start()
    assert plan is not None
    assert plan.totals.calls == (2, 3)


def test_what_uses_a_request_that_may_be_stored_may_be_stored_as_well() -> None:
    """Under new names; `a` was asked for before, its picture was lost and may be fetched again."""
    view = KnownResults()
    text = (
        "steps:\n  {0}: {{generate: {{prompt: A}}}}\n"
        "  {1}: {{generate: {{prompt: B, image_input: ['{{{{ steps.{0}.images[0] }}}}']}}}}\n"
    )
    first, _ = open_planner(text.format("a", "b"), view=view).start()
    assert first is not None
    fingerprint = first.tasks[0].fingerprint
    assert fingerprint is not None
    view.lost.add(fingerprint)
    again, _ = open_planner(text.format("c", "d"), view=view).start()
    assert again is not None
    assert again.totals.calls == (0, 2)


def test_a_group_whose_condition_is_false_promises_its_users_no_task() -> None:
    steps = (
        "inputs: {yes: {type: boolean, default: true}}\nsteps:\n  a: {generate: {prompt: A}}\n"
        "  b: {for_each: {v: '{{ steps.a.images[:2] }}'}, when: '{{ not inputs.yes }}', generate: {prompt: B, image_input: ['{{ each.v }}']}}\n"
        "  c: {generate: {prompt: 'C {{ steps.b.images | length }}'}}\n"
    )
    plan, _ = open_planner(steps).start()
    assert plan is not None
    assert plan.totals.calls.low == 1


def test_a_value_of_a_zip_to_come_is_one_image_however_long_the_lists() -> None:
    planner = open_planner(
        "steps:\n  a: {generate: {prompt: A, sequential_image_generation: auto, max_images: 14}}\n"
        "  b:\n    for_each: '{{ zip(x=steps.a.images, y=steps.a.images) }}'\n"
        "    generate: {prompt: '{{ ref.v }} {{ ref.w }}', image_input: {v: '{{ each.x }}', w: '{{ each.y }}'}}\n"
    )
    plan, problems = planner.start()
    assert list(problems) == []
    assert plan is not None
    (b,) = (task for task in plan.tasks if task.step == "b")
    assert [item.image.count for item in b.references] == [(1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("tasks", "items"),
    [
        ("steps.a.tasks[:1]", Bounds(1, 3)),
        ("steps.a.tasks | reverse | list", Bounds(3, 9)),
        ("steps.a.tasks[1:] + steps.b.tasks", Bounds(3, 9)),
    ],
)
def test_a_list_of_a_task_to_come_is_as_long_as_that_of_any_task_it_may_be(
    tasks: str, items: Bounds[int]
) -> None:
    played = play(
        "steps:\n"
        "  a: {for_each: {v: [x, y, z]}, generate: {prompt: 'A {{ each.v }}', sequential_image_generation: auto, "
        "max_images: \"{{ 3 if each.v == 'x' else 1 }}\"}}\n"
        "  b: {generate: {prompt: B}}\n"
        f"  c: {{for_each: {{t: '{{{{ {tasks} }}}}', w: '{{{{ each.t.images }}}}'}}, generate: {{prompt: 'C {{{{ each.w.key }}}}'}}}}\n"
    )
    (found,) = (task for task in played.plan.tasks if task.step == "c")
    assert found.tasks == items
