"""How long a list of `first_of` is at least: as long as the alternative that it will be."""

from __future__ import annotations

import pytest

from tests.unit.plan.planning import open_planner

MADE = """
steps:
  z: {generate: {prompt: A street, sequential_image_generation: auto, max_images: 3}}
  a:
    when: "{{ steps.z.images | length > 1 }}"
    generate: {prompt: In oil, sequential_image_generation: auto, max_images: 2, image_input: "{{ steps.z.images }}"}
  b:
    when: "{{ steps.z.images | length < 2 }}"
    generate: {prompt: In ink, image_input: "{{ steps.z.images }}"}
  painted:
    for_each: {v: "{{ steps.z.images[1:] }}"}
    generate: {prompt: In chalk, image_input: ["{{ each.v }}"]}
"""


@pytest.mark.parametrize(
    ("items", "count"),
    [
        ("first_of(steps.a.images, steps.z.images)", (1, 3)),
        ("first_of(steps.a.images, steps.b.images, steps.z.images)", (1, 3)),
        ("first_of(steps.a.images[1:], steps.z.images)", (0, 3)),
        ("first_of(steps.a.images, steps.z.images[1:])", (0, 2)),
        ("first_of(steps.a.images, steps.painted.images)", (0, 2)),
        ("first_of(steps.a.images, steps.b.images)", (0, 2)),
        ("first_of(succeeded(steps.a.images), steps.z.images)", (0, 3)),
    ],
)
def test_a_loop_has_as_many_tasks_as_the_alternative_gives(items: str, count: tuple[int, int]) -> None:
    loop = f"""
  last:
    for_each: {{v: "{{{{ {items} }}}}"}}
    generate: {{prompt: Again, image_input: ["{{{{ each.v }}}}"]}}
"""
    plan, problems = open_planner(MADE + loop).start()
    assert plan is not None, problems
    assert plan.tasks[-1].tasks == count


@pytest.mark.parametrize(
    ("items", "codes"),
    [
        ("first_of(steps.a.images, steps.z.images)", []),
        ("first_of(steps.a.images, steps.z.images[1:])", ["nothing-to-apply"]),
    ],
)
def test_edits_are_only_doubted_where_there_may_be_none(items: str, codes: list[str]) -> None:
    edits = f"""
  last:
    iterate: {{as: edit, over: "{{{{ {items} }}}}", start: "{{{{ steps.z.images[0] }}}}"}}
    generate: {{prompt: Like this, image_input: ["{{{{ prev }}}}", "{{{{ each.edit }}}}"]}}
"""
    plan, problems = open_planner(MADE + edits).start()
    assert plan is not None, problems
    assert [one.code for one in problems] == codes
